import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Files of ours that importing a module loads, relative to the repository. */
function loadedBy(name: string): readonly string[] {
  const script = `
    import { registerHooks } from "node:module";
    registerHooks({
      load(url, context, next) {
        console.log(url);
        return next(url, context);
      },
    });
    await import(${JSON.stringify(name)});
  `;
  const flags = ["--conditions=@keryx/source", "--disable-warning=ExperimentalWarning"];
  const done = spawnSync(process.execPath, [...flags, "--input-type=module", "-e", script], {
    cwd: root,
    encoding: "utf8",
  });
  expect(done.status, done.stderr).to.equal(0);
  return done.stdout.split("\n").flatMap((url) => url.split(root)[1] ?? []);
}

describe("Code for development and tests", () => {
  it("is not loaded by a service that imports keryx, nor by its generated code", () => {
    for (const name of ["keryx", "keryx/runtime/v1"]) {
      const files = loadedBy(name);
      expect(files, name).to.not.have.length(0);
      expect(
        files.filter((file) => /^src\/(embedded|testing|compatibility)\//.test(file)),
        name,
      ).to.deep.equal([]);
    }
  });

  it("is loaded by keryx/testing, which shows that the search finds it", () => {
    expect(loadedBy("keryx/testing")).to.include.members([
      "src/embedded/broker/index.ts",
      "src/embedded/registry/index.ts",
    ]);
  });
});

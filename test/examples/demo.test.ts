import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const root = fileURLToPath(new URL("../../", import.meta.url));

describe("npm run demo", function () {
  this.timeout(120_000);

  it("tells its story on the embedded servers, with every count right, and ends by itself", () => {
    const flags = ["--conditions=@keryx/source", "--disable-warning=ExperimentalWarning"];
    // Nothing but Node: no Java, no servers of the environment.
    const { KERYX__BROKERS: _, KERYX__REGISTRY__URL: __, ...rest } = process.env;
    const done = spawnSync(
      process.execPath,
      [...flags, "--disable-warning=TimeoutNegativeWarning", "examples/demo/main.ts"],
      { cwd: root, env: { ...rest, PATH: "" }, encoding: "utf8" },
    );
    const said = `${done.stdout}${done.stderr}`;
    expect(done.status, said).to.equal(0);
    expect(done.stderr).to.equal("");
    expect(done.stdout).to.include("in this process").and.to.include("Every count is what it must be.");
    expect(done.stdout).to.match(/refused by the registry, HTTP 409/);
  });
});

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const root = fileURLToPath(new URL("../../", import.meta.url));
const flags = ["--conditions=@keryx/source", "--disable-warning=ExperimentalWarning"];

function run(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  // A test runner that finds itself inside another one reports to that one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const done = spawnSync(process.execPath, [...flags, ...args], { cwd: root, env, encoding: "utf8" });
  return { status: done.status, output: `${done.stdout}${done.stderr}` };
}

describe("examples/2-tests", function () {
  this.timeout(60_000);

  it("passes under node:test", () => {
    const { status, output } = run("--test", "examples/2-tests/billing.node-test.ts");
    expect(status, output).to.equal(0);
    expect(output).to.match(/pass 2\b/);
  });

  it("passes under mocha", () => {
    const { status, output } = run("node_modules/mocha/bin/mocha.js", "examples/2-tests/billing.mocha.ts");
    expect(status, output).to.equal(0);
    expect(output).to.match(/2 passing/);
  });
});

describe("examples/3-middleware", function () {
  this.timeout(60_000);

  it("passes under node:test", () => {
    const { status, output } = run("--test", "examples/3-middleware/shipping.node-test.ts");
    expect(status, output).to.equal(0);
    expect(output).to.match(/pass 1\b/);
  });
});

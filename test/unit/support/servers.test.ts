import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { makeOnce } from "../../support/servers/artifacts.ts";
import { spawnChild } from "../../support/servers/child.ts";
import { nodeProperties } from "../../support/servers/kafka-config.ts";
import { findPorts } from "../../support/servers/ports.ts";
import { waitUntil } from "../../support/servers/ready.ts";

const hasSetpriv = spawnSync("setpriv", ["--pdeathsig", "KILL", "true"], { stdio: "ignore" }).status === 0;
const guards = hasSetpriv ? (["setpriv", "shell"] as const) : (["shell"] as const);
const childModule = fileURLToPath(new URL("../../support/servers/child.ts", import.meta.url));

function isAlive(pid: number): boolean {
  // A zombie still has an id; what counts is whether it runs.
  const state = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  return state !== "" && !state.startsWith("Z");
}

describe("Server support", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keryx-support-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("finds different ports below the range of outgoing connections", async () => {
    const ports = await findPorts(20);
    expect(new Set(ports).size).to.equal(20);
    for (const port of ports) expect(port).to.be.within(10_240, 32_767);
  });

  it("fills a cache folder once, whoever is first, and leaves nothing of a failure", async () => {
    const target = join(folder, "made");
    const { mkdir, readdir, writeFile } = await import("node:fs/promises");
    const failing = makeOnce(target, async () => Promise.reject(new Error("no network")));
    expect(await failing.catch((error: Error) => error.message)).to.equal("no network");
    expect(await readdir(folder)).to.deep.equal([]);
    let filled = 0;
    const fill = async (temporary: string): Promise<void> => {
      await mkdir(temporary);
      await writeFile(join(temporary, "jar"), String(++filled));
    };
    await Promise.all([makeOnce(target, fill), makeOnce(target, fill)]);
    await makeOnce(target, () => Promise.reject(new Error("never called")));
    expect(await readdir(folder)).to.deep.equal(["made"]);
    expect(await readdir(target)).to.deep.equal(["jar"]);
  });

  it("asks for two copies in sync of three, and for one of one", () => {
    const ports = { broker: 1, controller: 2 };
    const three = nodeProperties({ id: 2, nodes: [ports, ports, ports], dataFolder: "d", version: "4.3.1" });
    expect(three).to.include("node.id=2\n").and.to.include("min.insync.replicas=2\n");
    expect(three).to.include("default.replication.factor=3\n").and.not.include("rebalance.protocols");
    const one = nodeProperties({ id: 1, nodes: [ports], dataFolder: "d", version: "3.9.2" });
    expect(one).to.include("min.insync.replicas=1\n").and.to.include("group.coordinator.rebalance.protocols");
  });

  it("ends a wait at once, with the log, when the server has ended", async () => {
    const child = spawnChild("sh", ["-c", "echo no such port; exit 3"], { logFile: join(folder, "log") });
    const startedAt = Date.now();
    const never = waitUntil("it", async () => false, { timeoutMs: 20_000, children: [child] });
    const error = await never.catch((thrown: Error) => thrown.message);
    expect(error).to.include("exit code 3").and.to.include("no such port");
    expect(Date.now() - startedAt).to.be.below(10_000);
  });

  for (const guard of guards)
    describe(`a server under ${guard}`, () => {
      const options = () => ({ logFile: join(folder, "log"), guard });

      it("logs into its file and tells how it ended", async () => {
        const child = spawnChild("sh", ["-c", "echo out; echo err >&2; exit 7"], options());
        expect(await child.exit).to.equal("exit code 7");
        expect(child.ended()).to.equal("exit code 7");
        expect(child.tail(2).split("\n").sort()).to.deep.equal(["err", "out"]);
        await child.signal("SIGKILL");
      });

      it("is stopped, frozen and killed itself", async () => {
        const child = spawnChild("sh", ["-c", "echo $$; exec sleep 60"], options());
        await waitUntil("its id", async () => /^\d+$/.test(child.tail(1)));
        const pid = Number(child.tail(1));
        const state = (): string =>
          spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout;
        await child.signal("SIGSTOP");
        await waitUntil("a frozen server", async () => state().startsWith("T"));
        await child.signal("SIGCONT");
        await waitUntil("a running server", async () => state().startsWith("S"));
        await child.signal("SIGKILL");
        expect(isAlive(pid)).to.equal(false);
      });

      it("dies with a runner that is killed", async () => {
        const script = `
          import { spawnChild } from ${JSON.stringify(childModule)};
          spawnChild("sh", ["-c", "echo $$; exec sleep 60"], ${JSON.stringify(options())});
          setInterval(() => {}, 1000);`;
        const runner = spawn(process.execPath, ["--input-type=module", "--eval", script], {
          stdio: "ignore",
        });
        let pid = 0;
        await waitUntil("the server's id", async () => {
          pid = Number((await readFile(options().logFile, "utf8")).trim().split("\n").at(-1));
          return Number.isInteger(pid) && isAlive(pid);
        });
        runner.kill("SIGKILL");
        await once(runner, "exit");
        await waitUntil("the end of the server", async () => !isAlive(pid), { timeoutMs: 5_000 });
      });
    });

  it("skips a suite with the reason where no server can be had, and fails it where one is required", async () => {
    const suite = join(folder, "probe.test.mjs");
    const support = fileURLToPath(new URL("../../support/servers.ts", import.meta.url));
    const { writeFile } = await import("node:fs/promises");
    await writeFile(
      suite,
      `import { requireServers } from ${JSON.stringify(support)};
       describe("probe", () => { before(async function () { await requireServers(this); }); it("runs", () => {}); });`,
    );
    const mocha = fileURLToPath(new URL("../../../node_modules/mocha/bin/mocha.js", import.meta.url));
    const run = (required: string) => {
      const { KERYX_TEST_KAFKA: _, KERYX_TEST_REGISTRY: __, JAVA_HOME: ___, ...environment } = process.env;
      const env = {
        ...environment,
        PATH: folder,
        KERYX_SERVERS_CACHE: folder,
        KERYX_REQUIRE_KAFKA: required,
      };
      return spawnSync(process.execPath, [mocha, "--no-config", suite], { env, encoding: "utf8" });
    };
    const skipped = run("");
    expect(skipped.status, skipped.stderr).to.equal(0);
    expect(skipped.stdout).to.include("1 pending");
    expect(skipped.stderr).to.include("No real servers: Java (java) is not installed");
    const failed = run("1");
    expect(failed.status).to.equal(1);
    expect(failed.stdout).to.include("Java (java) is not installed");
  }).timeout(30_000);
});

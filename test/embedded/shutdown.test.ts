import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { startTestServers } from "keryx/testing";
import { describeShutdown } from "../suites/shutdown.ts";
import type { ShutdownInit } from "../suites/shutdown-child.ts";
import { requireEmbeddedServers } from "../support/embedded-servers.ts";
import { spawnChild } from "../support/servers/child.ts";
import { waitUntil } from "../support/servers.ts";

describe("on the embedded servers:", () => describeShutdown(requireEmbeddedServers));

describe("a service that is asked to end before it has started", function () {
  this.timeout(60_000);
  const childFile = fileURLToPath(new URL("../suites/shutdown-child.ts", import.meta.url));
  const flags = ["--conditions=@keryx/source", "--disable-warning=ExperimentalWarning"];

  it("exits with 0, although the start that it waits for fails", async () => {
    const folder = await mkdtemp(join(tmpdir(), "keryx-shutdown-"));
    await using servers = await startTestServers({ broker: { topics: [{ name: "orders", partitions: 1 }] } });
    const joining = servers.broker.faults.inject({ api: "JoinGroup" }, { kind: "hold" }, { times: 10 });
    const init: ShutdownInit = {
      ...{ brokers: servers.brokers, registryUrl: servers.registryUrl },
      ...{ topic: "orders", group: "billing", handlerMs: 1, closeTimeoutMs: 1_000, shutdownDelayMs: 500 },
    };
    const logFile = join(folder, "child.log");
    const child = spawnChild(process.execPath, [...flags, childFile, JSON.stringify(init)], { logFile });
    try {
      await waitUntil("it waits for its group", () => joining.hits > 0, { children: [child] });
      await child.signal("SIGTERM");
      expect(await child.exit, child.tail()).to.equal("exit code 0");
      expect(child.tail().split("\n")).to.include("asked draining").and.not.to.include("started");
    } finally {
      await child.signal("SIGKILL");
      servers.broker.faults.clear();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

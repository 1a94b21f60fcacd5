import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { startTestServers, type TestServers } from "keryx/testing";
import { ApiRequest, type ApiRequestInit } from "../../generated/index.ts";
import { decodeOffsetMap } from "../../src/consumer/offset-map.ts";
import { toRetryGroup } from "../../src/core/topic-names.ts";
import { createKafkajsPort } from "../../src/transport/kafkajs.ts";
import type { KafkaPort } from "../../src/transport/port.ts";
import type { StuckWorkerInit } from "../support/stuck-worker.ts";

const done = 50_000;
const group = "billing";
const sample: Omit<ApiRequestInit, "requestId"> = {
  clientId: "",
  method: "GET",
  path: "/",
  status: 200,
  durationMs: 1,
  responseBytes: 1n,
  receivedAt: 1_790_000_000_000_000n,
  remoteAddress: "203.0.113.17",
  queryParameters: {},
};

describe("A consumer that is killed behind one stuck record", function () {
  this.timeout(60_000);
  let servers: TestServers;
  let port: KafkaPort;
  let worker: ChildProcess | undefined;

  before(async () => {
    servers = await startTestServers({ broker: { topics: [{ name: ApiRequest.topic, partitions: 1 }] } });
    port = createKafkajsPort({ brokers: servers.brokers }, () => {});
  });

  after(async () => {
    worker?.kill("SIGKILL");
    await port.close();
    await servers.close();
  });

  const publish = async (ids: readonly string[]): Promise<void> => {
    const app = await servers.connect();
    await Promise.all(
      ids.map((clientId) => app.producer.send(ApiRequest, { ...sample, requestId: randomUUID(), clientId })),
    );
    await app.close();
  };

  const startWorker = (): ChildProcess => {
    const init: StuckWorkerInit = { group, brokers: servers.brokers, registryUrl: servers.registryUrl };
    const file = fileURLToPath(new URL("../support/stuck-worker.ts", import.meta.url));
    return spawn(process.execPath, ["--conditions=@keryx/source", file, JSON.stringify(init)], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  };

  const untilDone = async (): Promise<void> => {
    for (const deadline = Date.now() + 40_000; ; ) {
      const [{ offset, metadata = "" } = { offset: -1n }] = await port
        .admin()
        .groupOffsets(group, [ApiRequest.topic]);
      const read = decodeOffsetMap(metadata, offset);
      if (offset === 0n && read.kind === "map" && read.map.runs.at(-1) === done) return;
      if (Date.now() > deadline) throw new Error(`not done: ${offset} ${metadata}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  it("leaves one record to its successor, not the fifty thousand that were done behind it", async () => {
    await publish(["stuck"]);
    await publish(Array.from({ length: done }, (_, index) => `${index}`));
    worker = startWorker();
    await untilDone();
    worker.kill("SIGKILL");
    await once(worker, "exit");
    for (const name of [group, toRetryGroup(group)]) servers.broker.expireSession(name);
    await publish(["next"]);

    const seen: string[] = [];
    const app = await servers.connect();
    await app
      .consumer({ group })
      .on(ApiRequest, ({ clientId }) => void seen.push(clientId))
      .start();
    await servers.untilProcessed(group);
    expect(seen).to.deep.equal(["stuck", "next"]);
    const [after] = await port.admin().groupOffsets(group, [ApiRequest.topic]);
    expect(after).to.deep.equal({ topic: ApiRequest.topic, partition: 0, offset: BigInt(done + 2) });
  });
});

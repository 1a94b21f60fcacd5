import { appendFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  collectHistory,
  createEffectLog,
  createHistoryLog,
  findViolations,
  type RunPolicy,
  readEffectLog,
  readFinal,
  readHistories,
  recordResidue,
  recordSend,
  recordSignals,
  startTestServers,
  toEffect,
  toFlowPolicy,
  topicsOf,
} from "keryx/testing";
import { ApiRequest, OrderPlaced } from "../../../../generated/index.ts";
import { KeryxError } from "../../../../src/core/errors.ts";
import { loadFinal, writeFinal } from "../../../../src/testing/reliability/final-read.ts";

const group = "billing";
const flows = [toFlowPolicy(OrderPlaced, group)];
const policy: RunPolicy = {
  seed: 1,
  flows,
  dedupe: { windowMs: 60_000, scope: "client" },
  isIdempotent: true,
  repeats: { perKill: 0, perLoss: 0, perRevoke: 0 },
};
const orderOf = (index: number) => ({
  eventId: `e-${index}`,
  orderId: `o-${index % 20}`,
  customerId: "c-7",
  totalMinor: 4200n,
});

describe("The kit for runs", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keryx-kit-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("records a service's own handlers through retries, dead letters and rebalances, and judges them", async function () {
    this.timeout(30_000);
    await using servers = await startTestServers();
    const history = collectHistory("billing-1");
    const path = join(folder, "effects");
    const effects = await createEffectLog(path, "billing-1");
    const app = await servers.connect({ observe: recordSignals(history, () => servers.clock.now()) });
    await app
      .consumer({ group })
      .on(OrderPlaced, async (event, delivery) => {
        if (event.eventId === "e-7") throw new Error("never");
        if (event.eventId === "e-8" && delivery.attempt === 1) throw new Error("not yet");
        await effects.append(toEffect(group, delivery, { key: event.orderId }));
      })
      .start();
    for (let index = 0; index < 200; index++) {
      const order = orderOf(index);
      const message = { id: order.eventId, key: order.orderId, topic: OrderPlaced.topic };
      await recordSend(history, message, () => app.producer.send(OrderPlaced, order));
      if (index % 50 === 49) servers.broker.forceRebalance(group);
    }
    await servers.untilProcessed(group, { skipDelays: true, timeoutMs: 20_000 });
    const finalRead = await readFinal(servers.brokers, topicsOf(flows), [group, `${group}-retry`]);
    const logged = readEffectLog(path);
    expect(findViolations(history.entries, logged, finalRead, policy)).to.deep.equal([]);
    expect(logged).to.have.length(199);
    const letters = finalRead.partitions.filter(({ topic }) => topic === flows[0]?.deadLetter);
    expect(letters.flatMap(({ records }) => records.map(({ id }) => id))).to.deep.equal(["e-7"]);

    const less = logged.filter(({ id }) => id !== "e-9");
    const [lost] = findViolations(history.entries, less, finalRead, policy);
    expect(lost).to.deep.include({ invariant: "nothing-lost", total: 1 });

    const file = join(folder, "final");
    writeFinal(file, finalRead);
    expect(loadFinal(file)).to.deep.equal(JSON.parse(JSON.stringify(finalRead)));
    await effects.close();
  });

  it("takes a send that was refused before it went out for failed, and any other failure for open", async () => {
    const history = collectHistory("sender");
    const message = { id: "e-1", key: "k", topic: "t" };
    for (const error of [
      new KeryxError("encode_failed", "no"),
      new KeryxError("send_timeout", "late"),
      new Error("?"),
    ]) {
      const thrown = await recordSend(history, message, () => Promise.reject(error)).catch(
        (found: unknown) => found,
      );
      expect(thrown).to.equal(error);
    }
    expect(history.entries.map((entry) => "result" in entry && entry.result)).to.deep.equal([
      "fail",
      "info",
      "info",
    ]);
  });

  it("keeps histories of several processes in files, and puts them in the order of time", async () => {
    const paths = ["a", "b"].map((client) => join(folder, client));
    const logs = paths.map((path, index) => createHistoryLog(path, `client-${index}`));
    for (const turn of [0, 1, 2]) for (const log of logs) log.append({ name: "tool_data", data: turn });
    await Promise.resolve();
    appendFileSync(paths[0] ?? "", '{"name":"tool_da');
    for (const log of logs) log.close();
    for (const log of logs) log.append({ name: "shutdown_complete" });
    const read = readHistories([...paths, join(folder, "missing")]);
    expect(read.map((entry) => `${entry.client} ${entry.name === "tool_data" && entry.data}`)).to.deep.equal([
      "client-0 0",
      "client-1 0",
      "client-0 1",
      "client-1 1",
      "client-0 2",
      "client-1 2",
    ]);
  });

  it("samples what a process holds, and hears rejections that nobody handles", async () => {
    // The planted one is no defect of this run.
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    const history = collectHistory("app");
    using residue = recordResidue(history);
    residue.sample("before");
    const timer = setTimeout(() => {}, 60_000);
    process.emit("unhandledRejection", new Error("planted"), Promise.resolve());
    for (const other of others) process.on("unhandledRejection", other);
    residue.sample("after");
    clearTimeout(timer);
    const found = findViolations(history.entries, [], { partitions: [], committed: [] }, policy);
    const classes = found.map((violation) => violation.class);
    expect(classes).to.include.members(["unhandled-rejection", "timers"]);
  });

  it("reads what an event promises from its policy", () => {
    expect(flows[0]).to.deep.include({ tries: 1, deadLetter: `${OrderPlaced.topic}-dlq` });
    expect(flows[0]?.stages.length).to.equal(OrderPlaced.policy.retry.delaysMs.length);
    const ordered = { ...ApiRequest, policy: { ...ApiRequest.policy, ordered: true } };
    expect(toFlowPolicy(ordered, group)).to.deep.include({ tries: 8, stages: [] });
    expect(topicsOf([toFlowPolicy(ordered, group)])).to.deep.equal([ApiRequest.topic]);
  });
});

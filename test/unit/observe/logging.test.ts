import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import fc from "fast-check";
import { createContextStore, type DeliveryContext } from "../../../src/core/context.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import type { LogFields } from "../../../src/core/logger.ts";
import { createRedactor } from "../../../src/core/redact.ts";
import { fanOut, type RecordRef } from "../../../src/core/signals.ts";
import { createCounts } from "../../../src/observe/counts.ts";
import { createLogging, type LoggingOptions } from "../../../src/observe/logging.ts";

const delivery: DeliveryContext = {
  messageId: "m-1",
  correlationId: "c-1",
  causationId: undefined,
  topic: "orders",
  partition: 3,
  offset: 9_007_199_254_740_993n,
  group: "billing",
  event: "order.placed",
  attempt: 2,
};
const record: RecordRef = {
  topic: "orders",
  partition: 3,
  offset: 41n,
  group: "billing",
  stage: "retry-1",
  attempt: 2,
  event: "order.placed",
  messageId: "m-1",
};

function createLog(level: LoggingOptions["level"] = "debug") {
  const lines: string[] = [];
  const redactor = createRedactor();
  const context = createContextStore();
  const log = createLogging({ level, redactor, context, destination: { write: (line) => lines.push(line) } });
  const rows = (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line));
  return { ...log, lines, rows, redactor, context };
}

describe("the log", () => {
  it("writes one JSON object a line with time and level as words", () => {
    const { logger, rows, lines } = createLog();
    logger.info("hello", { count: 3, big: 5n, none: undefined, nothing: null, yes: true });
    expect(lines[0]).to.match(/^\{.*\}\n$/);
    const [row] = rows();
    expect(row).to.include({ level: "info", message: "hello", count: 3, big: "5", nothing: null, yes: true });
    expect(row).to.not.have.any.keys("none", "pid", "hostname");
    expect(row?.["time"]).to.match(/^\d{4}-\d\d-\d\dT/);
  });

  it("carries the ids of the record under way across awaits and timers", async () => {
    const { logger, rows, context } = createLog();
    await context.run(delivery, async () => {
      await sleep(1);
      await Promise.resolve();
      await new Promise<void>((resolve) =>
        setTimeout(() => {
          logger.info("charged");
          resolve();
        }, 1),
      );
    });
    logger.info("outside");
    const [inside, outside] = rows();
    expect(inside).to.include({
      message_id: "m-1",
      correlation_id: "c-1",
      topic: "orders",
      partition: 3,
      offset: "9007199254740993",
      group: "billing",
      event: "order.placed",
      attempt: 2,
    });
    expect(inside).to.not.have.property("causation_id");
    expect(outside).to.not.have.property("message_id");
  });

  it("writes signals at the level that they deserve, coordinates flat", () => {
    const { observe, rows } = createLog();
    observe({ kind: "record.handled", record, outcome: "processed", durationMs: 3 });
    observe({
      kind: "record.handled",
      record,
      outcome: "retried",
      durationMs: 3,
      reason: "card declined",
      next: { topic: "orders-retry-2", dueAtMs: 5 },
    });
    observe({ kind: "record.handled", record, outcome: "stopped", durationMs: 3 });
    observe({ kind: "config.warning", message: "loud" });
    observe({ kind: "consumer.joined", group: "billing" });
    const all = rows();
    expect(all.map((row) => row["level"])).to.deep.equal(["debug", "warn", "error", "warn", "info"]);
    expect(all[1]).to.include({
      message: "record retried",
      signal: "record.handled",
      message_id: "m-1",
      offset: "41",
      stage: "retry-1",
      outcome: "retried",
      reason: "card declined",
      duration_ms: 3,
      next_topic: "orders-retry-2",
      next_due_at_ms: 5,
    });
    expect(all[3]).to.include({ message: "loud" });
    expect(all[4]).to.include({ message: "consumer joined", group: "billing" });
  });

  it("warns of a pause that needs somebody, not of a retry that waits for its time", () => {
    const { observe, rows } = createLog();
    const at = { group: "billing", topic: "orders", partition: 3 };
    for (const cause of ["delay", "registry"] as const) {
      observe({ kind: "partition.paused", ...at, cause });
      observe({ kind: "partition.resumed", ...at, cause });
    }
    expect(rows().map((row) => row["level"])).to.deep.equal(["debug", "debug", "warn", "info"]);
  });

  it("asks for what goes well only where it would write it", () => {
    const hears = (level: LoggingOptions["level"]) => createLog(level).observe.hearsRoutine;
    expect([hears("debug"), hears("info")]).to.deep.equal([true, false]);
    const everything = (): void => {};
    expect(fanOut([createLog("info").observe]).hearsRoutine).to.equal(false);
    expect(fanOut([createLog("info").observe, everything]).hearsRoutine).to.equal(true);
  });

  it("keeps quiet below its level", () => {
    const { observe, logger, lines } = createLog("warn");
    logger.info("no");
    observe({ kind: "record.sent", topic: "orders" });
    expect(lines).to.deep.equal([]);
    logger.warn("yes");
    expect(lines).to.have.length(1);
    const silent = createLog("silent");
    silent.logger.error("no");
    expect(silent.lines).to.deep.equal([]);
  });

  it("shows errors with code, help and causes, and no details", () => {
    const { observe, rows } = createLog();
    const cause = new Error("socket closed");
    const error = new KeryxError("send_timeout", "late", { cause, details: { value: "payload" } });
    observe({ kind: "record.send_failed", topic: "orders", error, deadLettered: false });
    const [row] = rows();
    const shown = row?.["error"] as Record<string, unknown>;
    expect(shown).to.include({ name: "KeryxError", code: "send_timeout", message: "[send_timeout] late" });
    expect(shown["help"]).to.be.a("string");
    expect((shown["cause"] as Record<string, unknown>)["message"]).to.equal("socket closed");
    expect(JSON.stringify(row)).to.not.include("payload");
  });

  it("ends at causes that go round", () => {
    const { logger, rows } = createLog();
    const error = new Error("a");
    error.cause = error;
    logger.error("loop", { error });
    expect(rows()).to.have.length(1);
  });

  it("writes no objects: payloads do not belong in logs", () => {
    const { logger, rows } = createLog();
    const fields = { payload: { card: "4111" } } as unknown as LogFields;
    logger.info("x", fields);
    expect(rows()[0]).to.include({ payload: "(object)" });
  });

  it("cannot be forged by text from outside", () => {
    const { logger, observe, lines, rows } = createLog();
    const evil = 'x\n{"level":"error","message":"forged"}\r\n\u001b[31m\u009b31m\u2028\u2029\u007f\u0000';
    logger.info(evil, { [evil]: evil, __proto__x: "y" });
    observe({
      kind: "record.handled",
      record: { ...record, messageId: evil },
      outcome: "skipped",
      durationMs: 1,
      reason: evil,
    });
    for (const line of lines) {
      expect(line.indexOf("\n")).to.equal(line.length - 1);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
      expect(line.slice(0, -1)).to.not.match(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    }
    expect(rows()[0]?.["message"]).to.equal(evil);
  });

  it("shows no registered secret and no value behind a secret's name, in any place", () => {
    const { logger, redactor, lines } = createLog();
    redactor.register("hunter22");
    const error = new Error("cannot log in with hunter22", { cause: new Error("hunter22!") });
    logger.error("failed with hunter22", {
      error,
      text: "at hunter22",
      hunter22: "x",
      password: "other-secret",
    });
    const all = lines.join("");
    expect(all).to.not.include("hunter22");
    expect(all).to.not.include("other-secret");
    expect(() => JSON.parse(all)).to.not.throw();
  });

  it("shows no half of a secret where a long text is cut", () => {
    const { logger, lines, redactor } = createLog();
    const secret = "0123456789abcdef";
    redactor.register(secret);
    for (const filler of ["", "-", "--------"])
      logger.error("long", { text: secret.repeat(1_023) + filler + secret.repeat(3_000) });
    expect(lines).to.have.length(3);
    for (const line of lines) expect(line).to.not.include("0123");
  });

  it("shows no secret whatever it is made of, and stays JSON", () => {
    const anything = fc.string({ minLength: 4, maxLength: 12, unit: "grapheme" });
    fc.assert(
      fc.property(anything, fc.string(), (secret, around) => {
        fc.pre(!secret.includes("*") && !around.includes(secret) && !"***".includes(secret));
        const { logger, redactor, rows } = createLog();
        redactor.register(secret);
        const text = `${around}${secret}${around}`;
        logger.error(text, { text, error: new Error(text) });
        const [row] = rows();
        for (const shown of [
          row?.["message"],
          row?.["text"],
          (row?.["error"] as { message: string } | undefined)?.message,
        ])
          expect(shown).to.not.include(secret);
      }),
      { numRuns: 1_000 },
    );
  });

  for (const [how, write] of [
    ["throws", () => expect.fail("disk full")],
    ["rejects", async () => expect.fail("disk full")],
  ] as const)
    it(`never disturbs the runtime when its destination ${how}, and counts what is lost`, async () => {
      const context = createContextStore();
      const counts = createCounts();
      const { observe, logger } = createLogging({
        ...{ level: "debug", redactor: createRedactor(), context, destination: { write } },
        onDropped: () => all({ kind: "log.dropped" }),
      });
      const all = fanOut([observe, counts.observe]);
      all({ kind: "consumer.joined", group: "g" });
      logger.info("from a handler");
      await sleep(0);
      expect(counts.total("linesDropped")).to.equal(2);
    });

  it("stops nothing when nobody reads standard error, and counts what is lost", async () => {
    const file = fileURLToPath(new URL("../../support/unread-log.ts", import.meta.url));
    // Nobody listens to the pipe, so nothing is taken from it.
    const child = spawn(process.execPath, ["--conditions=@keryx/source", file], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    try {
      const [dropped] = await once(child.stdout, "data", { signal: AbortSignal.timeout(20_000) });
      expect(Number(String(dropped))).to.be.greaterThan(1_000);
    } finally {
      child.kill("SIGKILL");
    }
  }).timeout(30_000);

  it("lets an observer that is asynchronous fail alone", async () => {
    const unhandled: unknown[] = [];
    const hear = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", hear);
    fanOut([async () => expect.fail("rejected")])({ kind: "consumer.joined", group: "g" });
    await sleep(0);
    process.off("unhandledRejection", hear);
    expect(unhandled).to.deep.equal([]);
  });
});

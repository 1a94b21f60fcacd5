import { expect } from "chai";
import type { RawRecord } from "../../../src/core/record.ts";
import { consumerBench } from "../../support/consumer-bench.ts";
import { header, noteEvent, textOf, until } from "../../support/consumer-harness.ts";

describe("The way of a record through the consumer", () => {
  const Written = noteEvent("Written", { delaysMs: [100, 200] });
  const bench = consumerBench({ event: Written });
  const { clock, start } = bench;

  it("passes over retry records of another group without waiting for their time", async () => {
    await start(() => {});
    const dueAt = header("keryx-due-at", String(clock.now() + 1_000_000));
    bench.kafka.append("notes-retry-1", 0, {
      value: "Written|a",
      headers: [header("keryx-group", "other"), dueAt],
    });
    await until("committed", () => bench.kafka.committed("billing-retry", "notes-retry-1", 0) === 1n);
    expect(bench.harness.outcomes()).to.deep.equal(["skipped"]);
  });

  it("caps a forged due time at the plan's longest delay, and a forged count at the plan's end", async () => {
    await start(() => {
      throw new Error("no");
    });
    const forged = [
      header("keryx-due-at", "9999999999999"),
      header("keryx-attempt-count", "9007199254740991"),
    ];
    bench.kafka.append("notes-retry-1", 0, { value: "Written|a", headers: forged });
    await until("dead-lettered", () => bench.kafka.records("notes-dlq").length === 1);
    expect(bench.kafka.records("notes-retry-2")).to.have.length(0);
  });

  it("ignores hop headers on a source topic, and drops them when it hands the record over", async () => {
    const attempts: number[] = [];
    await start((_, { attempt, stage }) => {
      if (stage === "main") attempts.push(attempt);
      throw new Error("no");
    });
    const copied = [
      header("keryx-attempt-count", "40"),
      header("keryx-original-topic", "elsewhere"),
      header("keryx-replay-id", "r-1"),
    ];
    bench.kafka.append("notes", 0, { value: "Written|a", headers: copied });
    await until("dead-lettered", () => bench.kafka.records("notes-dlq").length === 1);
    const [letter] = bench.kafka.records("notes-dlq");
    expect(attempts).to.deep.equal([1]);
    expect(textOf(letter, "keryx-original-topic")).to.equal("notes");
    expect(textOf(letter, "keryx-attempt-count")).to.equal("3");
    expect(textOf(letter, "keryx-replay-id")).to.equal("r-1");
  });

  it("writes a null header as empty, lists its name, and gives it to the handler as null again", async () => {
    const seen: unknown[] = [];
    await start((_, { headers, attempt }) => {
      seen.push(headers.find(([name]) => name === "n"));
      if (attempt === 1) throw new Error("once");
    });
    bench.kafka.append("notes", 0, { value: "Written|a", headers: [header("n", null), header("e", "")] });
    await until("handled", () => bench.harness.outcomes().includes("processed"));
    expect(seen).to.deep.equal([
      ["n", null],
      ["n", null],
    ]);
    expect(textOf(bench.kafka.records("notes-retry-1")[0], "keryx-null-headers")).to.equal('["n"]');
  });

  it("keeps secrets and sensitive values out of dead letters and signals", async () => {
    const Secret = noteEvent("Secret", { sensitive: ["text"] });
    const failed = new Error("mail to anna@example.org failed with password=hunter22 at key s3cr3t-key");
    await bench.begin({
      options: { createTopics: true },
      secrets: ["s3cr3t-key"],
      on: [
        [
          Secret,
          () => {
            throw failed;
          },
        ],
      ],
    });
    bench.kafka.append("notes", 0, { value: "Secret|anna@example.org" });
    await until("dead-lettered", () => bench.kafka.records("notes-dlq").length === 1);
    const shown = [
      textOf(bench.kafka.records("notes-dlq")[0], "keryx-failure-reason") ?? "",
      ...bench.harness.signals.map((signal) =>
        "error" in signal && signal.error instanceof Error
          ? `${signal.error.message} ${signal.error.stack}`
          : "",
      ),
    ].join("\n");
    for (const leak of ["anna", "example", "hunter22", "s3cr3t"]) expect(shown).not.to.contain(leak);
    expect(shown).to.contain("mail to ***");
  });

  it("writes the stack into dead letters only when told to, masked and cut, and never into retry topics", async () => {
    const Secret = noteEvent("Secret", { sensitive: ["text"], delaysMs: [1] });
    const fail = (): never => {
      const error = new Error("no");
      error.stack = `Error: no\n    at anna@example.org (service.ts:1:1)\n${"    at other (b.ts:1:1)\n".repeat(400)}`;
      throw error;
    };
    const lettersWith = async (failureStack: boolean): Promise<RawRecord | undefined> => {
      bench.renew();
      await bench.begin({
        options: { createTopics: true, failureStack },
        on: [[Secret, fail]],
      });
      bench.kafka.append("notes", 0, { value: "Secret|anna@example.org" });
      await until("dead-lettered", () => bench.kafka.records("notes-dlq").length === 1);
      expect(textOf(bench.kafka.records("notes-retry-1")[0], "keryx-failure-stack")).to.equal(undefined);
      await bench.harness.close();
      return bench.kafka.records("notes-dlq")[0];
    };
    expect(textOf(await lettersWith(false), "keryx-failure-stack")).to.equal(undefined);
    const stack = textOf(await lettersWith(true), "keryx-failure-stack") ?? "";
    expect(stack).to.contain("Error: no").and.to.contain("service.ts").and.not.to.contain("anna");
    expect(stack).to.have.length(4_096);
  });
});

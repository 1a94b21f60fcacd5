import { expect } from "chai";
import { BatchFailure } from "../../../../src/core/batch.ts";
import { KeryxError } from "../../../../src/core/errors.ts";
import { createMemoryStore } from "../../../../src/stores/memory.ts";
import { batchBench } from "../../../support/batches.ts";
import { until } from "../../../support/consumer-harness.ts";

describe("A batch", () => {
  const bench = batchBench();
  const { append, clock, committed, handled, start } = bench;

  it("waits with its partition while a dead letter cannot be written, and nothing of it is handled twice", async () => {
    let isDown = true;
    bench.kafka.faults.send = () =>
      isDown ? new KeryxError("broker_unreachable", "nobody there") : undefined;
    append("abXcd");
    await start((items) => {
      const index = items.findIndex(({ value }) => value.text === "X");
      if (index >= 0) throw new BatchFailure(index, new KeryxError("encode_failed", "for good"));
    });
    await until("held", () => handled("held") > 1);
    await until("the head is committed", () => committed() === 2n);
    expect(bench.calls).to.deep.equal(["abXcd"]);
    isDown = false;
    await until("committed", () => committed() === 5n);
    expect(bench.calls).to.deep.equal(["abXcd", "cd"]);
    expect(bench.kafka.records("notes-dlq")).to.have.length(1);
  });

  it("that meets such a record on its way waits behind it, and is then handed over whole", async () => {
    let isDown = true;
    bench.kafka.faults.send = () =>
      isDown ? new KeryxError("broker_unreachable", "nobody there") : undefined;
    append("ab");
    bench.kafka.append("notes", 0, { key: "x", value: "garbage" });
    append("cd");
    await start(() => {});
    await until("held", () => handled("held") > 1);
    expect(bench.calls).to.deep.equal([]);
    isDown = false;
    await until("committed", () => committed() === 5n);
    expect(bench.calls).to.deep.equal(["abcd"]);
  });

  it("whose first record waited for the registry lets its partition go on, whatever holds it next", async () => {
    let isDown = true;
    bench.kafka.faults.send = () =>
      isDown ? new KeryxError("broker_unreachable", "nobody there") : undefined;
    const running = await start(() => {});
    running.registry.isDown = true;
    append("a");
    bench.kafka.append("notes", 0, { key: "x", value: "garbage" });
    append("b");
    await until("held", () => handled("held") === 1);
    running.registry.isDown = false;
    await until("held for another cause", () =>
      running.signals.some((one) => one.kind === "partition.paused" && one.cause === "sink"),
    );
    isDown = false;
    await until("committed", () => committed() === 3n);
    expect(bench.calls).to.deep.equal(["ab"]);
    expect(bench.kafka.paused("billing")).to.deep.equal([]);
  });

  it("is not handled again because the store that remembers its ids goes down behind it", async () => {
    const memory = createMemoryStore(clock);
    let isDown = true;
    append("abc");
    await start(() => {}, {
      store: {
        ...memory,
        async done(...asked) {
          if (isDown) throw new KeryxError("internal", "store is down");
          return memory.done(...asked);
        },
      },
    });
    await until("held", () => handled("held") > 1);
    expect(committed()).to.equal(undefined);
    isDown = false;
    await until("committed", () => committed() === 3n);
    expect(bench.calls).to.deep.equal(["abc"]);
    expect(handled("processed")).to.equal(3);
  });
});

import { expect } from "chai";
import { resolveBatchOptions } from "../../../../src/consumer/batch/options.ts";
import { resolveConsumerOptions } from "../../../../src/consumer/options.ts";
import { createHandlerTable } from "../../../../src/consumer/plan/handlers.ts";
import type { EventType } from "../../../../src/core/event.ts";
import type { Middleware } from "../../../../src/core/handler.ts";
import { filter } from "../../../../src/middleware/filter.ts";
import { timeout } from "../../../../src/middleware/timeout.ts";
import { noteEvent } from "../../../support/consumer-harness.ts";

describe("The handler of batches", () => {
  const Written = noteEvent("Written");

  it("has defaults, and refuses sizes and waits that it could not keep", () => {
    expect(resolveBatchOptions({})).to.deep.equal({ maxRecords: 100, maxWaitMs: 100 });
    for (const wrong of [
      { maxRecords: 0 },
      { maxRecords: 1_001 },
      { maxRecords: 1.5 },
      { maxWaitMs: -1 },
      { maxWaitMs: 60_001 },
    ])
      expect(() => resolveBatchOptions(wrong))
        .to.throw(Object.keys(wrong)[0])
        .with.property("code", "config_invalid");
  });

  it("is one of its event, and takes filters and deadlines but no other steps around it", () => {
    const table = createHandlerTable();
    table.addBatchHandler(Written as EventType, () => {}, {});
    for (const again of [
      () => table.addHandler(Written as EventType, () => {}),
      () => table.addBatchHandler(Written as EventType, () => {}, {}),
    ])
      expect(again).to.throw("two handlers").with.property("code", "usage");
    const routes = (middleware: readonly Middleware[]) =>
      table.toRoutes(resolveConsumerOptions({ group: "billing", middleware }));
    expect(routes([timeout(5), filter(() => true)])[0]).to.deep.include({
      order: "partition",
      hasBatches: true,
    });
    expect(() => routes([async (_, next) => next()]))
      .to.throw("batches")
      .with.property("code", "usage");
  });
});

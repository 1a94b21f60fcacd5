import type { Clock } from "../core/clock.ts";
import type { ContextStore } from "../core/context.ts";
import type { Redactor } from "../core/redact.ts";
import type { Observe } from "../core/signals.ts";
import type { DedupeStore } from "../stores/port.ts";
import type { Holds } from "./assignment/holds.ts";
import { createHolds } from "./assignment/holds.ts";
import type { Batches } from "./batch/batches.ts";
import { createBatches } from "./batch/batches.ts";
import type { Dedupe } from "./dedupe.ts";
import { createDedupe } from "./dedupe.ts";
import type { Flow } from "./flow.ts";
import { createFlow } from "./flow.ts";
import type { Sink } from "./hand-over/sink.ts";
import { createLanes } from "./lanes.ts";
import type { ResolvedConsumerOptions } from "./options.ts";
import type { RunPass } from "./pipeline.ts";
import { createPipeline } from "./pipeline.ts";
import type { PartitionCounts } from "./retry-topics.ts";
import { createEndings } from "./steps/endings.ts";
import { createInvoke } from "./steps/invoke.ts";
import { openPass } from "./steps/pass.ts";
import { createSettle } from "./steps/settle.ts";

/** What runs records between fetch and commit; the readers of one consumer share it. */
export interface Engine {
  readonly flow: Flow;
  readonly holds: Holds;
  readonly dedupe: Dedupe | undefined;
  close(): void;
}

export interface EngineDeps {
  readonly clock: Clock;
  readonly observe: Observe;
  readonly context: ContextStore;
  readonly redactor: Redactor;
  readonly store: DedupeStore | undefined;
  readonly sink: Sink;
  readonly options: ResolvedConsumerOptions;
  readonly counts: PartitionCounts;
}

export function createEngine(deps: EngineDeps): Engine {
  const { clock, observe, context, redactor, store, sink, options, counts } = deps;
  const { group, concurrency, onStoreDown, dedupeTtlMs: ttlMs } = options;
  const dedupe = store && createDedupe({ store, clock, observe, group, ttlMs, onStoreDown });
  // The lanes run the pipeline, and the pipeline gives waiting records back to the lanes.
  let runOne: RunPass = () => {};
  let batches: Batches | undefined;
  const lanes = createLanes({
    concurrency,
    run(work, onEnd) {
      if (work.partition.route.hasBatches && !work.resume) batches?.run(work);
      else runOne(work, onEnd);
    },
    onQueued: ({ partition }) => partition.route.hasBatches && batches?.arrived(partition),
    onSettled(work, isFinished) {
      if (isFinished) flow.finished(work);
      flow.settled(work.partition);
    },
  });
  const holds = createHolds(clock, lanes);
  const endings = createEndings({ clock, observe, group, dedupe, holds });
  const { failureStack, headers } = options;
  const settle = createSettle({ group, failureStack, headers, dedupe, sink, endings, counts });

  const handler = createInvoke({ context, clock, observe, group });
  const pipeline = createPipeline({ clock, observe, redactor, options, dedupe, holds, handler, settle });
  runOne = pipeline.run;
  const flow = createFlow({
    clock,
    lanes,
    observe,
    group,
    onPassedOver(work, why) {
      endings.complete(openPass(work, clock.now()), why);
      flow.finished(work);
    },
  });
  batches = createBatches({ clock, observe, group, lanes, holds, dedupe, pipeline, admit: flow.settled });
  return { flow, holds, dedupe, close: () => dedupe?.close() };
}

import type { Pipeline } from "../pipeline.ts";
import type { Pass, Settlement } from "../steps/pass.ts";
import type { CallBatch } from "./call.ts";
import { toDone, toFailed } from "./call.ts";

/** How a record was decided. Settlement absent: for the retry plan to say. */
interface Decided {
  readonly pass: Pass;
  readonly settlement: Settlement | undefined;
}

/** What is left of a batch, in order: the lane goes on with it. */
export interface Left {
  /** The first of them was settled, and comes back by itself. */
  readonly isWaiting: boolean;
  readonly passes: readonly Pass[];
}

const nothing: Left = { isWaiting: false, passes: [] };

/** Hands a batch to its handler until each record is settled, or has to wait and the rest behind it. */
export type HandleBatch = (passes: readonly Pass[]) => Promise<Left>;

export function createHandleBatch(call: CallBatch, pipeline: Pick<Pipeline, "settle">): HandleBatch {
  // What was handled is never handled again because another record of its batch has to wait: it is settled in its turn.
  const settleAll = async (decided: readonly Decided[], behind: readonly Pass[]): Promise<Left> => {
    for (const [index, { pass, settlement }] of decided.entries()) {
      if (await pipeline.settle(pass, settlement)) continue;
      const later = decided.slice(index + 1);
      for (const { pass: one, settlement: its } of later)
        one.work.resume = () => {
          one.work.resume = undefined;
          return pipeline.settle(one, its);
        };
      return { isWaiting: true, passes: [pass, ...later.map((one) => one.pass), ...behind] };
    }
    return nothing;
  };

  const finish = (passes: readonly Pass[]): readonly Decided[] =>
    passes.map((pass) => ({ pass, settlement: toDone(pass) }));

  const fail = (pass: Pass, cause: unknown): Decided => ({ pass, settlement: toFailed(pass, cause) });

  // The batch as a whole failed, and nobody said by whom.
  const isolate = async (passes: readonly Pass[]): Promise<Left> => {
    for (const [index, pass] of passes.entries()) {
      const behind = passes.slice(index + 1);
      if (!canStart(pass)) return { isWaiting: false, passes: [pass, ...behind] };
      const end = await call([pass]);
      const decided = end.kind === "done" ? finish([pass]) : [fail(pass, causeOf(end))];
      const left = await settleAll(decided, behind);
      if (left.passes.length > 0) return left;
    }
    return nothing;
  };

  const attempt = async (tried: readonly Pass[], behind: readonly Pass[]): Promise<Left> => {
    const end = await call(tried);
    if (end.kind === "done") return orBehind(await settleAll(finish(tried), behind), behind);
    if (end.kind === "failed" && tried.length > 1) {
      const left = await isolate(tried);
      return left.passes.length > 0
        ? { ...left, passes: [...left.passes, ...behind] }
        : { isWaiting: false, passes: behind };
    }
    const index = end.kind === "named" ? end.index : 0;
    const tail = [...tried.slice(index + 1), ...behind];
    const failed = tried.slice(index, index + 1).map((pass) => fail(pass, causeOf(end)));
    return orBehind(await settleAll([...finish(tried.slice(0, index)), ...failed], tail), tail);
  };

  return async (passes) => {
    let rest = passes;
    while (rest.length > 0) {
      const blocked = rest.findIndex((pass) => !canStart(pass));
      if (blocked === 0) return { isWaiting: false, passes: rest };
      const behind = blocked < 0 ? [] : rest.slice(blocked);
      const tried = blocked < 0 ? rest : rest.slice(0, blocked);
      const left = await attempt(tried, behind);
      if (left.isWaiting) return left;
      rest = left.passes;
    }
    return nothing;
  };
}

// A lease that was lost is asked for again; an assignment that ends, or that was paused, starts nothing more.
function canStart({ work: { partition, claim } }: Pass): boolean {
  return partition.phase === "open" && !partition.pauses.has("operator") && claim?.isLost !== true;
}

function causeOf(end: { readonly cause: unknown } | { readonly error: unknown }): unknown {
  return "cause" in end ? end.cause : end.error;
}

function orBehind(left: Left, behind: readonly Pass[]): Left {
  return left.passes.length > 0 ? left : { isWaiting: false, passes: behind };
}

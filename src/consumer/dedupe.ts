import type { Clock } from "../core/clock.ts";
import type { Observe } from "../core/signals.ts";
import type { Answer, ClaimResult, DedupeStore } from "../stores/port.ts";
import type { Claim, Partition, Work } from "./assignment/partition.ts";
import { isRunning } from "./assignment/partition.ts";
import { createLeases, leaseMs } from "./leases.ts";
import type { ResolvedConsumerOptions } from "./options.ts";
import { toFailure } from "./steps/classify.ts";
import { toMessageId, toRecordRef } from "./steps/delivery.ts";
import type { Pass, Pending, Settlement, Step } from "./steps/pass.ts";

/** Remembers message ids: a lease before the handler, a memory after it, nothing after a failure. */
export interface Dedupe {
  /** The step: claims the id, finds it done, or waits for whoever holds it. */
  readonly step: Step;
  /** The handler succeeded. A lost claim changes nothing any more. */
  confirm(work: Work): Answer<unknown>;
  /** The store does not answer: what becomes of the record. Undefined: it goes on without the store. */
  down(pass: Pass, error: unknown): Extract<Settlement, { readonly kind: "hold" | "stop" }> | undefined;
  /** The record will come again by another way, or not at all: its id is free. */
  release(work: Work): void;
  /** Gives up the claims of an assignment that is over, except those whose handlers still run. */
  forget(partition: Partition): void;
  close(): void;
}

export interface DedupeDeps {
  readonly store: DedupeStore;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly group: string;
  readonly ttlMs: number;
  readonly onStoreDown: ResolvedConsumerOptions["onStoreDown"];
}

// A lease that is held elsewhere is often given back long before it ends: it is asked for again sooner.
const maxBusyWaitMs = 1_000;

interface Asked {
  readonly claim: Claim;
  readonly result: ClaimResult;
}

/** Fills in who the record is; the only step that dedupe leaves when it is off. */
export const identify: Step = (pass) => {
  if (pass.failure) return undefined;
  const { known, value } = pass;
  const declared = known && value !== null ? known.event.id?.(value) : undefined;
  pass.messageId = toMessageId(pass.work, pass.history, declared);
  return undefined;
};

export function createDedupe({ store, clock, observe, group, ttlMs, onStoreDown }: DedupeDeps): Dedupe {
  // With the number of the claim: nobody else ever has the same, in whatever epoch.
  const instance = `${crypto.randomUUID()}.`;
  const leases = createLeases({ store, clock, observe, survivesOutage: onStoreDown === "process" });
  const toKey = createKeys(group);
  let claimCount = 0;

  const settleClaim = (pass: Pass, claim: Claim, result: ClaimResult): Settlement | undefined => {
    if (result === "done") return { kind: "duplicate" };
    if (result !== "won") {
      const waitMs = Math.max(result.busyUntil - clock.now(), 1);
      return { kind: "wait", delayMs: Math.min(waitMs, maxBusyWaitMs), why: "busy" };
    }
    pass.work.claim = claim;
    leases.add(claim);
    return undefined;
  };

  const settleLate = (pass: Pass, { claim, result }: Asked): Settlement | undefined =>
    settleClaim(pass, claim, result);

  const down: Dedupe["down"] = (pass, error) => {
    if (onStoreDown === "pause") return { kind: "hold", cause: "dedupe", error };
    if (onStoreDown === "fail") return { kind: "stop", failure: toFailure("transient", error) };
    const { work, attempt, eventType, messageId } = pass;
    observe({
      kind: "dedupe.bypassed",
      record: toRecordRef(work, group, attempt, eventType, messageId),
      error,
    });
    return undefined;
  };

  const askStore = (claim: Claim): Answer<ClaimResult> => {
    const again = (result: ClaimResult): Answer<ClaimResult> =>
      // What was found ended before it could be read: the id is free, and nothing says that it was handled.
      typeof result === "object" && result.busyUntil <= clock.now()
        ? store.claim(claim.key, claim.owner, leaseMs)
        : result;
    const result = store.claim(claim.key, claim.owner, leaseMs);
    return result instanceof Promise ? result.then(again) : again(result);
  };

  const ask = (pass: Pass): Settlement | Pending | undefined => {
    const { work } = pass;
    const claim: Claim = {
      key: toKey(pass.known?.event.type ?? "", pass.messageId ?? ""),
      owner: instance + ++claimCount,
      work,
      renewedMs: pass.startedMs,
      isLost: false,
      place: -1,
    };
    const asked = askStore(claim);
    if (!(asked instanceof Promise)) return settleClaim(pass, claim, asked);
    const until = asked.then((result): Asked => ({ claim, result }));
    return { kind: "pending", until, resolved: settleLate, rejected: down };
  };

  const step: Step = (pass) => {
    // A record that waits here for its next try still holds its claim.
    if (pass.failure || (pass.work.claim && !pass.work.claim.isLost)) return undefined;
    try {
      return ask(pass);
    } catch (error) {
      return down(pass, error);
    }
  };

  const release = (work: Work): void => {
    const { claim } = work;
    if (!claim) return;
    work.claim = undefined;
    leases.remove(claim);
    if (claim.isLost) return;
    try {
      const released = store.release(claim.key, claim.owner);
      if (!(released instanceof Promise)) return;
      // A release that fails costs one lease, not the record.
      released.catch((error: unknown) =>
        observe({ kind: "internal.error", where: "dedupe release", error, isPassing: true }),
      );
    } catch (error) {
      observe({ kind: "internal.error", where: "dedupe release", error, isPassing: true });
    }
  };

  return {
    step,
    down,
    confirm(work) {
      const { claim } = work;
      if (!claim) return undefined;
      leases.remove(claim);
      return claim.isLost ? undefined : store.done(claim.key, claim.owner, ttlMs);
    },
    release,
    forget(partition) {
      for (const { work } of leases.items())
        if (work.partition === partition && !isRunning(work)) release(work);
    },
    close: leases.close,
  };
}

function createKeys(group: string): (event: string, id: string) => string {
  // One for each event that has a handler.
  const prefixes = new Map<string, string>();
  return (event, id) => {
    let prefix = prefixes.get(event);
    if (prefix === undefined) {
      prefix = `${toKeyPart(group)}:${toKeyPart(event)}:`;
      prefixes.set(event, prefix);
    }
    return prefix + toKeyPart(id);
  };
}

const unreserved = /^[\w.!~*'()-]*$/;

// Lone surrogates cannot be percent-encoded; they count as the replacement character.
function toKeyPart(text: string): string {
  if (unreserved.test(text)) return text;
  return encodeURIComponent(
    text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD"),
  );
}

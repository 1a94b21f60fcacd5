import { createBag } from "../core/bag.ts";
import type { Clock } from "../core/clock.ts";
import type { Observe } from "../core/signals.ts";
import type { Answer, ClaimResult, DedupeStore } from "../stores/port.ts";
import type { Claim, Partition, Work } from "./assignment/partition.ts";
import { isRunning } from "./assignment/partition.ts";
import { toMessageId } from "./steps/delivery.ts";
import type { Pass, Pending, Settlement, Step } from "./steps/pass.ts";

/** Remembers message ids: a lease before the handler, a memory after it, nothing after a failure. */
export interface Dedupe {
  /** The step: claims the id, finds it done, or waits for whoever holds it. */
  readonly step: Step;
  /** The handler succeeded. A lost claim changes nothing any more. */
  confirm(work: Work): Answer<unknown>;
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
}

const leaseMs = 60_000;
const renewEveryMs = leaseMs / 3;
const sweepEveryMs = renewEveryMs / 4;
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

export function createDedupe({ store, clock, observe, group, ttlMs }: DedupeDeps): Dedupe {
  // With the number of the claim: nobody else ever has the same, in whatever epoch.
  const instance = `${crypto.randomUUID()}.`;
  const claims = createBag<Claim>();
  const toKey = createKeys(group);
  let claimCount = 0;
  let cancelSweep: (() => void) | undefined;

  const arm = (): void => {
    cancelSweep ??= clock.schedule(sweepEveryMs, () => {
      cancelSweep = undefined;
      for (const claim of claims.items())
        if (claim.renewedMs + renewEveryMs <= clock.now()) void renew(claim);
      if (claims.size() > 0) arm();
    });
  };

  const renew = async (claim: Claim): Promise<void> => {
    try {
      const now = clock.now();
      if (await store.renew(claim.key, claim.owner, leaseMs)) claim.renewedMs = now;
      else if (claims.remove(claim)) lose(claim);
    } catch (error) {
      // The lease still stands; the next sweep tries again, and a lease that ended is then found lost.
      observe({ kind: "internal.error", where: "dedupe renewal", error, isPassing: true });
    }
  };

  const lose = (claim: Claim): void => {
    claim.isLost = true;
    claim.work.delivery?.callOff(new Error("The lease on the message id was lost"));
  };

  const settleClaim = (pass: Pass, claim: Claim, result: ClaimResult): Settlement | undefined => {
    if (result === "done") return { kind: "duplicate" };
    if (result !== "won") {
      const waitMs = Math.max(result.busyUntil - clock.now(), 1);
      return { kind: "wait", delayMs: Math.min(waitMs, maxBusyWaitMs), why: "busy" };
    }
    pass.work.claim = claim;
    claims.add(claim);
    arm();
    return undefined;
  };

  const settleLate = (pass: Pass, { claim, result }: Asked): Settlement | undefined =>
    settleClaim(pass, claim, result);

  const held = (_pass: Pass, error: unknown): Settlement => ({ kind: "hold", cause: "dedupe", error });

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
    const asked = store.claim(claim.key, claim.owner, leaseMs);
    if (!(asked instanceof Promise)) return settleClaim(pass, claim, asked);
    const until = asked.then((result): Asked => ({ claim, result }));
    return { kind: "pending", until, resolved: settleLate, rejected: held };
  };

  const step: Step = (pass) => {
    // A record that waits here for its next try still holds its claim.
    if (pass.failure || (pass.work.claim && !pass.work.claim.isLost)) return undefined;
    try {
      return ask(pass);
    } catch (error) {
      return held(pass, error);
    }
  };

  const release = (work: Work): void => {
    const { claim } = work;
    if (!claim) return;
    work.claim = undefined;
    claims.remove(claim);
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
    confirm(work) {
      const { claim } = work;
      if (!claim) return undefined;
      claims.remove(claim);
      return claim.isLost ? undefined : store.done(claim.key, claim.owner, ttlMs);
    },
    release,
    forget(partition) {
      for (const { work } of claims.items())
        if (work.partition === partition && !isRunning(work)) release(work);
    },
    close() {
      cancelSweep?.();
      cancelSweep = undefined;
      claims.clear();
    },
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

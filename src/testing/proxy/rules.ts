import type { Clock } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import { createFaultList } from "../../core/fault-list.ts";
import { type FaultTarget, isFaultFor } from "../../embedded/broker/faults.ts";
import type { ProxyFault, RuleEffect, RuleMatch, RuleOptions } from "./options.ts";
import { knownApis } from "./versions.ts";

/** Rules in the order in which they were put in place. */
export interface Rules {
  add(match: RuleMatch, effect: RuleEffect, options?: RuleOptions): ProxyFault;
  /** The effect to apply to a request, used up by asking. */
  take(target: FaultTarget): { readonly effect: RuleEffect; readonly passed: Promise<void> } | undefined;
  clear(): void;
}

interface Match extends RuleMatch {
  readonly probability: number;
  /** Set once the rule is taken away. */
  readonly ended: AbortSignal;
}

export function createRules(clock: Clock, random: () => number): Rules {
  const list = createFaultList<Match, RuleEffect, FaultTarget>(
    clock,
    (match, target) =>
      !match.ended.aborted &&
      isFaultFor(match, target) &&
      (match.probability >= 1 || random() < match.probability),
  );
  const names = [...knownApis.values()].flatMap(({ name, api }) => (api === undefined ? [] : [name]));
  return {
    add(match, effect, { probability = 1, times = 1 } = {}) {
      if (match.api !== undefined && !names.includes(match.api))
        throw new KeryxError("config_invalid", `there is no API ${match.api} to make rules for`);
      const ending = new AbortController();
      const fault = list.inject({ ...match, probability, ended: ending.signal }, effect, { times });
      return {
        get hits() {
          return fault.hits;
        },
        async remove() {
          ending.abort();
          fault.release();
        },
      };
    },
    take: (target) => list.take(target),
    clear: () => list.clear(),
  };
}

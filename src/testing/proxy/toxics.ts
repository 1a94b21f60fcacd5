import type { Clock } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import type { ProxyFault, ProxyStream, Toxic, ToxicScope } from "./options.ts";

/** A connection as far as toxics act on it. */
export interface Poisoned {
  readonly id: number;
  /** Id of its broker, once an answer has told it. */
  broker(): number | undefined;
  readonly isClosed: boolean;
  /** Closes both sides, or resets them. */
  end(how: "close" | "reset"): void;
}

/** The toxics of a kind. */
type Dose<Kind extends Toxic["kind"]> = Extract<Toxic, { readonly kind: Kind }>;

export interface Toxics {
  add(toxic: Toxic, scope: ToxicScope): ProxyFault;
  /** The toxics of a kind that act on this connection in this direction; each counts as used. */
  of<Kind extends Toxic["kind"]>(kind: Kind, on: Poisoned, stream?: ProxyStream): readonly Dose<Kind>[];
  /** Resolves when no partition holds back what flows in this direction. */
  passable(on: Poisoned, stream: ProxyStream): Promise<void>;
  /** Takes a new connection in: draws its lifetime, sets its timers. */
  attach(on: Poisoned): void;
  /** The broker of a connection became known. */
  named(on: Poisoned): void;
  /** Whether new connections to this broker are refused; asked with the port that this is for. */
  isDown(broker: number | undefined, port: number): boolean;
  detach(on: Poisoned): void;
  clear(): Promise<void>;
}

export interface ToxicSurroundings {
  readonly clock: Clock;
  random(): number;
  note(kind: "fault.added" | "fault.hit" | "fault.removed", fault: string, on?: Poisoned): void;
  /** Brings ports in line with the `down` toxics in force. */
  changedDown(): Promise<void>;
}

interface Active {
  readonly toxic: Toxic;
  readonly scope: ToxicScope;
  readonly name: string;
  /** Whether it acts, by connection. */
  readonly drawn: Map<Poisoned, boolean>;
  /** Ids of connections; of ports below zero. */
  readonly used: Set<number>;
  readonly over: Promise<void>;
  readonly end: () => void;
  isRemoved: boolean;
}

export function createToxics(around: ToxicSurroundings): Toxics {
  const { random, note } = around;
  const active = new Set<Active>();
  const attached = new Set<Poisoned>();

  const isDrawn = (one: Active, on: Poisoned): boolean => {
    const known = one.drawn.get(on);
    if (known !== undefined) return known;
    const { toxicity = 1 } = one.scope;
    const isHit = toxicity >= 1 || random() < toxicity;
    one.drawn.set(on, isHit);
    return isHit;
  };
  const acts = (one: Active, on: Poisoned, stream?: ProxyStream): boolean => {
    const { broker, stream: own } = one.scope;
    if (broker !== undefined && broker !== on.broker()) return false;
    return (own === undefined || stream === undefined || own === stream) && isDrawn(one, on);
  };
  const hit = (one: Active, on: Poisoned): void => {
    if (!one.used.has(on.id)) note("fault.hit", one.name, on);
    one.used.add(on.id);
  };
  const find = (kind: Toxic["kind"], on: Poisoned, stream?: ProxyStream): readonly Active[] =>
    [...active].filter((one) => one.toxic.kind === kind && acts(one, on, stream));

  const poison = (one: Active, on: Poisoned): void => {
    const ending = endingOf(one.toxic, random);
    if (ending === undefined || on.isClosed || !acts(one, on)) return;
    around.clock.schedule(ending.afterMs, () => {
      if (one.isRemoved || on.isClosed) return;
      hit(one, on);
      on.end(ending.how);
    });
  };
  const remove = async (one: Active): Promise<void> => {
    if (!active.delete(one)) return;
    one.isRemoved = true;
    note("fault.removed", one.name);
    one.end();
    if (one.toxic.kind === "down") await around.changedDown();
  };
  return {
    add(toxic, scope) {
      check(toxic, scope);
      const { promise: over, resolve: end } = Promise.withResolvers<void>();
      const name = describe(toxic, scope);
      const one: Active = {
        ...{ toxic, scope, name, over, end, isRemoved: false },
        ...{ drawn: new Map(), used: new Set() },
      };
      active.add(one);
      note("fault.added", name);
      if (toxic.kind === "down") void around.changedDown();
      for (const on of [...attached]) poison(one, on);
      return {
        get hits() {
          return one.used.size;
        },
        remove: () => remove(one),
      };
    },
    of(kind, on, stream) {
      const found = find(kind, on, stream);
      for (const one of found) hit(one, on);
      return found.map(({ toxic }) => toxic as Dose<typeof kind>);
    },
    async passable(on, stream) {
      for (;;) {
        const [first] = find("partition", on, stream);
        if (first === undefined) return;
        hit(first, on);
        await first.over;
      }
    },
    attach(on) {
      attached.add(on);
      for (const one of active) poison(one, on);
    },
    named(on) {
      for (const one of active) if (one.scope.broker !== undefined) poison(one, on);
    },
    isDown(broker, port) {
      const found = [...active].find(
        ({ toxic, scope }) =>
          toxic.kind === "down" &&
          (scope.toxicity ?? 1) >= 1 &&
          (scope.broker === undefined || scope.broker === broker),
      );
      // A port that is closed meets clients that it never sees.
      found?.used.add(-port);
      return found !== undefined;
    },
    detach(on) {
      attached.delete(on);
      for (const one of active) one.drawn.delete(on);
    },
    clear: async () => void (await Promise.all([...active].map(remove))),
  };
}

/** How and when a toxic ends a connection by itself. */
function endingOf(
  toxic: Toxic,
  random: () => number,
): { readonly afterMs: number; readonly how: "close" | "reset" } | undefined {
  switch (toxic.kind) {
    case "down":
      return { afterMs: 0, how: "close" };
    case "reset_peer":
      return { afterMs: toxic.timeoutMs, how: "reset" };
    case "timeout":
      return toxic.timeoutMs > 0 ? { afterMs: toxic.timeoutMs, how: "close" } : undefined;
    case "lifetime":
      return { afterMs: toxic.minMs + random() * (toxic.maxMs - toxic.minMs), how: "reset" };
    default:
      return undefined;
  }
}

function check(toxic: Toxic, { toxicity = 1 }: ToxicScope): void {
  const numbers = Object.entries(toxic).filter(([name]) => name !== "kind");
  for (const [name, value] of [...numbers, ["toxicity", toxicity]] as const)
    if (typeof value !== "number" || !(value >= 0) || value === Number.POSITIVE_INFINITY)
      throw new KeryxError(
        "config_invalid",
        `${name} of the toxic ${toxic.kind} is ${value}; it is a number from 0 up`,
      );
  if (toxic.kind === "bandwidth" && toxic.bytesPerSecond === 0)
    throw new KeryxError(
      "config_invalid",
      "a bandwidth of 0 lets nothing through; partition is the toxic for that",
    );
}

function describe({ kind, ...numbers }: Toxic, { broker, stream, toxicity = 1 }: ToxicScope): string {
  const parts = Object.entries({ ...numbers, broker, stream, ...(toxicity < 1 ? { toxicity } : {}) });
  const told = parts.filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${value}`);
  return [kind, ...told].join(" ");
}

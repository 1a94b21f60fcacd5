import { setTimeout as wait } from "node:timers/promises";
import type { ChaosProxy, DevBroker, DevRegistry } from "keryx/testing";
import type { Run, Worker } from "../effects/run.ts";

/** What a trouble can lay its hands on. */
export interface Victims {
  readonly run: Run;
  readonly broker: DevBroker;
  readonly proxy: ChaosProxy;
  readonly registry: DevRegistry;
  /** The worker whose process is left alone. */
  readonly steady: Worker;
  random(): number;
}

/** Something that goes wrong for a while. The proxy is healed behind it. */
export interface Trouble {
  readonly name: string;
  readonly act: (victims: Victims) => Promise<void>;
}

const faultMs = 6_000;

/** One of the workers whose processes are not left alone. */
function pick({ run, steady, random }: Victims): Worker | undefined {
  const others = run.alive().filter((worker) => worker !== steady);
  return others[Math.floor(random() * others.length)];
}

const onWorker =
  (act: (worker: Worker, victims: Victims) => Promise<void>) =>
  async (victims: Victims): Promise<void> => {
    const worker = pick(victims);
    if (worker) await act(worker, victims);
  };

const frozen = (forMs: number): Trouble["act"] =>
  onWorker(async (worker, { run }) => {
    await run.freeze(worker, true);
    await wait(forMs);
    await run.freeze(worker, false);
  });

const poisoned =
  (add: (victims: Victims, broker: number) => void): Trouble["act"] =>
  async (victims) => {
    add(victims, Math.floor(victims.random() * 3));
    await wait(faultMs);
  };

const answered = (api: string, code: number): Trouble["act"] =>
  poisoned(({ proxy }) => void proxy.rule({ api }, { kind: "error", code }, { times: 10 }));

/** Drawn one after the other, each as likely. */
export const troubles: readonly Trouble[] = [
  { name: "a worker is killed", act: onWorker((worker, { run }) => run.kill(worker)) },
  { name: "a worker is stopped", act: onWorker((worker, { run }) => run.stop(worker)) },
  { name: "a worker stands still for 4 s", act: frozen(4_000) },
  { name: "a worker stands still beyond its session", act: frozen(14_000) },
  {
    name: "all workers but one are restarted, one after the other",
    async act({ run, steady }) {
      for (const worker of run.alive().filter((one) => one !== steady)) {
        await run.stop(worker);
        run.start();
      }
    },
  },
  {
    name: "a session is ended",
    async act({ broker, run, random }) {
      const members = broker.group(run.group)?.members ?? [];
      const member = members[Math.floor(random() * members.length)];
      if (member) broker.expireSession(run.group, member.id);
    },
  },
  {
    name: "five rebalances are forced",
    async act({ broker, run }) {
      for (let time = 0; time < 5; time++) {
        broker.forceRebalance(run.group);
        await wait(500);
      }
    },
  },
  { name: "leaders move", act: async ({ broker }) => broker.shuffleLeaders() },
  { name: "coordinators move", act: async ({ broker }) => broker.rehashCoordinators() },
  {
    name: "a broker stops and comes back",
    async act({ broker, random }) {
      const id = Math.floor(random() * 3);
      await broker.stopBroker(id);
      await wait(faultMs);
      await broker.startBroker(id);
    },
  },
  {
    name: "a broker cannot be reached",
    act: poisoned(({ proxy }, broker) => void proxy.toxic({ kind: "down" }, { broker })),
  },
  { name: "no broker can be reached", act: poisoned(({ proxy }) => void proxy.toxic({ kind: "down" })) },
  {
    name: "answers are lost",
    act: poisoned(({ proxy }, broker) => {
      proxy.toxic({ kind: "timeout", timeoutMs: 0 }, { broker, stream: "downstream" });
    }),
  },
  {
    name: "a broker is cut off, and what was sent arrives later",
    act: poisoned(({ proxy }, broker) => void proxy.toxic({ kind: "partition" }, { broker })),
  },
  {
    name: "connections live a second",
    act: poisoned(({ proxy }) => void proxy.toxic({ kind: "lifetime", minMs: 500, maxMs: 1_500 })),
  },
  {
    name: "the network is slow",
    act: poisoned(({ proxy }) => void proxy.toxic({ kind: "latency", latencyMs: 200, jitterMs: 150 })),
  },
  {
    name: "the network cuts everything into pieces",
    act: poisoned(({ proxy }) => {
      proxy.toxic({ kind: "slicer", averageBytes: 200, variationBytes: 150, delayMs: 1 });
    }),
  },
  { name: "commits are refused for the coordinator loads", act: answered("OffsetCommit", 14) },
  { name: "commits find no coordinator", act: answered("OffsetCommit", 16) },
  { name: "heartbeats are told of a rebalance", act: answered("Heartbeat", 27) },
  { name: "fetches find no leader", act: answered("Fetch", 6) },
  { name: "hand-overs find too few replicas", act: answered("Produce", 19) },
  {
    name: "answers to hand-overs and commits are lost",
    act: poisoned(({ proxy }) => {
      proxy.rule({ api: "Produce" }, { kind: "drop", handled: true }, { times: 3 });
      proxy.rule({ api: "OffsetCommit" }, { kind: "drop", handled: true }, { times: 3 });
    }),
  },
  {
    name: "the registry fails while a worker starts anew",
    async act(victims) {
      const { registry, run } = victims;
      registry.faults.inject({}, { kind: "status", status: 503 }, { times: 20 });
      const worker = pick(victims);
      if (worker) await run.kill(worker);
      run.start();
      await wait(faultMs);
      registry.faults.clear();
    },
  },
];

import { type Clock, sleep } from "../../../core/clock.ts";
import type { TransportOptions } from "../../options.ts";
import { createClient } from "../client.ts";
import { type Broker, type Cluster, dropBroker } from "../cluster.ts";

// A broker that is frozen, or cut off without a word, keeps its connections and its leaderships in our metadata.
const patienceMs = 2_000;
const probeMs = 2_000;
const settleMs = 250;
const suspicionMs = 15_000;

/** Finds leaders that no longer answer, so that a send does not wait out the whole request timeout for them. */
export interface LeaderWatch {
  /** Runs the work; as long as it takes, asks each broker for a sign of life now and then and drops those that give none. */
  watch<T>(work: () => Promise<T>): Promise<T>;
  /** Waits, for a while, until none of these leaders is a broker that just gave no sign of life. */
  settle(leaders: () => readonly (number | undefined)[]): Promise<void>;
  close(): void;
}

export function createLeaderWatch(cluster: Cluster, transport: TransportOptions, clock: Clock): LeaderWatch {
  const suspects = new Map<number, number>();
  let isProbing = false;
  let isClosed = false;

  async function probeAll(): Promise<void> {
    isProbing = true;
    const brokers = Object.values(cluster.brokerPool.brokers).filter((broker) => broker.isConnected());
    await Promise.all(
      brokers.map(async (broker) => {
        if (await isAlive(broker, transport)) return;
        if (broker.nodeId !== null) suspects.set(Number(broker.nodeId), clock.now() + suspicionMs);
        if (!isClosed) dropBroker(cluster, broker, "no sign of life");
      }),
    );
    isProbing = false;
  }

  function hasSuspect(leaders: readonly (number | undefined)[]): boolean {
    const now = clock.now();
    for (const [node, until] of suspects) if (until < now) suspects.delete(node);
    return leaders.some((leader) => leader !== undefined && suspects.has(leader));
  }

  return {
    async watch(work) {
      let cancel = clock.schedule(patienceMs, probe);
      function probe(): void {
        if (!isProbing) void probeAll();
        cancel = clock.schedule(patienceMs, probe);
      }
      try {
        return await work();
      } finally {
        cancel();
      }
    },
    async settle(leaders) {
      while (!isClosed && suspects.size > 0 && hasSuspect(leaders())) {
        await sleep(clock, settleMs);
        // Passing failures are the send's to report.
        await cluster.refreshMetadata().catch(() => {});
      }
    },
    close() {
      isClosed = true;
    },
  };
}

// A connection of its own: a broker answers the requests of one connection in order, and a write waits for replicas.
async function isAlive(broker: Broker, transport: TransportOptions): Promise<boolean> {
  const { host, port } = broker.connectionPool;
  const probe = createClient(
    { ...transport, brokers: [`${host}:${port}`], connectionTimeoutMs: probeMs },
    { requestTimeoutMs: probeMs, retries: 0 },
  ).admin({ retry: { retries: 0 } });
  try {
    await probe.connect();
    return true;
  } catch {
    return false;
  } finally {
    probe.disconnect().catch(() => {});
  }
}

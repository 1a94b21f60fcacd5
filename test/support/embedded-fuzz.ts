import { KeryxError } from "../../src/core/errors.ts";
import { apis } from "../../src/embedded/broker/api/all.ts";
import type { Peer } from "../../src/embedded/broker/api/api.ts";
import { type Cluster, createCluster } from "../../src/embedded/broker/cluster.ts";
import { createDispatcher } from "../../src/embedded/broker/dispatch.ts";
import { createFaults } from "../../src/embedded/broker/faults.ts";
import { createSession } from "../../src/embedded/broker/net/sasl.ts";
import { resolveDevBrokerOptions } from "../../src/embedded/broker/options.ts";
import { apiVersions } from "../../src/embedded/broker/versions.ts";
import { createFrameReader } from "../../src/embedded/broker/wire/frame.ts";
import { batchOf } from "./embedded-batch.ts";
import { requestFrame, withLength } from "./embedded-wire.ts";
import { createManualClock } from "./manual-clock.ts";

/** Numbers that come again for the same seed. */
export type Random = (below: number) => number;

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
}

/** Sensible requests in every version: what mutations start from. */
export function seedFrames(): readonly Buffer[] {
  const topics = [{ name: "orders", partitions: [{ index: 0 }] }];
  const records = [batchOf(["a", "b"], { producerId: 4, sequence: 0 })];
  const fields: Readonly<Record<string, unknown>> = {
    ...{
      groupId: "g",
      memberId: "",
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocolType: "consumer",
    },
    ...{
      generationId: -1,
      key: "g",
      transactionalId: "t",
      transactionTimeoutMs: 10_000,
      mechanism: "PLAIN",
      acks: 1,
    },
    ...{
      protocols: [{ name: "range" }],
      groups: ["g"],
      resources: [{ type: 2, name: "orders" }],
      producerId: 4,
    },
  };
  const topicsOf: Readonly<Record<string, unknown>> = {
    ...{
      Produce: [{ name: "orders", partitions: [{ index: 0, records }] }],
      DeleteTopics: ["gone"],
      Metadata: [{ name: "orders" }],
    },
    ...{
      CreateTopics: [{ name: "new", numPartitions: 1, replicationFactor: 1 }],
      CreatePartitions: [{ name: "orders", count: 3 }],
    },
    ...{
      OffsetFetch: [{ name: "orders", partitions: [0] }],
      AddPartitionsToTxn: [{ name: "orders", partitions: [0] }],
    },
  };
  return apiVersions.flatMap(({ key, name, min, max }) => {
    const names = apis.find((api) => api.key === key)?.request.map((one) => one.name) ?? [];
    const all: Readonly<Record<string, unknown>> = { ...fields, topics: topicsOf[name] ?? topics };
    const request = Object.fromEntries(names.filter((one) => one in all).map((one) => [one, all[one]]));
    return Array.from({ length: max - min + 1 }, (_, at) => requestFrame(name, min + at, request));
  });
}

const hostileNumbers = [0, 1, -1, 0x7f, 0x7fff, 0x7fffffff, -0x80000000, 0x7ffffffe, 0xffff];

/** A frame that was changed in one to three places, cut, grown, or made up altogether. */
export function mutate(frame: Buffer, random: Random): Buffer {
  if (random(20) === 0) return withLength(Buffer.from(Array.from({ length: random(64) }, () => random(256))));
  let made = Buffer.from(frame);
  for (let changes = 1 + random(3); changes > 0; changes--) {
    const at = random(made.length);
    const kind = random(5);
    if (kind === 0) made[at] = (made[at] ?? 0) ^ (1 << random(8));
    else if (kind === 1) made[at] = random(256);
    else if (kind === 2 && made.length >= 8)
      made.writeInt32BE(
        (hostileNumbers[random(hostileNumbers.length)] ?? 0) | 0,
        Math.min(at, made.length - 4),
      );
    else if (kind === 3) made = made.subarray(0, Math.max(4, at));
    else made = Buffer.concat([made.subarray(0, at), made.subarray(at, at + random(16)), made.subarray(at)]);
    if (made.length === 0) return made;
  }
  // Mostly the length is right, so that what lies behind it is looked at.
  if (random(10) > 0 && made.length >= 4) made.writeInt32BE(made.length - 4);
  return made;
}

export interface FuzzTarget {
  readonly cluster: Cluster;
  /** Puts bytes through frame reader and dispatcher as one connection would. */
  feed(bytes: Buffer): "answered" | "waiting" | "closed";
}

/** Frame reader and dispatcher of one broker, without a socket. @throws what is not an ordinary refusal */
export function createFuzzTarget(): FuzzTarget {
  const options = resolveDevBrokerOptions({ clock: createManualClock(), log: () => {} });
  const cluster = createCluster(options);
  const dispatcher = createDispatcher(cluster, apis, createFaults(options.clock), () => {});
  const broker = cluster.controller();
  broker.ports.set("plain", 9092);
  cluster.createTopic({ name: "orders", partitions: 2 });
  return {
    cluster,
    feed(bytes) {
      const frames = createFrameReader(1024 * 1024);
      const closing = new Set<() => void>();
      const peer: Peer = {
        ...{ id: 1, broker, listener: "plain", session: createSession(undefined), clientHost: "127.0.0.1" },
        onClose(run) {
          closing.add(run);
          return () => void closing.delete(run);
        },
      };
      let told: ReturnType<FuzzTarget["feed"]> = "answered";
      try {
        frames.push(bytes);
        for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
          const outcome = dispatcher(frame, peer);
          if (outcome instanceof Promise) told = "waiting";
          else if (outcome === "close") told = "closed";
        }
      } catch (error) {
        if (!(error instanceof KeryxError) || error.code !== "frame_malformed") throw error;
        told = "closed";
      }
      for (const run of [...closing]) run();
      return told;
    },
  };
}

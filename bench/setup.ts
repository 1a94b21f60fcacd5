import { randomUUID } from "node:crypto";
import { Kafka, logLevel } from "kafkajs";
import type { EventType, TopicDefinition } from "keryx";
import { ApiRequest, type ApiRequestInit } from "../generated/index.ts";
import { median } from "./median.ts";

export const brokers: string[] = (process.env["KERYX__BROKERS"] ?? "").split(",");
export const registryUrl: string = process.env["KERYX__REGISTRY__URL"] ?? "";

/** A plain client, as a team writes it by hand. */
export const kafka: Kafka = new Kafka({ clientId: "by-hand", brokers, logLevel: logLevel.NOTHING });

export interface BenchTopic {
  readonly definition: TopicDefinition;
  readonly event: EventType<ApiRequest, ApiRequestInit>;
  readonly name: string;
}

/** The sample event `api.request` on a topic of this name. */
export function toBenchTopic(name: string): BenchTopic {
  const event = {
    ...ApiRequest,
    topic: name,
    subject: `${name}-value`,
    policy: { ...ApiRequest.policy, deadLetter: `${name}-dlq` },
  };
  return { name, event, definition: { name, events: [event] } };
}

/** A fresh topic that carries the sample event `api.request`. */
export async function createBenchTopic(purpose: string, numPartitions: number): Promise<BenchTopic> {
  const name = `bench-${purpose}-${randomUUID().slice(0, 8)}`;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: name, numPartitions }], waitForLeaders: false });
  for (let tries = 0; ; tries++) {
    const found = await admin.fetchTopicMetadata({ topics: [name] }).catch(() => ({ topics: [] }));
    const ready = found.topics[0]?.partitions.filter(({ leader }) => leader >= 0).length ?? 0;
    if (ready === numPartitions) break;
    if (tries > 100) throw new Error(`${name} has no leaders`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await admin.disconnect();
  return toBenchTopic(name);
}

let made = 0;

/** A request with a key and ids of its own; about 200 bytes on the wire. */
export function sample(): ApiRequestInit {
  made++;
  return {
    requestId: randomUUID(),
    clientId: `client-${made % 1000}`,
    method: "GET",
    path: "/v1/customers/{customerId}/orders/{orderId}/lines",
    status: 200,
    durationMs: 12.75,
    responseBytes: 18_432n,
    receivedAt: 1_790_000_000_000_000n,
    remoteAddress: "203.0.113.17",
    queryParameters: { page: "3", sort: "created", fields: "sku,quantity,price" },
  };
}

export interface Measured {
  readonly name: string;
  /** One figure a round, in records per second. */
  readonly byHand: readonly number[];
  readonly keryx: readonly number[];
  /** What the ratio of medians has to reach; absent: shown only. */
  readonly goal?: number;
}

/** Runs both contenders in turn, so that a machine that grows slower slows both. */
export async function duel(
  name: string,
  rounds: number,
  contenders: { readonly byHand: () => Promise<number>; readonly keryx: () => Promise<number> },
  goal?: number,
): Promise<Measured> {
  const byHand: number[] = [];
  const keryx: number[] = [];
  for (let round = 0; round < rounds; round++) {
    byHand.push(await contenders.byHand());
    keryx.push(await contenders.keryx());
  }
  const measured = { name, byHand, keryx, ...(goal === undefined ? {} : { goal }) };
  console.log(
    `${name}: ${describe(byHand)} by hand, ${describe(keryx)} with Keryx, ratio ${ratio(measured).toFixed(2)}`,
  );
  return measured;
}

/** Median of the ratios of each round's pair. */
export function ratio({ byHand, keryx }: Measured): number {
  return median(keryx.map((value, round) => value / (byHand[round] ?? Number.NaN)));
}

export function describe(values: readonly number[]): string {
  const text = (value: number): string => Math.round(value).toLocaleString("en-US");
  return `${text(median(values))} (${text(Math.min(...values))}–${text(Math.max(...values))})`;
}

import type { EventType, TopicDefinition } from "keryx";
import {
  ApiRequest,
  type ApiRequestInit,
  OrderPlaced,
  type OrderPlacedInit,
} from "../../../generated/index.ts";
import { createRandom } from "./random.ts";

/** Sample events on topics of their own: one with retry topics, one that keeps its order. */
export interface FlowTopics {
  /** Protobuf, with two retry topics and a dead-letter topic. */
  readonly retried: TopicDefinition;
  readonly order: EventType<OrderPlaced, OrderPlacedInit>;
  /** Avro, tried again in place. */
  readonly ordered: TopicDefinition;
  readonly request: EventType<ApiRequest, ApiRequestInit>;
}

export const retryDelaysMs: readonly number[] = [300, 800];

/** Attempts of an event on the retried topic before its dead letter. */
export const attempts: number = 1 + retryDelaysMs.length;

/** The retry topics of a run, with their delays. */
export function stagesOf({
  retried,
}: FlowTopics): readonly { readonly topic: string; readonly delayMs: number }[] {
  return retryDelaysMs.map((delayMs, index) => ({ topic: `${retried.name}-retry-${index + 1}`, delayMs }));
}

/** Derives the topics of one run from the generated events; every process of the run names them alike. */
export function toFlowTopics(run: string): FlowTopics {
  const [retried, ordered] = [`${run}-retried`, `${run}-ordered`];
  const order = {
    ...OrderPlaced,
    topic: retried,
    subject: `${retried}-value`,
    policy: { ...OrderPlaced.policy, retry: { delaysMs: retryDelaysMs }, deadLetter: `${retried}-dlq` },
  };
  const request = {
    ...ApiRequest,
    topic: ordered,
    subject: `${ordered}-value`,
    policy: { ...ApiRequest.policy, retry: { delaysMs: [] }, ordered: true, deadLetter: `${ordered}-dlq` },
  };
  return {
    retried: { name: retried, events: [order] },
    order,
    ordered: { name: ordered, events: [request] },
    request,
  };
}

/** What one event is, and what its handler does with it. */
export interface Task {
  readonly flow: "retried" | "ordered";
  readonly id: string;
  readonly key: string;
  readonly seq: number;
  /** Attempt at which the handler succeeds; 0: never. */
  readonly succeedsAt: number;
  readonly workMs: number;
}

/**
 * A third of the tasks keep their order; of the others some keys fail now and then, once, twice or for good.
 * One in a hundred takes much longer than the rest.
 */
export function buildTasks(seed: number, count: number, maxWorkMs: number): readonly Task[] {
  const random = createRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const next = new Map<string, number>();
  return Array.from({ length: count }, (_, index) => {
    const flow = random() < 1 / 3 ? "ordered" : "retried";
    const number = below(120);
    const key = `${flow}-${number}`;
    const seq = next.get(key) ?? 0;
    next.set(key, seq + 1);
    const chance = random();
    const canFail = flow === "ordered" || number >= 80;
    const failing = flow === "ordered" ? 2 : [2, 2, 3, 0][below(4)];
    return {
      flow,
      id: `${hex(seed, 8)}-0000-4000-8000-${hex(index, 12)}`,
      key,
      seq,
      succeedsAt: canFail && chance < 0.15 ? (failing ?? 1) : 1,
      workMs: chance > 0.99 ? 200 + below(200) : below(maxWorkMs),
    };
  });
}

export function toOrder({ id, key, seq, succeedsAt, workMs }: Task): OrderPlacedInit {
  return {
    eventId: id,
    orderId: key,
    totalMinor: BigInt(seq),
    customerId: `${succeedsAt}/${workMs}`,
  };
}

export function fromOrder({ eventId: id, orderId: key, totalMinor, customerId }: OrderPlaced): Task {
  const [succeedsAt = 1, workMs = 0] = customerId.split("/").map(Number);
  return { flow: "retried", id, key, seq: Number(totalMinor), succeedsAt, workMs };
}

export function toRequest({ id, key, seq, succeedsAt, workMs }: Task): ApiRequestInit {
  return {
    requestId: id as ApiRequest["requestId"],
    clientId: key,
    method: "GET",
    path: "/",
    status: succeedsAt,
    durationMs: workMs,
    responseBytes: BigInt(seq),
    receivedAt: 0n,
  };
}

export function fromRequest(event: ApiRequest): Task {
  const { requestId: id, clientId: key, responseBytes, status: succeedsAt, durationMs: workMs } = event;
  return { flow: "ordered", id, key, seq: Number(responseBytes), succeedsAt, workMs };
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

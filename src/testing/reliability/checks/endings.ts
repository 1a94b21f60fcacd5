import { type Flow, findRecord, originOf, type Run, type Send, toPartitionKey, toPlaceKey } from "../run.ts";
import type { Report } from "../violations.ts";
import { describeMessage } from "./describe.ts";

type Acknowledged = Extract<Send, { readonly name: "producer_send_success" }>;

/** Nothing acknowledged is lost, and every record that lies on a source topic came to an end. */
export function checkEndings(run: Run, report: Report): void {
  const delivered = findDelivered(run);
  const open = new Set(run.history.flatMap((entry) => toAborted(entry)));
  for (const flow of run.flows) {
    const accounted = toAccounted(flow);
    for (const sends of run.sends.values())
      for (const send of sends) {
        if (send.name !== "producer_send_success" || send.topic !== flow.topic) continue;
        if (send.transaction !== undefined && open.has(send.transaction)) continue;
        if (!accounted(send.id, toPlaceKey(send)))
          report("nothing-lost", toClass(run, flow, send, delivered), describeMessage(send, send));
      }
    checkInputs(run, flow, accounted, report);
  }
}

type Accounted = (id: string, place: string) => boolean;

function checkInputs(run: Run, flow: Flow, accounted: Accounted, report: Report): void {
  for (const { topic, partition, records } of run.finalRead.partitions) {
    if (topic !== flow.topic) continue;
    for (const { id, key, offset } of records) {
      const place = toPlaceKey({ topic, partition, offset });
      if (accounted(id, place)) continue;
      const violation = flow.dedupedIds.has(id) ? "dropped-as-duplicate" : "never-handled";
      report("at-least-once", violation, describeMessage({ id, key }, { topic, partition, offset }));
    }
  }
}

/** An effect that is sure, a dead letter, a retry that is still to come, a parked record, or somebody's decision. */
function toAccounted(flow: Flow): Accounted {
  const deadPlaces = new Set<string>();
  for (const { record, kind } of flow.handedOver) {
    const origin = kind === "dead-letter" ? originOf(record) : undefined;
    if (origin) deadPlaces.add(toPlaceKey(origin));
  }
  return (id, place) =>
    flow.effects.get(id)?.some(({ isSure }) => isSure) === true ||
    flow.deadIds.has(id) ||
    flow.pendingIds.has(id) ||
    flow.ended.has(id) ||
    flow.ended.has(place) ||
    deadPlaces.has(place);
}

function toClass(run: Run, flow: Flow, send: Acknowledged, delivered: ReadonlySet<string>): string {
  const partition = run.partitions.get(toPartitionKey(send));
  if (partition && send.offset >= partition.low && !findRecord(run, send)) return "lost-write";
  const isUnseen = run.polledGroups.has(flow.group) && !delivered.has(`${flow.group} ${toPlaceKey(send)}`);
  return isUnseen ? "unseen" : "lost";
}

function findDelivered({ history, polledGroups }: Run): ReadonlySet<string> {
  const places = new Set<string>();
  if (polledGroups.size === 0) return places;
  for (const entry of history)
    if (entry.name === "record_data") places.add(`${entry.group} ${toPlaceKey(entry)}`);
  return places;
}

function toAborted(entry: Run["history"][number]): readonly string[] {
  return entry.name === "transaction_ended" && entry.result === "aborted" ? [entry.transaction] : [];
}

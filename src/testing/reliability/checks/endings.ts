import type { Place } from "../history.ts";
import { type Flow, findRecord, originOf, type Run, type Send, toPartitionKey, toPlaceKey } from "../run.ts";
import type { Report } from "../violations.ts";
import { describeMessage } from "./describe.ts";

type Acknowledged = Extract<Send, { readonly name: "producer_send_success" }>;

/** Nothing acknowledged is lost, and every record that lies on a source topic came to an end. */
export function checkEndings(run: Run, report: Report): void {
  const isDelivered = createIsDelivered(run);
  const aborted = new Set<string>();
  for (const entry of run.history)
    if (entry.name === "transaction_ended" && entry.result === "aborted") aborted.add(entry.transaction);
  for (const flow of run.flows) {
    const accounted = toAccounted(flow);
    for (const sends of run.sends.values())
      for (const send of sends) {
        if (send.name !== "producer_send_success" || send.topic !== flow.topic) continue;
        if (send.transaction !== undefined && aborted.has(send.transaction)) continue;
        if (!accounted(send.id, toPlaceKey(send)))
          report("nothing-lost", toClass(run, flow, send, isDelivered), describeMessage(send, send));
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

type IsDelivered = (flow: Flow, place: Place) => boolean;

function toClass(run: Run, flow: Flow, send: Acknowledged, isDelivered: IsDelivered): string {
  const partition = run.partitions.get(toPartitionKey(send));
  if (partition && send.offset >= partition.low && !findRecord(run, send)) return "lost-write";
  return run.polledGroups.has(flow.group) && !isDelivered(flow, send) ? "unseen" : "lost";
}

// Asked for when something is lost, so that other runs need not pay for it.
function createIsDelivered({ history }: Run): IsDelivered {
  let places: Set<string> | undefined;
  const find = (): Set<string> => {
    const found = new Set<string>();
    for (const entry of history)
      if (entry.name === "record_data") found.add(`${entry.group} ${toPlaceKey(entry)}`);
    return found;
  };
  return (flow, place) => {
    places ??= find();
    return places.has(`${flow.group} ${toPlaceKey(place)}`);
  };
}

import type { DevBroker } from "keryx/testing";
import { connectWire, dig, type Loose } from "../embedded-wire.ts";

async function ask(broker: DevBroker, api: string, version: number, request: Loose): Promise<Loose> {
  const client = await connectWire(broker.bootstrap()[0] ?? "");
  try {
    return await client.ask(api, version, request);
  } finally {
    client.close();
  }
}

/** Id of the broker that looks after a group. */
export async function coordinatorOf(broker: DevBroker, group: string): Promise<number> {
  return Number(dig(await ask(broker, "FindCoordinator", 0, { key: group }), "nodeId"));
}

/** Ids of the brokers that lead the partitions of a topic, in the order of the partitions. */
export async function leadersOf(broker: DevBroker, topic: string): Promise<readonly number[]> {
  const told = await ask(broker, "Metadata", 6, { topics: [{ name: topic }] });
  const partitions = dig(told, "topics", 0, "partitions") as readonly { index: number; leader: number }[];
  return partitions.toSorted((a, b) => a.index - b.index).map(({ leader }) => leader);
}

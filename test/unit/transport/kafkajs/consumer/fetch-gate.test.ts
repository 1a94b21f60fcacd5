import { expect } from "chai";
import type { FetchRequest, FetchResponse } from "../../../../../src/transport/kafkajs/cluster.ts";
import { createFetchGate } from "../../../../../src/transport/kafkajs/consumer/fetch-gate.ts";

const topic = "orders";
const forever = 3_600_000;

function asking(...partitions: readonly number[]): FetchRequest {
  const asked = partitions.map((partition) => ({ partition, fetchOffset: "0", maxBytes: 1_000 }));
  return {
    maxWaitTime: 0,
    minBytes: 1,
    maxBytes: 1_000,
    isolationLevel: 1,
    topics: [{ topic, partitions: asked }],
  };
}

describe("The gate of fetches", () => {
  let paused: Set<number>;
  let sent: FetchRequest[];
  const isOpen = ({ partition }: { readonly partition: number }): boolean => !paused.has(partition);
  const send = async (request: FetchRequest): Promise<FetchResponse> => {
    sent.push(request);
    return { responses: [] };
  };
  const partitionsOf = (request: FetchRequest | undefined): readonly number[] =>
    request?.topics.flatMap(({ partitions }) => partitions.map(({ partition }) => partition)) ?? [];

  beforeEach(() => {
    paused = new Set();
    sent = [];
  });

  it("asks for everything, with all patience, while nothing is paused", async () => {
    const gate = createFetchGate(isOpen, 250);
    gate.changed();
    await gate.fetch(asking(0, 1), send);
    expect(sent).to.deep.equal([{ ...asking(0, 1), maxWaitTime: 250 }]);
  });

  it("leaves out what is paused, and is brief while that has just changed", async () => {
    const gate = createFetchGate(isOpen, 250);
    paused.add(0);
    gate.changed();
    await gate.fetch(asking(0, 1), send);
    expect(partitionsOf(sent[0])).to.deep.equal([1]);
    expect(sent[0]?.maxWaitTime).to.equal(25);
  });

  it("takes its time again when what is paused stays so", async () => {
    const gate = createFetchGate(isOpen, 250);
    paused.add(0);
    await gate.fetch(asking(0, 1), send);
    expect(sent[0]?.maxWaitTime).to.equal(250);
  });

  it("sends nothing while all is paused, and comes back at once when something changes", async () => {
    const gate = createFetchGate(isOpen, forever);
    paused.add(0);
    const waiting = gate.fetch(asking(0), send);
    paused.delete(0);
    gate.changed();
    expect(await waiting).to.deep.equal({ responses: [] });
    expect(sent).to.deep.equal([]);
    await gate.fetch(asking(0), send);
    expect(partitionsOf(sent[0])).to.deep.equal([0]);
  });

  it("comes back after its time although nothing changes, so that heartbeats go on", async () => {
    const gate = createFetchGate(isOpen, 1);
    paused.add(0);
    expect(await gate.fetch(asking(0), send)).to.deep.equal({ responses: [] });
  });
});

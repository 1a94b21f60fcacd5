import { expect } from "chai";
import type { Broker } from "../../../../src/transport/kafkajs/cluster.ts";
import { type FetchedMarker, readAnswer, readFetches } from "../../../../src/transport/kafkajs/fetch.ts";
import { writeAnswer, writeBatch, writeMark } from "../../../support/record-batches.ts";

const records = [{ value: Buffer.from("a") }, { value: Buffer.from("b") }];

describe("The answer to a fetch", () => {
  it("becomes one message for all records of a partition, at the last offset", async () => {
    const answer = await readAnswer(
      writeAnswer({
        orders: [
          { partition: 1, bytes: writeBatch({ baseOffset: 4n, records }), aborted: [] },
          { partition: 2, errorCode: 6 },
        ],
        payments: [{ partition: 0, bytes: writeMark(9n, 1n, "commit") }],
      }),
    );
    expect(answer).to.include({ throttleTime: 0, clientSideThrottleTime: 7, errorCode: 0 });
    const [orders, payments] = answer!.responses;
    expect(orders!.topicName).to.equal("orders");
    expect(orders!.partitions[0]).to.include({ partition: 1, errorCode: 0, highWatermark: "90" });
    expect(orders!.partitions[0]!.messages[0]).to.include({ offset: "5", isControlRecord: false });
    expect(orders!.partitions[1]).to.deep.include({ partition: 2, errorCode: 6, messages: [] });
    expect(payments!.partitions[0]!.messages[0]).to.include({ offset: "9", isControlRecord: true });
  });

  it("with records of an old format is left to kafkajs", async () => {
    const bytes = writeBatch({ magic: 1 });
    expect(await readAnswer(writeAnswer({ orders: [{ partition: 0, bytes }] }))).to.equal(undefined);
  });

  it("that ends too early is refused", async () => {
    const answer = writeAnswer({ orders: [{ partition: 0, bytes: writeBatch({ records }) }] });
    let thrown: unknown;
    await readAnswer(answer.subarray(0, answer.length - 1)).catch((error: unknown) => {
      thrown = error;
    });
    expect(thrown).to.be.instanceOf(RangeError);
  });
});

describe("A broker whose fetches are read here", () => {
  const payload = writeAnswer({ orders: [{ partition: 0, bytes: writeBatch({ records }) }] });
  const theirs = { kafkajs: true };
  const decode = async (): Promise<unknown> => theirs;
  const lookupFor = (apiVersion: number) => () => () => ({ request: { apiVersion }, response: { decode } });
  const createBroker = (apiVersion: number) => {
    const broker = {
      lookupRequest: lookupFor(apiVersion),
      fetch: () => decodeAs(1),
    };
    const decodeAs = (api: number): Promise<unknown> => {
      const lookup = broker.lookupRequest as unknown as (
        api: number,
        definition: unknown,
      ) => () => { response: { decode(payload: Buffer): Promise<unknown> } };
      return lookup(api, {})().response.decode(payload);
    };
    readFetches(broker as unknown as Broker);
    return { broker, decodeAs };
  };
  const isOurs = (answer: unknown): boolean => {
    const { responses } = answer as { responses?: { partitions: { messages: FetchedMarker[] }[] }[] };
    return responses?.[0]?.partitions[0]?.messages[0]?.records !== undefined;
  };

  it("decodes the version it knows, also after it connected again, and no other request", async () => {
    const { broker, decodeAs } = createBroker(11);
    expect(isOurs(await broker.fetch())).to.equal(true);
    expect(await decodeAs(3)).to.equal(theirs);
    broker.lookupRequest = lookupFor(11);
    expect(isOurs(await broker.fetch())).to.equal(true);
  });

  it("leaves other versions to kafkajs", async () => {
    expect(await createBroker(10).broker.fetch()).to.equal(theirs);
  });
});

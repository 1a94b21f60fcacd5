import { expect } from "chai";
import { embeddedBrokers } from "../../../../support/embedded.ts";
import { dig, type Loose, type WireClient } from "../../../../support/embedded-wire.ts";

describe("administering topics of the embedded broker", () => {
  const { start, wire } = embeddedBrokers();
  const create = async (client: WireClient, topic: Loose, { version = 4, validateOnly = false } = {}) => {
    const topics = [{ name: "new", numPartitions: 1, replicationFactor: 1, ...topic }];
    return dig(await client.ask("CreateTopics", version, { topics, validateOnly }), "topics", 0, "errorCode");
  };
  const partitionsOf = async (client: WireClient, name = "new") => {
    const answer = await client.ask("Metadata", 5, { topics: [{ name }] });
    return (dig(answer, "topics", 0, "partitions") as readonly Loose[]).map(({ leader, replicas }) => ({
      leader,
      replicas,
    }));
  };

  it("creates topics of that many partitions and replicas", async () => {
    const client = await wire(await start({ brokers: 2 }));
    expect(await create(client, { numPartitions: 3, replicationFactor: 2 })).to.equal(0);
    const partitions = await partitionsOf(client);
    expect(partitions).to.have.length(3);
    for (const { replicas } of partitions) expect([...(replicas as number[])].sort()).to.deep.equal([0, 1]);
    expect(await create(client, {})).to.equal(36);
  });

  const codes: readonly (readonly [what: string, topic: Loose, code: number])[] = [
    ["a name that Kafka does not take", { name: "a b" }, 17],
    ["no partitions", { numPartitions: 0 }, 37],
    ["no replicas", { replicationFactor: 0 }, 38],
    ["more replicas than brokers", { replicationFactor: 3 }, 38],
    ["an unknown setting", { configs: [{ name: "no.such.setting", value: "1" }] }, 40],
    ["a setting without value", { configs: [{ name: "retention.ms", value: null }] }, 40],
    ["a setting of another kind", { configs: [{ name: "retention.ms", value: "long" }] }, 40],
    ["an own name of objects as setting", { configs: [{ name: "constructor", value: "1" }] }, 40],
    ["assignments beside numbers", { assignments: [{ index: 0, brokerIds: [0] }] }, 42],
  ];
  for (const [what, topic, code] of codes)
    it(`refuses ${what} with ${code}`, async () => {
      const client = await wire(await start({ brokers: 2 }));
      expect(await create(client, topic)).to.equal(code);
      expect(dig(await client.ask("Metadata", 1, { topics: null }), "topics")).to.deep.equal([]);
    });

  const assigned = { numPartitions: -1, replicationFactor: -1 };

  it("takes manual assignments, in any order of partitions", async () => {
    const client = await wire(await start({ brokers: 3 }));
    const assignments = [
      { index: 1, brokerIds: [2, 0] },
      { index: 0, brokerIds: [1, 2] },
    ];
    expect(await create(client, { ...assigned, assignments }, { version: 2 })).to.equal(0);
    expect(await partitionsOf(client)).to.deep.equal([
      { leader: 1, replicas: [1, 2] },
      { leader: 2, replicas: [2, 0] },
    ]);
  });

  it("refuses assignments with gaps, unknown, missing or doubled brokers with 39", async () => {
    const client = await wire(await start({ brokers: 2 }));
    for (const assignments of [
      [{ index: 1, brokerIds: [0] }],
      [
        { index: 0, brokerIds: [0] },
        { index: 0, brokerIds: [1] },
      ],
      [{ index: 0, brokerIds: [9] }],
      [{ index: 0, brokerIds: [] }],
      [{ index: 0, brokerIds: [1, 1] }],
    ])
      expect(await create(client, { ...assigned, assignments }), JSON.stringify(assignments)).to.equal(39);
  });

  it("takes −1 as the default in every version, as kafkajs sends it below version 4", async () => {
    const client = await wire(await start({ defaultPartitions: 3 }));
    for (const version of [2, 3, 4]) {
      expect(await create(client, { name: `v${version}`, ...assigned }, { version })).to.equal(0);
      expect(await partitionsOf(client, `v${version}`)).to.have.length(3);
    }
  });

  it("creates nothing when it is only to validate, and says what would have failed", async () => {
    const client = await wire(await start());
    expect(await create(client, {}, { validateOnly: true })).to.equal(0);
    expect(await create(client, { replicationFactor: 2 }, { validateOnly: true })).to.equal(38);
    expect(await create(client, {})).to.equal(0);
    expect(await create(client, {}, { validateOnly: true })).to.equal(36);
  });

  it("refuses a name that one request has twice with 42", async () => {
    const client = await wire(await start());
    const topics = ["a", "b", "a"].map((name) => ({ name, numPartitions: 1, replicationFactor: 1 }));
    const answer = await client.ask("CreateTopics", 4, { topics });
    expect((dig(answer, "topics") as readonly Loose[]).map(({ errorCode }) => errorCode)).to.deep.equal([
      42, 0, 42,
    ]);
  });

  it("answers 41 at a broker that is not the controller, and changes nothing", async () => {
    const broker = await start({ brokers: 2, topics: [{ name: "orders" }] });
    const client = await wire(broker, { index: 1 });
    expect(await create(client, {})).to.equal(41);
    expect(
      dig(await client.ask("DeleteTopics", 1, { topics: ["orders"] }), "topics", 0, "errorCode"),
    ).to.equal(41);
    const grown = await client.ask("CreatePartitions", 1, {
      topics: [{ name: "orders", count: 2, assignments: null }],
    });
    expect(dig(grown, "topics", 0, "errorCode")).to.equal(41);
    expect(await partitionsOf(client, "orders")).to.have.length(1);
  });

  it("deletes topics with their records and committed offsets", async () => {
    const broker = await start({ topics: [{ name: "orders" }] });
    const client = await wire(broker);
    broker.seed("orders", [{ value: "a" }]);
    const partitions = [{ index: 0, offset: 1 }];
    await client.ask("OffsetCommit", 2, {
      groupId: "g",
      generationId: -1,
      topics: [{ name: "orders", partitions }],
    });
    expect(broker.group("g")?.offsets).to.have.length(1);
    const answer = await client.ask("DeleteTopics", 1, { topics: ["orders", "other"] });
    expect(dig(answer, "topics")).to.deep.equal([
      { name: "orders", errorCode: 0 },
      { name: "other", errorCode: 3 },
    ]);
    expect(broker.group("g")?.offsets).to.deep.equal([]);
    expect(await create(client, { name: "orders" })).to.equal(0);
    expect(broker.records("orders")).to.deep.equal([]);
  });

  it("adds partitions, at chosen brokers where it is told", async () => {
    const broker = await start({ brokers: 2, topics: [{ name: "orders" }] });
    const client = await wire(broker);
    const grow = async (
      count: number,
      assignments: readonly Loose[] | null = null,
      validateOnly = false,
      name = "orders",
    ) => {
      const answer = await client.ask("CreatePartitions", 1, {
        topics: [{ name, count, assignments }],
        validateOnly,
      });
      return dig(answer, "topics", 0, "errorCode");
    };
    expect(await grow(2, null, true)).to.equal(0);
    expect(await grow(1)).to.equal(37);
    expect(await grow(0)).to.equal(37);
    expect(await grow(2, [{ brokerIds: [7] }])).to.equal(39);
    expect(await grow(3, [{ brokerIds: [0] }])).to.equal(39);
    expect(await grow(2, null, false, "other")).to.equal(3);
    expect(await partitionsOf(client, "orders")).to.have.length(1);
    expect(await grow(2, [{ brokerIds: [1] }])).to.equal(0);
    expect((await partitionsOf(client, "orders"))[1]).to.deep.equal({ leader: 1, replicas: [1] });
    expect(await grow(4)).to.equal(0);
    expect(await partitionsOf(client, "orders")).to.have.length(4);
  });

  it("deletes records before an offset, all of them for −1", async () => {
    const broker = await start({ topics: [{ name: "orders" }] });
    const client = await wire(broker);
    for (const value of ["a", "b", "c"]) broker.seed("orders", [{ value }]);
    const remove = async (offset: number, index = 0) => {
      const answer = await client.ask("DeleteRecords", 1, {
        topics: [{ name: "orders", partitions: [{ index, offset }] }],
      });
      const part = dig(answer, "topics", 0, "partitions", 0);
      return [dig(part, "errorCode"), dig(part, "lowWatermark")];
    };
    expect(await remove(2)).to.deep.equal([0, 2]);
    expect(broker.records("orders").map(({ offset }) => offset)).to.deep.equal([2]);
    expect(await remove(1)).to.deep.equal([0, 2]);
    expect(await remove(4)).to.deep.equal([1, -1]);
    expect(await remove(-2)).to.deep.equal([1, -1]);
    expect(await remove(0, 5)).to.deep.equal([3, -1]);
    expect(await remove(-1)).to.deep.equal([0, 3]);
    expect(broker.records("orders")).to.deep.equal([]);
  });
});

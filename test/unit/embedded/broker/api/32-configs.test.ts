import { expect } from "chai";
import { embeddedBrokers } from "../../../../support/embedded.ts";
import { dig, type Loose, type WireClient } from "../../../../support/embedded-wire.ts";

describe("settings on the embedded broker", () => {
  const { start, wire } = embeddedBrokers();
  const topic = { type: 2, name: "orders" };
  const describeAll = async (
    client: WireClient,
    resource: Loose = topic,
    keys: readonly string[] | null = null,
  ) => {
    const answer = await client.ask("DescribeConfigs", 2, {
      resources: [{ ...resource, keys }],
      includeSynonyms: true,
    });
    return dig(answer, "resources", 0) as Loose;
  };
  const read = async (client: WireClient, name: string, resource: Loose = topic) => {
    const found = dig(await describeAll(client, resource, [name]), "configs", 0);
    return [dig(found, "value"), dig(found, "source")];
  };
  const alter = async (
    client: WireClient,
    configs: readonly Loose[],
    { validateOnly = false, resource = topic as Loose } = {},
  ) => {
    const answer = await client.ask("AlterConfigs", 1, {
      resources: [{ ...resource, configs }],
      validateOnly,
    });
    return dig(answer, "resources", 0, "errorCode");
  };
  const step = async (
    client: WireClient,
    name: string,
    operation: number,
    value: string | null,
    validateOnly = false,
  ) => {
    const resources = [{ ...topic, configs: [{ name, operation, value }] }];
    const answer = await client.ask("IncrementalAlterConfigs", 0, { resources, validateOnly });
    return dig(answer, "resources", 0, "errorCode");
  };
  const started = async (configs: Readonly<Record<string, string>> = {}) =>
    wire(await start({ topics: [{ name: "orders", configs }] }));

  it("are told with where their value comes from", async () => {
    const client = await started({ "retention.ms": "5" });
    expect(await read(client, "retention.ms")).to.deep.equal(["5", 1]);
    expect(await read(client, "cleanup.policy")).to.deep.equal(["delete", 5]);
    expect(
      dig(await describeAll(client, topic, ["retention.ms"]), "configs", 0, "synonyms", 0),
    ).to.deep.equal({
      name: "retention.ms",
      value: "5",
      source: 1,
    });
  });

  it("are all told for no list of names and for an empty one", async () => {
    const client = await started();
    const all = dig(await describeAll(client), "configs") as readonly Loose[];
    expect(all.map(({ name }) => name)).to.include.members([
      "retention.ms",
      "segment.ms",
      "min.cleanable.dirty.ratio",
    ]);
    expect(dig(await describeAll(client, topic, []), "configs")).to.deep.equal(all);
    expect(dig(await describeAll(client, topic, ["no.such"]), "configs")).to.deep.equal([]);
  });

  it("of a broker can be read, as numbers that hold here", async () => {
    const client = await wire(await start({ defaultPartitions: 4 }));
    const broker = { type: 4, name: "0" };
    expect((await read(client, "num.partitions", broker))[0]).to.equal("4");
    expect((await read(client, "default.replication.factor", broker))[0]).to.equal("1");
    expect(await describeAll(client, { type: 4, name: "9" })).to.include({ errorCode: 42 });
    expect(await describeAll(client, { type: 4, name: "x" })).to.include({ errorCode: 42 });
    expect(await alter(client, [], { resource: broker })).to.equal(42);
  });

  it("of an unknown topic are 3, and of anything else 42", async () => {
    const client = await started();
    expect(await describeAll(client, { type: 2, name: "other" })).to.include({ errorCode: 3 });
    expect(await describeAll(client, { type: 8, name: "orders" })).to.include({ errorCode: 42 });
    expect(await alter(client, [], { resource: { type: 2, name: "other" } })).to.equal(3);
  });

  it("are replaced as a whole by AlterConfigs", async () => {
    const client = await started({ "retention.ms": "5", "cleanup.policy": "compact" });
    expect(await alter(client, [{ name: "retention.bytes", value: "9" }], { validateOnly: true })).to.equal(
      0,
    );
    expect(await read(client, "retention.ms")).to.deep.equal(["5", 1]);
    expect(await alter(client, [{ name: "retention.bytes", value: "9" }])).to.equal(0);
    expect(await read(client, "retention.bytes")).to.deep.equal(["9", 1]);
    expect(await read(client, "retention.ms")).to.deep.equal(["604800000", 5]);
    expect(await alter(client, [{ name: "no.such", value: "1" }])).to.equal(40);
    expect(await read(client, "retention.bytes")).to.deep.equal(["9", 1]);
  });

  it("are set and taken back one by one by IncrementalAlterConfigs", async () => {
    const client = await started({ "retention.ms": "5" });
    expect(await step(client, "retention.bytes", 0, "7", true)).to.equal(0);
    expect(await read(client, "retention.bytes")).to.deep.equal(["-1", 5]);
    expect(await step(client, "retention.bytes", 0, "7")).to.equal(0);
    expect(await read(client, "retention.bytes")).to.deep.equal(["7", 1]);
    expect(await step(client, "retention.bytes", 1, null)).to.equal(0);
    expect(await read(client, "retention.bytes")).to.deep.equal(["-1", 5]);
    expect(await read(client, "retention.ms")).to.deep.equal(["5", 1]);
    expect(await step(client, "no.such", 0, "1")).to.equal(40);
    expect(await step(client, "retention.ms", 0, "x")).to.equal(40);
  });

  it("append to a list from its default where it was never set", async () => {
    const client = await started();
    expect(await step(client, "cleanup.policy", 2, "compact")).to.equal(0);
    expect(await read(client, "cleanup.policy")).to.deep.equal(["delete,compact", 1]);
    expect(await step(client, "cleanup.policy", 2, "compact")).to.equal(0);
    expect(await read(client, "cleanup.policy")).to.deep.equal(["delete,compact", 1]);
    expect(await step(client, "cleanup.policy", 3, "delete")).to.equal(0);
    expect(await read(client, "cleanup.policy")).to.deep.equal(["compact", 1]);
    expect(await step(client, "cleanup.policy", 2, "shred")).to.equal(40);
    expect(await step(client, "retention.ms", 2, "1")).to.equal(40);
    expect(await step(client, "cleanup.policy", 9, "delete")).to.equal(40);
  });

  it("are checked for their kind", async () => {
    const client = await started();
    const right = {
      "min.cleanable.dirty.ratio": "0.25",
      preallocate: "true",
      "segment.ms": "1000",
      "cleanup.policy": "compact,delete",
    };
    const wrong = {
      "min.cleanable.dirty.ratio": "much",
      preallocate: "1",
      "segment.ms": "1.5",
      "cleanup.policy": "",
      "retention.ms": "",
    };
    for (const [name, value] of Object.entries(right))
      expect(await step(client, name, 0, value), name).to.equal(0);
    for (const [name, value] of Object.entries(wrong))
      expect(await step(client, name, 0, value), name).to.equal(40);
  });
});

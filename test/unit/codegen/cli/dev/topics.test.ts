import { expect } from "chai";
import { toDevTopics } from "../../../../../codegen/cli/dev/topics.ts";
import { openProject } from "../../../../../codegen/cli/load.ts";
import { type CheckedModel, loadModel } from "../../../../../codegen/index.ts";

const root = new URL("../../../../../", import.meta.url).pathname;

describe("Topics of a development cluster", function () {
  this.timeout(60_000);
  let project: ReturnType<typeof openProject>;
  let model: CheckedModel["model"];

  before(async () => {
    const color = { out: false, note: false };
    project = openProject({ project: root }, { cwd: root, env: {}, color, out: () => {}, note: () => {} });
    ({ model } = await loadModel(project));
  });

  const topicsWith = (more: object, brokers = 1) =>
    toDevTopics(model, { ...project.config, ...more }, brokers);

  it("keep records as long as their plan promises, and take what a hand-over adds", () => {
    const found = new Map(topicsWith({}).map((topic) => [topic.name, topic]));
    expect(found.get("order-events")?.configs).to.equal(undefined);
    expect(found.get("order-events-retry-1")?.configs).to.include({
      "retention.ms": String(7 * 86_400_000),
      "max.message.bytes": String(1_048_588 + 16_384),
    });
    expect(found.get("order-events-dlq")?.configs).to.include({ "retention.ms": String(30 * 86_400_000) });
  });

  it("have the partitions of their source, and never more replicas than there are brokers", () => {
    const topics = { "order-events": { partitions: 6, replicationFactor: 3 } };
    const sized = {
      ...model,
      topics: model.topics.map((topic) => ({
        ...topic,
        events: topic.events.map((event) => ({
          ...event,
          options: { ...event.options, partitions: { value: 6, from: { kind: "lock" } as const } },
        })),
      })),
    };
    const found = toDevTopics(sized, { ...project.config, topics }, 2);
    for (const name of ["order-events", "order-events-retry-1", "order-events-dlq"])
      expect(found.find((topic) => topic.name === name)).to.include({ partitions: 6, replicationFactor: 2 });
  });

  it("follow retry delays that the settings lay over the schemas", () => {
    const names = topicsWith({ consumer: { retryDelaysMs: [100] } }).map(({ name }) => name);
    expect(names).to.include("order-events-retry-1");
    expect(names).to.not.include("order-events-retry-2");
    expect(names).to.not.include("system-events-retry-1");
  });

  it("named after groups are left to the consumers", () => {
    const names = topicsWith({ consumer: { naming: "group" } }).map(({ name }) => name);
    expect(names).to.deep.equal(model.topics.map(({ name }) => name));
  });
});

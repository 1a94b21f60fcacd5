import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { expect } from "chai";
import type { Signal } from "../../src/core/signals.ts";
import { type ConnectOptions, connect, type KeryxApp, KeryxError } from "../../src/index.ts";
import { createOrderEvent } from "./producer/memory-kafka.ts";

const placed = createOrderEvent();
const nowhere = "127.0.0.1:1";

function open(options: ConnectOptions = {}, signals: Signal[] = []): Promise<KeryxApp> {
  return connect({
    brokers: [nowhere],
    registry: "http://127.0.0.1:1",
    connectionTimeoutMs: 300,
    cwd: tmpdir(),
    environment: {},
    logDestination: { write: () => {} },
    observe: (signal) => signals.push(signal),
    ...options,
  });
}

const caught = async (work: () => unknown): Promise<KeryxError> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof KeryxError) return error;
    throw error;
  }
  throw new Error("it did not fail");
};

describe("connect()", () => {
  it("connects to nothing before the first producer or consumer starts", async () => {
    const signals: Signal[] = [];
    const app = await open({}, signals);
    await app.close();
    await app.close();
    expect(signals.map((signal) => signal.kind)).to.deep.equal(["app.started", "app.closed"]);
  });

  it("refuses wrong settings with their place", async () => {
    const wrong = { clientID: "x" } as ConnectOptions;
    const error = await caught(() => open(wrong));
    expect(error.code).to.equal("config_invalid");
    expect(error.message).to.include("connect(): clientID: unknown setting; did you mean `clientId`?");
  });

  it("says that no broker could be reached, and at which address", async () => {
    const app = await open();
    const error = await caught(() => app.producer.send(placed, { key: "k", id: "i" }));
    expect(error.code).to.equal("broker_unreachable");
    expect(error.message).to.include(nowhere);
    await app.close();
  });

  it("hands out one producer per topic, so that order per key holds whoever sends", async () => {
    const app = await open();
    const orders = app.topicProducer({ name: "orders", events: [placed] });
    await caught(() => app.producer.send(placed, { key: "k", id: "i" }));
    expect(orders.stats().sent).to.equal(1);
    await app.producer.flush();
    await app.close();
  });

  it("refuses work once it is closed", async () => {
    const app = await open();
    const orders = app.topicProducer({ name: "orders", events: [placed] });
    await app.close();
    expect((await caught(() => orders.send(placed, { key: "k", id: "i" }))).code).to.equal("closed");
    expect((await caught(() => app.producer.send(placed, { key: "k", id: "i" }))).code).to.equal("closed");
    expect((await caught(() => app.topicProducer({ name: "x", events: [] }))).code).to.equal("closed");
    expect((await caught(() => app.consumer({ group: "g" }))).code).to.equal("closed");
  });

  it("gives consumers the settings that they share, and lets their own win", async () => {
    const app = await open({ consumer: { drainTimeoutMs: 100_000 } });
    const shared = await caught(() => app.consumer({ group: "g" }));
    expect(shared.message).to.include("drainTimeoutMs (100000)");
    const consumer = app.consumer({ group: "g", drainTimeoutMs: 1_000 });
    expect(consumer.on(placed, () => {}).onTombstone("orders", () => {})).to.equal(consumer);
    await app.close();
  });

  it("uses a registry made in code", async () => {
    let closed = 0;
    const unused = (): never => {
      throw new Error("not asked");
    };
    const app = await open({
      registry: {
        cachedSchema: unused,
        schemaById: unused,
        schemaByGuid: unused,
        schemaByVersion: unused,
        lookup: unused,
        register: unused,
        subjectLevel: unused,
        setSubjectLevel: unused,
        hasSubject: unused,
        close: async () => {
          closed += 1;
        },
      },
    });
    await app.close();
    expect(closed).to.equal(1);
  });

  it("uses an existing instance of the usual registry client, of a version that it knows", async () => {
    const instance = new SchemaRegistry({ host: "http://127.0.0.1:1" });
    await (await open({ registry: instance })).close();
    const unknown = {
      getRegistryId: instance.getRegistryId.bind(instance),
      getLatestSchemaId: instance.getLatestSchemaId.bind(instance),
    };
    expect((await caught(() => open({ registry: unknown }))).code).to.equal("capability_missing");
  });

  it("keeps secrets of the settings out of the log", async () => {
    const lines: string[] = [];
    const app = await open({
      logDestination: { write: (line) => lines.push(line) },
      sasl: { mechanism: "scram-sha-256", username: "ada", password: "hunter22-hunter22" },
    });
    app.logger.info("the password is hunter22-hunter22", { error: new Error("hunter22-hunter22") });
    await app.close();
    expect(lines.join("")).to.include("***").and.not.include("hunter22");
  });

  it("closes and ends the process at SIGTERM where that is asked for", async function () {
    this.timeout(15_000);
    const index = fileURLToPath(new URL("../../src/index.ts", import.meta.url));
    const program = `
      import { connect } from ${JSON.stringify(index)};
      await connect({ handleSignals: true, cwd: ${JSON.stringify(join(tmpdir()))}, environment: {} });
      setInterval(() => {}, 1000);
      process.stdout.write("up\\n");
    `;
    const child = spawn(
      process.execPath,
      [
        "--conditions=@keryx/source",
        "--disable-warning=ExperimentalWarning",
        "--input-type=module",
        "-e",
        program,
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    let errors = "";
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    const [code] = await once(child, "exit");
    expect(code, errors).to.equal(0);
    const kinds = errors
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).signal);
    expect(kinds).to.deep.equal(["app.started", "app.closed"]);
  });
});

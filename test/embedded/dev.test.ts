import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from "kafkajs";
import { type DevProcess, type DevReady, startDev } from "../support/dev-process.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

describe("keryx dev, as a process", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "keryx-dev-test-"));
  const running: DevProcess[] = [];

  afterEach(async () => {
    const ending = running.splice(0);
    for (const { child } of ending) child.kill("SIGTERM");
    await Promise.all(ending.map((dev) => dev.ended()));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const start = (args: readonly string[], cwd = folder, env: NodeJS.ProcessEnv = {}): DevProcess => {
    const dev = startDev(args, { cwd, env });
    running.push(dev);
    return dev;
  };
  const kafkaOf = (brokers: readonly string[], config: Partial<KafkaConfig> = {}): Kafka =>
    new Kafka({
      brokers: [...brokers],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 5_000,
      retry: { initialRetryTime: 20, retries: 1 },
      ...config,
    });
  /** Topics that the client sees, or the name of its error. */
  const topicsOf = async (
    brokers: readonly string[],
    config: Partial<KafkaConfig> = {},
  ): Promise<unknown> => {
    const admin = kafkaOf(brokers, config).admin();
    try {
      await admin.connect();
      return await admin.listTopics();
    } catch (error) {
      return (error as Error).name;
    } finally {
      await admin.disconnect();
    }
  };

  it("serves Kafka and the registry in an empty folder, and says so in one line", async () => {
    const dev = start(["--empty", "--json"]);
    const { kafka, registry, topics, pid } = await dev.ready();
    expect([topics, pid]).to.deep.equal([[], dev.child.pid]);
    expect(await topicsOf(kafka.brokers)).to.deep.equal([]);
    expect(await (await fetch(`${registry.url}/subjects`)).json()).to.deep.equal([]);
    expect(dev.out().trimEnd().split("\n")).to.have.length(1);
    expect(dev.errors()).to.include("not for production");
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const)
    it(`ends with exit code 0 at ${signal}, clients connected or not`, async () => {
      const dev = start(["--empty", "--json"]);
      const { kafka } = await dev.ready();
      const consumer = kafkaOf(kafka.brokers, { retry: { retries: 0 } }).producer();
      await consumer.connect();
      dev.child.kill(signal);
      expect(await dev.ended()).to.deep.equal({ code: 0, signal: null });
      await consumer.disconnect();
    });

  it("holds the project's topics, retry and dead-letter topics included, and its subjects", async () => {
    const dev = start(["--json"], root);
    const { kafka, registry, topics } = await dev.ready();
    expect(topics).to.include.members([
      "order-events",
      "order-events-retry-1",
      "order-events-retry-3",
      "order-events-dlq",
      "system-events-dlq",
    ]);
    expect(topics).to.not.include.members(["order-events-retry-4"]);
    expect(topics).to.not.include("system-events-retry-1");
    expect(await topicsOf(kafka.brokers)).to.have.members([...topics]);
    const subjects = await (await fetch(`${registry.url}/subjects`)).json();
    expect(subjects).to.include.members(["order-events-orders.v1.OrderPlaced", "api-events-value"]);
    const level = await fetch(`${registry.url}/config/order-events-orders.v1.OrderPlaced`);
    expect(await level.json()).to.include({ compatibilityLevel: "FULL_TRANSITIVE" });
  });

  it("outside a project it is wrong usage, with the way out", async () => {
    const dev = start(["--json"]);
    expect((await dev.ended()).code).to.equal(2);
    expect(dev.errors()).to.include("keryx dev --empty");
  });

  for (const [what, args] of [
    ["a port that is no number", ["--kafka-port", "many"]],
    ["a port too far up for the brokers", ["--kafka-port", "65535", "--brokers", "2"]],
    ["no broker", ["--brokers", "0"]],
    ["an unknown dialect", ["--dialect", "confluent-0"]],
    ["a user without a password", ["--sasl-user", "ada:"]],
    ["a user twice", ["--sasl-user", "ada:x", "--sasl-user", "ada:y"]],
    ["a host with a port", ["--host", "localhost:9092"]],
  ] as const)
    it(`refuses ${what} as wrong usage`, async () => {
      const dev = start(["--empty", ...args]);
      expect((await dev.ended()).code).to.equal(2);
      expect(dev.errors()).to.include(args[0]);
    });

  for (const flag of ["--kafka-port", "--registry-port"] as const)
    it(`a taken port ends it with 1, names ${flag}, and leaves nothing running`, async () => {
      const holder = createServer();
      await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
      const address = holder.address();
      const port = String(typeof address === "object" ? address?.port : 0);
      const dev = start(["--empty", flag, port]);
      expect((await dev.ended()).code).to.equal(1);
      expect(dev.errors()).to.include(`${flag}: ${port}`);
      expect(dev.out()).to.equal("");
      await new Promise((resolve) => holder.close(resolve));
    });

  it("several brokers take ports one after the other, and each is told to clients", async () => {
    // The ports behind a free one may be somebody's: then others are tried.
    const startOnFree = async (tries = 10): Promise<{ readonly first: number; readonly ready: DevReady }> => {
      const holder = createServer();
      await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
      const address = holder.address();
      const first = typeof address === "object" && address !== null ? address.port : 0;
      await new Promise((resolve) => holder.close(resolve));
      const ports = ["--kafka-port", String(first)];
      const dev = start(["--empty", "--json", "--brokers", "3", "--host", "localhost", ...ports]);
      try {
        return { first, ready: await dev.ready() };
      } catch (error) {
        if (tries === 0) throw error;
        await dev.ended();
        return startOnFree(tries - 1);
      }
    };
    const { first, ready } = await startOnFree();
    const { kafka } = ready;
    expect(kafka.brokers).to.deep.equal([0, 1, 2].map((at) => `localhost:${first + at}`));
    const admin = kafkaOf(kafka.brokers).admin();
    await admin.connect();
    expect((await admin.describeCluster()).brokers.map(({ host, port }) => `${host}:${port}`)).to.deep.equal(
      kafka.brokers,
    );
    await admin.disconnect();
  });

  it("creates topics that clients ask for only when told so", async () => {
    const asked = async (...args: readonly string[]): Promise<boolean> => {
      const { kafka } = await start(["--empty", "--json", ...args]).ready();
      const producer = kafkaOf(kafka.brokers).producer({ allowAutoTopicCreation: true });
      await producer.connect();
      const sent = await producer.send({ topic: "new", messages: [{ value: "v" }] }).then(
        () => true,
        () => false,
      );
      await producer.disconnect();
      return sent;
    };
    expect([await asked(), await asked("--auto-create")]).to.deep.equal([false, true]);
  });

  it("lets in who knows a password, by SCRAM and PLAIN, and nobody else", async () => {
    const dev = start(["--empty", "--json", "--sasl-user", "ada:se:cret", "--sasl-user", "bob:b"]);
    const { kafka } = await dev.ready();
    const login = (mechanism: string, username: string, password: string): Promise<unknown> =>
      topicsOf(kafka.brokers, { sasl: { mechanism, username, password } as SASLOptions });
    for (const mechanism of ["plain", "scram-sha-256", "scram-sha-512"]) {
      expect(await login(mechanism, "ada", "se:cret"), mechanism).to.deep.equal([]);
      expect(await login(mechanism, "ada", "b"), mechanism).to.equal("KafkaJSSASLAuthenticationError");
    }
    expect(await login("plain", "bob", "b")).to.deep.equal([]);
    expect(await topicsOf(kafka.brokers)).to.be.a("string");
    expect(dev.out() + dev.errors()).to.not.include("se:cret");
  });

  it("speaks TLS with a certificate that its own authority vouches for, and deletes both at the end", async () => {
    const dev = start(["--empty", "--json", "--tls"]);
    const { kafka } = await dev.ready();
    const { caPath = "" } = kafka.tls ?? {};
    const ca = readFileSync(caPath, "utf8");
    expect(await topicsOf(kafka.brokers, { ssl: { ca } })).to.deep.equal([]);
    expect(await topicsOf(kafka.brokers, { ssl: true }), "an unknown authority").to.be.a("string");
    expect(await topicsOf(kafka.brokers), "no TLS").to.be.a("string");
    dev.child.kill("SIGTERM");
    expect((await dev.ended()).code).to.equal(0);
    expect(() => readFileSync(caPath)).to.throw("ENOENT");
  });

  it("shows addresses and topics to people, on lines that begin with what they are", async () => {
    const dev = start(["--project", root, "--tls"]);
    await new Promise<void>((resolve) => {
      dev.child.stderr?.on("data", () => dev.errors().includes("Ready") && resolve());
    });
    expect(dev.out()).to.match(/^kafka +127\.0\.0\.1:\d+$/m);
    expect(dev.out()).to.match(/^registry +http:\/\/127\.0\.0\.1:\d+$/m);
    expect(dev.out()).to.match(/^authority +\/.*ca\.pem$/m);
    expect(dev.out()).to.match(/^topic +order-events-retry-1$/m);
  });
});

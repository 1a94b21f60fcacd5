import { expect } from "chai";
import { type Admin, type Consumer, Kafka, type KafkaConfig, logLevel, type Producer } from "kafkajs";
import { createDevBroker, type DevBroker } from "../../src/embedded/broker/index.ts";
import type { DevBrokerOptions } from "../../src/embedded/broker/options.ts";
import { connectWire, type WireClient } from "./embedded-wire.ts";

/** Brokers and their clients for the tests of one `describe`. */
export interface EmbeddedBrokers {
  /** A broker that is closed behind the test; silent unless it is given a `log`. */
  start(options?: DevBrokerOptions): Promise<DevBroker>;
  /** A client that speaks frames to one broker: the first, or the one at that place of `bootstrap()`. */
  wire(broker: DevBroker, at?: WireTarget): Promise<WireClient>;
  /** kafkajs, quick to try again and silent; what it makes is disconnected behind the test. */
  kafka(broker: DevBroker, config?: Partial<KafkaConfig>): Kafka;
}

export interface WireTarget {
  readonly index?: number;
  readonly listener?: string;
  readonly clientId?: string;
}

/**
 * To be called in a `describe`. Behind each test it disconnects the clients, fails when a fault was never hit (such a
 * test has proved nothing), and closes the brokers.
 */
export function embeddedBrokers(): EmbeddedBrokers {
  let brokers: DevBroker[] = [];
  let disconnects: (() => unknown)[] = [];

  afterEach(async function () {
    const unused = brokers.flatMap((broker) => broker.faults.unused());
    for (const broker of brokers) broker.faults.clear();
    await Promise.allSettled(disconnects.map((disconnect) => disconnect()));
    await Promise.all(brokers.map((broker) => broker.close()));
    brokers = [];
    disconnects = [];
    if (this.currentTest?.state !== "failed") expect(unused, "faults that never fired").to.deep.equal([]);
  });

  return {
    async start(options = {}) {
      const broker = await createDevBroker({ log: () => {}, ...options });
      brokers.push(broker);
      return broker;
    },
    async wire(broker, { index = 0, listener, clientId } = {}) {
      const address = broker.bootstrap(listener)[index];
      if (address === undefined) throw new Error(`there is no broker at place ${index}`);
      const client = await connectWire(address, clientId);
      disconnects.push(() => client.close());
      return client;
    },
    kafka(broker, config = {}) {
      const kafka = new Kafka({
        clientId: "tests",
        brokers: [...broker.bootstrap()],
        logLevel: logLevel.NOTHING,
        retry: { initialRetryTime: 10, maxRetryTime: 50, retries: 20, factor: 0.2 },
        ...config,
      });
      const kept = <Client extends Producer | Consumer | Admin>(client: Client): Client => {
        disconnects.push(() => client.disconnect());
        return client;
      };
      const { producer, consumer, admin } = kafka;
      return Object.assign(kafka, {
        producer: (...given: Parameters<Kafka["producer"]>) => kept(producer.apply(kafka, given)),
        consumer: (...given: Parameters<Kafka["consumer"]>) => kept(consumer.apply(kafka, given)),
        admin: (...given: Parameters<Kafka["admin"]>) => kept(admin.apply(kafka, given)),
      });
    },
  };
}

/** Waits until something holds, turn by turn, for what has no event of its own. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let turn = 0; turn < 2000; turn++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, turn < 100 ? 0 : 5));
  }
  throw new Error(`waited in vain until ${what}`);
}

import { systemClock } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";
import type { Closable } from "../core/lifecycle.ts";
import { closeAll } from "../core/lifecycle.ts";
import type { Observe } from "../core/signals.ts";
import { createKafkajsAdmin } from "./kafkajs/admin.ts";
import { probeCapabilities } from "./kafkajs/capabilities.ts";
import { checkTlsFiles, createClient } from "./kafkajs/client.ts";
import { withCluster } from "./kafkajs/cluster.ts";
import { registerCodecs } from "./kafkajs/codecs.ts";
import { createKafkajsConsumer } from "./kafkajs/consumer/consumer.ts";
import { loadInternals, patchKafkajs } from "./kafkajs/patches.ts";
import { createKafkajsProducer } from "./kafkajs/producer/producer.ts";
import { readRange } from "./kafkajs/read.ts";
import { resolveTransportOptions, type TransportOptions } from "./options.ts";
import type { KafkaPort } from "./port.ts";

/** The Kafka port on kafkajs 2.2.4, with its gaps closed. */
export function createKafkajsPort(options: Partial<TransportOptions>, observe: Observe): KafkaPort {
  const transport = resolveTransportOptions(options);
  checkTlsFiles(transport.tls);
  if (typeof transport.tls === "object" && transport.tls.rejectUnauthorized === false)
    observe({
      kind: "config.warning",
      message:
        "tls.rejectUnauthorized is false: any certificate is accepted, the connection can be read and changed on its way",
    });
  const internals = loadInternals();
  patchKafkajs(internals, observe);
  const capabilities = probeCapabilities({
    version: internals.version,
    open() {
      const kafka = createClient(transport, { requestTimeoutMs: transport.requestTimeoutMs, retries: 0 });
      return withCluster(kafka, () => kafka.consumer({ groupId: "probe" }));
    },
  });
  registerCodecs({ maxBytes: transport.maxDecompressedBytes, maxRatio: transport.maxDecompressionRatio });

  const clock = systemClock;
  const admin = createKafkajsAdmin(transport, clock);
  const open = new Set<Closable>();
  let nextEpoch = 1;
  let isClosed = false;
  const own = <Part extends Closable>(part: Part): Part => {
    if (isClosed) throw new KeryxError("closed", "the Kafka client is closed");
    const tracked: Part = {
      ...part,
      close: async () => {
        await part.close();
        open.delete(tracked);
      },
    };
    open.add(tracked);
    return tracked;
  };

  return {
    capabilities,
    ping: () => admin.ping(),
    producer: (producerOptions) => own(createKafkajsProducer(transport, producerOptions)),
    consumer: (consumerOptions) =>
      own(
        createKafkajsConsumer(
          { transport, admin, clock, observe, nextEpoch: () => nextEpoch++ },
          consumerOptions,
        ),
      ),
    // One connection for everything that is asked now and then; it closes with the port.
    admin: () => ({ ...admin, close: async () => {} }),
    read: (from, to, each, signal) => readRange(transport, clock, { from, to, each, signal }),
    async close() {
      isClosed = true;
      await closeAll([...open]);
      await admin.close();
    },
  };
}

import { createRequire } from "node:module";
import kafkajs from "kafkajs";
import { asBuffer } from "../../core/record.ts";
import { type CodecLimits, createCodec } from "../codecs/codec.ts";
import type { Compression } from "../port.ts";
import { hasErrorName } from "./errors.ts";

type CodecFactory = () => ClientCodec;
interface ClientCodec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

const numbers: Readonly<Record<Exclude<Compression, "none">, number>> = {
  gzip: kafkajs.CompressionTypes.GZIP,
  snappy: kafkajs.CompressionTypes.Snappy,
  lz4: kafkajs.CompressionTypes.LZ4,
  zstd: kafkajs.CompressionTypes.ZSTD,
};

/**
 * Puts our codecs into kafkajs' process-wide table: once, and never in place of one that the application set.
 * The limits of the first port in a process hold for all.
 */
export function registerCodecs(
  limits: CodecLimits,
  table: Record<number, unknown> = kafkajs.CompressionCodecs,
): void {
  for (const [compression, number] of Object.entries(numbers)) {
    if (!isOriginal(table[number])) continue;
    const codec = createCodec(compression as Exclude<Compression, "none">, limits);
    const adapted: ClientCodec = {
      compress: async ({ buffer }) => asBuffer(await codec.compress(buffer)),
      decompress: async (buffer) => asBuffer(await codec.decompress(buffer)),
    };
    const factory: CodecFactory = () => adapted;
    table[number] = factory;
  }
}

// kafkajs' own entries: gzip from a file of its own, and three that only throw.
function isOriginal(factory: unknown): boolean {
  if (typeof factory !== "function") return factory === undefined;
  try {
    return factory() === createRequire(import.meta.url)("kafkajs/src/protocol/message/compression/gzip.js");
  } catch (error) {
    return hasErrorName(error, "KafkaJSNotImplemented");
  }
}

import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { decodeError, KeryxError } from "../../core/errors.ts";
import type { Compression } from "../port.ts";
import { compressLz4, decompressLz4 } from "./lz4.ts";
import { compressSnappy, decompressSnappy } from "./snappy.ts";

/** How large a decompressed batch may become. */
export interface CodecLimits {
  readonly maxBytes: number;
  readonly maxRatio: number;
}

/** Compresses record batches and takes them apart again within limits. */
export interface Codec {
  compress(source: Uint8Array): Promise<Uint8Array>;
  /** @throws `decode_failed` with reason `too-large` past the limits, `malformed` for what is not of this format. */
  decompress(source: Uint8Array): Promise<Uint8Array>;
}

// Below it a ratio says nothing: a batch of equal small records shrinks enormously and harms nobody.
const freeBytes = 1024 * 1024;
// Smaller batches are done sooner than a thread takes them over.
const asyncBytes = 64 * 1024;

type Bytes = Uint8Array;
type Work = (source: Bytes, maxBytes: number, onTooLarge: () => never) => Bytes | Promise<Bytes>;

const gzip = promisify(zlib.gzip) as (source: Bytes) => Promise<Bytes>;
const gunzip = promisify(zlib.unzip) as (source: Bytes, options: zlib.ZlibOptions) => Promise<Bytes>;

const works: Readonly<
  Record<Exclude<Compression, "none">, { compress(source: Bytes): Bytes | Promise<Bytes>; decompress: Work }>
> = {
  gzip: { compress: gzip, decompress: (source, maxOutputLength) => gunzip(source, { maxOutputLength }) },
  snappy: { compress: compressSnappy, decompress: decompressSnappy },
  lz4: { compress: compressLz4, decompress: decompressLz4 },
  zstd: { compress: compressZstd, decompress: decompressZstd },
};

/** The codec of a compression, with its limits. */
export function createCodec(compression: Exclude<Compression, "none">, limits: CodecLimits): Codec {
  const { compress, decompress } = works[compression];
  return {
    compress: async (source) => compress(source),
    async decompress(source) {
      const maxBytes = Math.min(limits.maxBytes, Math.max(freeBytes, source.length * limits.maxRatio));
      const onTooLarge = (): never => {
        throw decodeError(
          "too-large",
          `${compression}: ${source.length} bytes decompress to more than ${maxBytes}`,
          {
            details: { compression, maxBytes },
          },
        );
      };
      try {
        return await decompress(source, maxBytes, onTooLarge);
      } catch (error) {
        if (error instanceof KeryxError) throw error;
        if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") return onTooLarge();
        throw decodeError(
          "malformed",
          `${compression}: ${error instanceof Error ? error.message : String(error)}`,
          {
            cause: error,
            details: { compression },
          },
        );
      }
    },
  };
}

function requireZstd(): void {
  if (typeof zlib.zstdCompress !== "function")
    throw new KeryxError("capability_missing", "this Node has no zstd", {
      help: "Use Node 22.15 or newer, or another `compression`.",
    });
}

async function compressZstd(source: Bytes): Promise<Bytes> {
  requireZstd();
  if (source.length < asyncBytes) return zlib.zstdCompressSync(source);
  return promisify(zlib.zstdCompress)(source);
}

async function decompressZstd(source: Bytes, maxOutputLength: number): Promise<Bytes> {
  requireZstd();
  if (source.length < asyncBytes) return zlib.zstdDecompressSync(source, { maxOutputLength });
  return promisify(zlib.zstdDecompress)(source, { maxOutputLength });
}

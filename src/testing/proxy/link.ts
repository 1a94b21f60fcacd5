import type { Socket } from "node:net";
import { type Clock, sleep } from "../../core/clock.ts";
import type { ProxyStream } from "./options.ts";
import type { Poisoned, Toxics } from "./toxics.ts";

/** One direction of a connection: what is pushed comes out in order, as the toxics in force let it. */
export interface Link {
  /** A frame, which goes behind its length. It may still be waited for; what comes behind waits, too. */
  push(size: number, frame: Buffer | Promise<Buffer>): void;
  /** Ends the target behind what was pushed. */
  end(): void;
}

export interface LinkOptions {
  readonly connection: Poisoned;
  readonly stream: ProxyStream;
  readonly source: Socket;
  readonly target: Socket;
  readonly toxics: Toxics;
  readonly clock: Clock;
  random(): number;
}

/** Above the first mark nothing more is read from the source, until the second one. */
const highWaterBytes = 4 * 1024 * 1024;
const lowWaterBytes = 1024 * 1024;

interface Chunk {
  readonly frame: Buffer | Promise<Buffer>;
  readonly size: number;
  readonly atMs: number;
}

export function createLink(options: LinkOptions): Link {
  const { connection, stream, source, target, toxics, clock } = options;
  const waiting: Chunk[] = [];
  let waitingBytes = 0;
  let isRunning = false;
  let isEnding = false;

  const deliver = async ({ frame, atMs }: Chunk): Promise<void> => {
    const whole = withLength(await frame);
    await toxics.passable(connection, stream);
    if (toxics.of("timeout", connection, stream).length > 0) return;
    const delayMs = toxics.of("latency", connection, stream).reduce((sum, { latencyMs, jitterMs = 0 }) => {
      return sum + latencyMs + jitterMs * (2 * options.random() - 1);
    }, 0);
    if (delayMs > 0) await sleep(clock, atMs + delayMs - clock.now());
    await write(whole);
  };
  const write = async (whole: Buffer): Promise<void> => {
    const [slicer] = toxics.of("slicer", connection, stream);
    for (let from = 0; from < whole.length; ) {
      const { averageBytes = whole.length, variationBytes = 0, delayMs = 0 } = slicer ?? {};
      const drawn = slicer === undefined ? 0 : Math.round(variationBytes * (2 * options.random() - 1));
      const piece = whole.subarray(from, from + Math.max(1, averageBytes + drawn));
      from += piece.length;
      for (const { bytesPerSecond } of toxics.of("bandwidth", connection, stream))
        await sleep(clock, (piece.length / bytesPerSecond) * 1000);
      if (connection.isClosed) return;
      if (!limited(piece)) return;
      if (delayMs > 0) await sleep(clock, delayMs);
    }
  };
  let passedBytes = 0;
  /** False once a limit ended the connection. */
  const limited = (piece: Buffer): boolean => {
    const limits = toxics.of("limit_data", connection, stream).map(({ bytes }) => bytes);
    const left = Math.min(...limits) - passedBytes;
    passedBytes += piece.length;
    target.write(left < piece.length ? piece.subarray(0, Math.max(0, left)) : piece);
    if (left > piece.length) return true;
    connection.end("close");
    return false;
  };
  const run = async (): Promise<void> => {
    isRunning = true;
    for (let chunk = waiting.shift(); chunk !== undefined && !connection.isClosed; chunk = waiting.shift()) {
      await deliver(chunk);
      waitingBytes -= chunk.size;
      if (waitingBytes < lowWaterBytes) source.resume();
    }
    isRunning = false;
    if (isEnding && !connection.isClosed) await close();
  };
  const close = async (): Promise<void> => {
    for (const { delayMs } of toxics.of("slow_close", connection, stream)) await sleep(clock, delayMs);
    target.end();
  };
  const go = (): void => {
    // Bytes that cannot be had, a frame that does not parse: the connection is of no more use.
    if (!isRunning) run().catch(() => connection.end("close"));
  };
  return {
    push(size, frame) {
      waiting.push({ frame, size, atMs: clock.now() });
      waitingBytes += size;
      if (waitingBytes > highWaterBytes) source.pause();
      go();
    },
    end() {
      isEnding = true;
      go();
    },
  };
}

function withLength(frame: Buffer): Buffer {
  const length = Buffer.allocUnsafe(4);
  length.writeInt32BE(frame.length);
  return Buffer.concat([length, frame]);
}

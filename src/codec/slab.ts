import { type PayloadLimits, payloadLimits } from "../core/limits.ts";

/**
 * Memory for values under construction, which are written one behind the other. It is replaced when it is full.
 * Only the functions of this folder move it.
 */
export interface Slab<Step> {
  bytes: Uint8Array;
  view: DataView;
  /** Where the value under way begins, the room in front of it included. */
  start: number;
  /** Where the next byte goes. While a Protobuf message is written, its position is handed from function to function. */
  position: number;
  depth: number;
  maxDepth: number;
  /** The way to the value under way. Kept only when a refused value is written once more, to find its path. */
  readonly path: Step[] | undefined;
}

const slabBytes = 65_536;

/** A slab without memory yet; `path` begins the path in refusals, or none is kept. */
export function createSlab<Step>(path?: Step[]): Slab<Step> {
  const bytes = new Uint8Array();
  return { bytes, view: new DataView(bytes.buffer), start: 0, position: 0, depth: 0, maxDepth: 0, path };
}

/** Begins the next value behind `room` bytes, which are left as they are for a frame header; returns its position. */
export function startValue(
  slab: Slab<unknown>,
  room: number,
  { maxDepth }: PayloadLimits = payloadLimits,
): number {
  slab.start = slab.position;
  slab.depth = 0;
  slab.maxDepth = maxDepth;
  return roomFor(slab, slab.start, room) + room;
}

/** Everything of the value, the room in front included; it shares memory with what was written before. */
export function finishValue(slab: Slab<unknown>, position: number): Uint8Array {
  slab.position = position;
  return slab.bytes.subarray(slab.start, position);
}

/** Makes space for `count` bytes and returns where they begin: the same place, unless the slab was full. */
export function roomFor(slab: Slab<unknown>, position: number, count: number): number {
  return position + count > slab.bytes.length ? replaceSlab(slab, position, count) : position;
}

function replaceSlab(slab: Slab<unknown>, position: number, count: number): number {
  const used = position - slab.start;
  const bytes = new Uint8Array(Math.max(slabBytes, 2 * (used + count)));
  bytes.set(slab.bytes.subarray(slab.start, position));
  slab.bytes = bytes;
  slab.view = new DataView(bytes.buffer);
  slab.start = 0;
  return used;
}

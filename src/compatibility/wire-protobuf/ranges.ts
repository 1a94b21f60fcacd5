import type { ProtoRange } from "../../schema/proto/model.ts";

/** Numbers from one to another, both included. */
export type NumberSpan = Pick<ProtoRange, "from" | "to">;

/** Spans in order, those that touch joined; a set of numbers that can be asked in the logarithm of its size. */
export interface SpanSet {
  readonly spans: readonly NumberSpan[];
  has(number: number): boolean;
}

const nothing: SpanSet = { spans: [], has: () => false };

export function createSpanSet(...lists: readonly (readonly NumberSpan[])[]): SpanSet {
  if (lists.every(({ length }) => length === 0)) return nothing;
  const spans: { from: number; to: number }[] = [];
  for (const { from, to } of lists.flat().toSorted((a, b) => a.from - b.from)) {
    const last = spans.at(-1);
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to);
    else spans.push({ from, to });
  }
  return { spans, has: (number) => (spans[firstEndingAt(spans, number)]?.from ?? Infinity) <= number };
}

/** Index of the first span that ends at the number or behind it. */
function firstEndingAt(spans: readonly NumberSpan[], number: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((spans[middle]?.to ?? Infinity) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is in one set and not in the other, in order. */
export function subtractSpans(from: SpanSet, taken: SpanSet): readonly NumberSpan[] {
  const left: NumberSpan[] = [];
  for (const span of from.spans) {
    let start = span.from;
    for (let index = firstEndingAt(taken.spans, start); start <= span.to; index++) {
      const next = taken.spans[index];
      if (next === undefined || next.from > span.to) {
        left.push({ from: start, to: span.to });
        break;
      }
      if (next.from > start) left.push({ from: start, to: next.from - 1 });
      start = next.to + 1;
    }
  }
  return left;
}

/** As a text would say it, cut to a length that a line can bear. */
export function spansText(spans: readonly NumberSpan[]): string {
  const shown = spans.slice(0, 5).map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`));
  return shown.join(", ") + (spans.length > 5 ? ", …" : "");
}

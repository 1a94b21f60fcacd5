import { type Redirect, rewriteAnswer } from "./answers.ts";
import type { RuleEffect } from "./options.ts";
import { isAnswered, type ProxiedRequest, readRequest, refuse } from "./requests.ts";
import type { Rules } from "./rules.ts";
import { keys } from "./versions.ts";

/** Requests and answers of one connection. Both throw `frame_malformed` for a frame that cannot be one. */
export interface Exchange {
  onRequest(frame: Buffer): void;
  onAnswer(frame: Buffer): void;
}

export interface ExchangeParts {
  readonly rules: Pick<Rules, "take">;
  readonly redirect: Redirect;
  /** Id of the broker, once an answer has told it. */
  broker(): number | undefined;
  /** Passes a request on, behind those before it. */
  forward(frame: Buffer, passed?: Promise<void>): void;
  /** Passes an answer on, behind those before it. */
  deliver(size: number, frame: Buffer | Promise<Buffer>): void;
  /** Closes the connection. */
  end(): void;
  /** A rule was used on a request of this API. */
  used(effect: RuleEffect, api: string): void;
}

/** What becomes of an answer. Answers leave in the order of their requests. */
interface Slot extends Pick<ProxiedRequest, "correlationId" | "key" | "version"> {
  readonly failCode?: number;
  readonly fate?: "swallowed" | "closes";
  answer?: { readonly size: number; readonly frame: Buffer | Promise<Buffer> };
}

export function createExchange(parts: ExchangeParts): Exchange {
  const slots: Slot[] = [];
  const flush = (): void => {
    for (let first = slots[0]; first?.answer !== undefined; first = slots[0]) {
      slots.shift();
      if (first.fate === "closes") parts.end();
      if (first.fate === undefined) parts.deliver(first.answer.size, first.answer.frame);
    }
  };
  const expect = (asked: ProxiedRequest, more: Partial<Slot> = {}): void => {
    const { correlationId, key, version } = asked;
    if (isAnswered(asked)) slots.push({ correlationId, key, version, ...more });
  };
  const fail = (asked: ProxiedRequest, frame: Buffer, code: number): void => {
    // Clients cannot go on without brokers, so the broker is asked, and the topics fail.
    if (asked.key === keys.metadata) {
      expect(asked, { failCode: code });
      parts.forward(frame);
      return;
    }
    const refusal = isAnswered(asked) ? refuse(asked, code) : undefined;
    if (refusal === undefined) {
      parts.end();
      return;
    }
    expect(asked, { answer: { size: refusal.length, frame: refusal } });
    flush();
  };
  const apply = (effect: RuleEffect, asked: ProxiedRequest, frame: Buffer, passed: Promise<void>): void => {
    if (effect.kind === "error") fail(asked, frame, effect.code);
    else if (effect.kind === "delay") {
      expect(asked);
      parts.forward(frame, passed);
    } else if (effect.kind === "duplicate") {
      expect(asked);
      expect(asked, { fate: "swallowed" });
      parts.forward(frame);
      parts.forward(frame);
    } else if (effect.handled) {
      expect(asked, { fate: effect.kind === "close" ? "closes" : "swallowed" });
      parts.forward(frame);
    } else if (effect.kind === "close") parts.end();
  };
  return {
    onRequest(frame) {
      const asked = readRequest(frame);
      const api = asked.known?.name ?? "";
      const rule = parts.rules.take({
        ...{ api, clientId: asked.clientId, broker: parts.broker() ?? -1 },
        get request() {
          return asked.fields();
        },
      });
      if (rule === undefined) {
        expect(asked);
        parts.forward(frame);
        return;
      }
      parts.used(rule.effect, api);
      apply(rule.effect, asked, frame, rule.passed);
    },
    onAnswer(frame) {
      const correlationId = frame.length < 4 ? undefined : frame.readInt32BE(0);
      const isOwn = (one: Slot): boolean => one.correlationId === correlationId && one.answer === undefined;
      const at = slots.findIndex(isOwn);
      const slot = slots[at];
      if (slot === undefined) {
        parts.deliver(frame.length, frame);
        return;
      }
      const rewritten = rewriteAnswer(frame, slot, parts.redirect);
      // It is awaited where it is written, which may be later than it fails.
      rewritten.catch(() => {});
      slot.answer = { size: frame.length, frame: rewritten };
      // Brokers answer in order, so a toxic lost what the older ones asked or were told.
      const lost = slots.slice(0, at).filter(({ answer }) => answer === undefined);
      for (const one of lost) slots.splice(slots.indexOf(one), 1);
      flush();
    },
  };
}

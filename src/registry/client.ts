import type { Clock } from "../core/clock.ts";
import { sleep } from "../core/clock.ts";
import { KeryxError } from "../core/errors.ts";
import type { Observe } from "../core/signals.ts";
import { createAuthorizer } from "./authorization.ts";
import { type Answer, isPassing, toFailure, toUnreachable } from "./failures.ts";
import type { ResolvedRegistryOptions } from "./options.ts";
import { type RegistryRequest, sendRequest } from "./request.ts";

/** Asks a registry, with its manners: time-outs, retries, several URLs, cancellation. */
export interface RegistryClient {
  /** The answer, whatever its status, once it is not a passing failure. `what` stands in error messages. */
  ask(request: RegistryRequest, what: string, signal?: AbortSignal): Promise<Answer>;
  /** As `ask`, and throws unless the status is 2xx. */
  demand(request: RegistryRequest, what: string, signal?: AbortSignal): Promise<unknown>;
  /** The error that an answer with an unwelcome status is. */
  refusal(answer: Answer, what: string): KeryxError;
  /** The first URL, for messages. */
  readonly url: string;
  /** Cancels what is under way. */
  close(): void;
}

export interface ClientParts {
  readonly observe: Observe;
  readonly clock: Clock;
  /** Between 0 and 1, as `Math.random`. */
  readonly random: () => number;
}

export function createRegistryClient(options: ResolvedRegistryOptions, parts: ClientParts): RegistryClient {
  const { observe, clock, random } = parts;
  const { urls } = options;
  const authorizer = createAuthorizer(options.auth);
  const closing = new AbortController();
  const url = urls[0] ?? "";
  // The URL that answered last is asked first: a dead one costs one time-out, not one on every request.
  let preferred = 0;
  let isFailing = false;

  async function tryOne(index: number, request: RegistryRequest, what: string, signal: AbortSignal) {
    const base = urls[index] ?? url;
    const attempt = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]);
    const authorization = await authorizer.headers(attempt);
    try {
      const answer = await sendRequest(base, request, authorization, attempt);
      if (isPassing(answer.status)) return toFailure(answer, what, base, authorizer.redact);
      preferred = index;
      return answer;
    } catch (error) {
      if (signal.aborted) throw error;
      return error instanceof KeryxError ? Promise.reject(error) : toUnreachable(error, what, base);
    }
  }

  async function tryAll(request: RegistryRequest, what: string, signal: AbortSignal): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      let failure: KeryxError | undefined;
      const first = preferred;
      for (let turn = 0; turn < urls.length; turn++) {
        const index = (first + turn) % urls.length;
        const result = await tryOne(index, request, what, signal);
        if (!(result instanceof KeryxError)) {
          if (isFailing) observe({ kind: "registry.recovered", url: urls[index] ?? url });
          isFailing = false;
          return result;
        }
        failure = result;
        const willRetry = turn + 1 < urls.length || attempt <= options.retries;
        isFailing ||= !willRetry;
        const status = result.details["status"];
        observe({
          kind: "registry.request_failed",
          url: urls[index] ?? url,
          ...(typeof status === "number" ? { status } : {}),
          attempt,
          willRetry,
        });
      }
      if (attempt > options.retries) throw failure ?? new KeryxError("internal", "no registry URL");
      const ceiling = Math.min(options.retryMaxMs, options.retryBaseMs * 2 ** (attempt - 1));
      await sleep(clock, random() * ceiling, signal);
    }
  }

  async function ask(request: RegistryRequest, what: string, signal?: AbortSignal): Promise<Answer> {
    const either = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
    try {
      either.throwIfAborted();
      return await tryAll(request, what, either);
    } catch (error) {
      if (closing.signal.aborted) throw new KeryxError("closed", `${what}: the registry client is closed`);
      if (signal?.aborted) throw new KeryxError("aborted", `${what}: called off`, { cause: signal.reason });
      throw error;
    }
  }

  const refusal = (answer: Answer, what: string): KeryxError =>
    toFailure(answer, what, urls[preferred] ?? url, authorizer.redact);

  return {
    url,
    ask,
    refusal,
    async demand(request, what, signal) {
      const answer = await ask(request, what, signal);
      if (answer.status < 200 || answer.status > 299) throw refusal(answer, what);
      return answer.body;
    },
    close: () => closing.abort(),
  };
}

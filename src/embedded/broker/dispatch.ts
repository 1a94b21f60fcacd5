import type { Api, Call, Peer } from "./api/api.ts";
import type { Cluster } from "./cluster.ts";
import { errorCodes } from "./error-codes.ts";
import type { BrokerFaultPoint } from "./faults.ts";
import type { RequestNote } from "./signals.ts";
import { readHeader, toFrame } from "./wire/frame.ts";
import { malformed } from "./wire/primitives.ts";
import { skipTags } from "./wire/schema.ts";

/** What becomes of a request: bytes to write, silence, or the end of the connection. */
export type Outcome = readonly Uint8Array[] | "silent" | "close";

/**
 * Answers one frame, at once unless the request waits for something.
 * @throws KeryxError `frame_malformed`: the connection is to be closed, as Kafka does.
 */
export type Dispatcher = (frame: Buffer, peer: Peer) => Outcome | Promise<Outcome>;

const apiVersionsKey = 18;
/** What is served before a client has said who it is. */
const beforeLogin: ReadonlySet<number> = new Set([apiVersionsKey, 17, 36]);

/** Finds the API of a frame, applies faults, and hands the request over. */
export function createDispatcher(
  cluster: Cluster,
  apis: readonly Api[],
  faults: BrokerFaultPoint,
  note: (request: RequestNote) => void,
): Dispatcher {
  const byKey = new Map(apis.map((api) => [api.key, api]));
  return (frame, peer) => {
    const { key, version, correlationId, clientId, body } = readHeader(frame);
    const api = byKey.get(key);
    const range = cluster.versions.get(key);
    if (api === undefined || range === undefined) throw malformed(`API ${key} is not served`);
    if (!peer.session.isOpen(cluster.clock.now()) && !beforeLogin.has(key))
      throw malformed(`${api.name} before authentication`);
    const call: Call = { ...peer, cluster, version, clientId };
    if (key === apiVersionsKey && version > range.max) {
      // A client of newer versions finds the range of this API in the list and asks again (KIP-511).
      const answer = { ...(api.handle({}, call) as object), errorCode: errorCodes.unsupportedVersion };
      return toFrame(correlationId, false, api.write(answer, 0));
    }
    if (version < range.min || version > range.max)
      throw malformed(`${api.name} ${version} is not served, ${range.min} to ${range.max} are`);
    const isFlexible = version >= range.flexibleFrom;
    if (isFlexible) skipTags(body);
    const request = api.read(body, version);
    const about = { api: api.name, version, broker: peer.broker.id, connection: peer.id, clientId };
    note(about);
    const toOutcome = (response: unknown): Outcome => {
      if (response === "silent" || response === "close") return response;
      return toFrame(correlationId, isFlexible && key !== apiVersionsKey, api.write(response, version));
    };
    const handle = (extra?: object): Outcome | Promise<Outcome> => {
      const replied = api.handle(request, call);
      const end = (response: unknown): Outcome =>
        toOutcome(extra && typeof response === "object" ? { ...response, ...extra } : response);
      return replied instanceof Promise ? replied.then(end) : end(replied);
    };
    const fault = faults.take({ ...about, request });
    if (fault === undefined) return handle();
    const { effect, passed } = fault;
    cluster.observe({ kind: "fault.hit", effect: effect.kind, ...about });
    if (effect.kind === "error") return toOutcome(api.fail(request, call, effect.code));
    if (effect.kind === "delay" || effect.kind === "hold") return passed.then(() => handle());
    if (effect.kind === "throttle") return handle({ throttleTimeMs: effect.throttleMs });
    const end = effect.kind === "close" ? "close" : "silent";
    return effect.handled ? Promise.resolve(handle()).then(() => end) : end;
  };
}

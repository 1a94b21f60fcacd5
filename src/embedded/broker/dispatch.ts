import { type Api, type Call, hangUp, noAnswer } from "./api/api.ts";
import type { BrokerNode, Cluster } from "./cluster.ts";
import { errorCodes } from "./error-codes.ts";
import type { FaultPoint } from "./faults.ts";
import type { Session } from "./net/sasl.ts";
import type { RequestNote } from "./signals.ts";
import { type RequestHeader, readHeader, toFrame } from "./wire/frame.ts";
import { malformed } from "./wire/primitives.ts";
import { skipTags } from "./wire/schema.ts";

/** A client's connection, as far as requests need it. */
export interface Peer {
  readonly id: number;
  readonly broker: BrokerNode;
  readonly listener: string;
  readonly session: Session;
  readonly host: string;
  onClose(run: () => void): () => void;
}

/** What becomes of a request: bytes to write, silence, or the end of the connection. */
export type Outcome = readonly Uint8Array[] | "silent" | "close";

export interface Dispatcher {
  /**
   * Answers one frame, at once unless the request waits for something.
   * @throws KeryxError `frame_malformed`: the connection is to be closed, as Kafka does.
   */
  answer(frame: Buffer, peer: Peer): Outcome | Promise<Outcome>;
}

const apiVersionsKey = 18;

/** Finds the API of a frame, applies faults, and hands the request over. */
export function createDispatcher(
  cluster: Cluster,
  apis: readonly Api[],
  faults: FaultPoint,
  note: (request: RequestNote) => void,
): Dispatcher {
  const byKey = new Map(apis.map((api) => [api.key, api]));

  return {
    answer(frame, peer) {
      const header = readHeader(frame);
      const api = byKey.get(header.key);
      const range = cluster.versions.find(header.key);
      if (api === undefined || range === undefined) throw malformed(`API ${header.key} is not served`);
      if (!peer.session.isOpen(cluster.clock.now()) && !beforeLogin.has(header.key))
        throw malformed(`${api.name} before authentication`);
      const { broker, listener, session, host, onClose } = peer;
      const { version, clientId } = header;
      const call: Call = { cluster, broker, listener, session, version, clientId, clientHost: host, onClose };
      if (header.key === apiVersionsKey && version > range.max) return refuseVersion(api, header, call);
      if (version < range.min || version > range.max)
        throw malformed(`${api.name} ${version} is not served, ${range.min} to ${range.max} are`);
      if (version >= range.flexibleFrom) skipTags(header.body);
      const request = api.read(header.body, version);
      const about: RequestNote = { api: api.name, version, broker: broker.id, connection: peer.id, clientId };
      note(about);
      const toOutcome = (response: unknown): Outcome => {
        if (response === noAnswer) return "silent";
        if (response === hangUp) return "close";
        const isFlexible = header.key !== apiVersionsKey && version >= range.flexibleFrom;
        return toFrame(header.correlationId, isFlexible, api.write(response, version));
      };
      const handle = (): Outcome | Promise<Outcome> => {
        const replied = api.handle(request, call);
        return replied instanceof Promise ? replied.then(toOutcome) : toOutcome(replied);
      };
      const fault = faults.take({ ...about, request });
      if (fault === undefined) return handle();
      const { effect, passed } = fault;
      cluster.observe({ kind: "fault.hit", effect: effect.kind, ...about });
      if (effect.kind === "error") return toOutcome(api.fail(request, call, effect.code));
      if (effect.kind === "delay" || effect.kind === "hold") return passed.then(handle);
      const end = effect.kind === "close" ? "close" : "silent";
      return effect.handled ? Promise.resolve(handle()).then(() => end) : end;
    },
  };
}

/** What is served before a client has said who it is. */
const beforeLogin: ReadonlySet<number> = new Set([apiVersionsKey, 17, 36]);

/** A client of newer versions finds the range of this API in the list and asks again (KIP-511). */
function refuseVersion(api: Api, header: RequestHeader, call: Call): Outcome {
  const answer = { ...(api.handle({}, call) as object), errorCode: errorCodes.unsupportedVersion };
  return toFrame(header.correlationId, false, api.write(answer, 0));
}

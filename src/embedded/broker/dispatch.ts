import { type Api, type Call, hangUp, noAnswer } from "./api/api.ts";
import type { BrokerNode, Cluster } from "./cluster.ts";
import { errorCodes } from "./error-codes.ts";
import type { FaultPoint } from "./faults.ts";
import type { RequestNote } from "./signals.ts";
import { type RequestHeader, readHeader, toFrame } from "./wire/frame.ts";
import { malformed } from "./wire/primitives.ts";

/** A client's connection, as far as requests need it. */
export interface Peer {
  readonly id: number;
  readonly broker: BrokerNode;
  readonly listener: string;
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

  const reply = (
    api: Api,
    request: unknown,
    header: RequestHeader,
    call: Call,
  ): Outcome | Promise<Outcome> => {
    const done = (response: unknown): Outcome => {
      if (response === noAnswer) return "silent";
      if (response === hangUp) return "close";
      return toFrame(
        header.correlationId,
        isFlexibleHeader(cluster, header),
        api.write(response, header.version),
      );
    };
    const replied = api.handle(request, call);
    return replied instanceof Promise ? replied.then(done) : done(replied);
  };

  return {
    answer(frame, peer) {
      const header = readHeader(frame);
      const api = byKey.get(header.key);
      const range = cluster.versions().find((row) => row.key === header.key);
      if (api === undefined || range === undefined) throw malformed(`API ${header.key} is not served`);
      if (header.key === apiVersionsKey && header.version > range.max) return refuseVersion(api, header);
      if (header.version < range.min || header.version > range.max)
        throw malformed(`${api.name} ${header.version} is not served, ${range.min} to ${range.max} are`);
      const isFlexible = header.version >= range.flexibleFrom;
      if (isFlexible) skipHeaderTags(header);
      const request = api.read(header.body, header.version);
      const about: RequestNote = {
        api: api.name,
        version: header.version,
        broker: peer.broker.id,
        connection: peer.id,
        clientId: header.clientId,
      };
      note(about);
      const call: Call = {
        cluster,
        broker: peer.broker,
        listener: peer.listener,
        version: header.version,
        clientId: header.clientId,
        clientHost: peer.host,
        onClose: peer.onClose,
      };
      const fault = faults.take({ ...about, request });
      if (fault === undefined) return reply(api, request, header, call);
      const { effect, passed } = fault;
      cluster.observe({ kind: "fault.hit", effect: effect.kind, ...about });
      if (effect.kind === "error") {
        const body = api.write(api.fail(request, effect.code), header.version);
        return toFrame(header.correlationId, isFlexibleHeader(cluster, header), body);
      }
      if (effect.kind === "delay" || effect.kind === "hold")
        return passed.then(() => reply(api, request, header, call));
      const end = effect.kind === "close" ? "close" : "silent";
      return effect.handled ? Promise.resolve(reply(api, request, header, call)).then(() => end) : end;
    },
  };
}

/** A client of newer versions reads this one and asks again (KIP-511). */
function refuseVersion(api: Api, header: RequestHeader): Outcome {
  const body = api.write(api.fail({}, errorCodes.unsupportedVersion), 0);
  return toFrame(header.correlationId, false, body);
}

function isFlexibleHeader(cluster: Cluster, { key, version }: RequestHeader): boolean {
  const row = cluster.versions().find((one) => one.key === key);
  return key !== apiVersionsKey && row !== undefined && version >= row.flexibleFrom;
}

function skipHeaderTags({ body }: RequestHeader): void {
  for (let count = body.varuint(); count > 0; count--) {
    body.varuint();
    body.bytes(body.varuint());
  }
}

import { failureOf } from "../../embedded/broker/api/api.ts";
import { readHeader, toFrame } from "../../embedded/broker/wire/frame.ts";
import { skipTags } from "../../embedded/broker/wire/schema.ts";
import { type KnownApi, keys, knownApis } from "./versions.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A request as far as the proxy reads it. */
export interface ProxiedRequest {
  readonly key: number;
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  readonly known: KnownApi | undefined;
  /** What it asks, read when it is needed; nothing where the proxy does not read this version. */
  fields(): Fields;
}

const noFields: Fields = {};

/** @throws KeryxError `frame_malformed` */
export function readRequest(frame: Buffer): ProxiedRequest {
  const { key, version, correlationId, clientId, body } = readHeader(frame);
  const known = knownApis.get(key);
  const read = (): Fields => {
    if (known?.api === undefined || version > known.max) return noFields;
    try {
      if (version >= known.flexibleFrom) skipTags(body);
      return known.api.read(body, version) as Fields;
    } catch {
      // The broker will say what is wrong with it.
      return noFields;
    }
  };
  let fields: Fields | undefined;
  return {
    ...{ key, version, correlationId, clientId, known },
    fields() {
      fields ??= read();
      return fields;
    },
  };
}

/** Only a producer may ask for no answer. */
export function isAnswered(request: ProxiedRequest): boolean {
  return request.key !== keys.produce || request.fields()["acks"] !== 0;
}

/** An answer in which everything failed, without its length; undefined where the proxy cannot make one. */
export function refuse(request: ProxiedRequest, code: number): Buffer | undefined {
  const { known, version, correlationId, key } = request;
  if (known?.api === undefined || version > known.max) return undefined;
  const body = known.api.write(failureOf(known.api.response, request.fields(), code), version);
  const isFlexible = version >= known.flexibleFrom && key !== keys.apiVersions;
  return Buffer.concat(toFrame(correlationId, isFlexible, body)).subarray(4);
}

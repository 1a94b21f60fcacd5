import { isDeepStrictEqual } from "node:util";
import { fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { expect } from "chai";
import { KeryxError } from "../../src/core/errors.ts";
import { sized, tag, utf8 } from "./protobuf-bytes.ts";
import { type WireEvent, wireProject } from "./wire-project.ts";

type Value = Record<string, unknown>;

/** Reads and writes messages of `test/golden/wire` with our codecs, and with protobuf-es beside them. */
export interface ProtobufRules {
  named(name: string): WireEvent;
  /** The value that both read, which both write as the same bytes again. */
  read(name: string, ...bytes: readonly number[]): Value;
  /** The bytes that both write, which both read to the same value. */
  write(name: string, fields: Value): Uint8Array;
  /** Why our codec does not read them. */
  reasonOf(name: string, ...bytes: readonly number[]): unknown;
}

/** To be called in a `describe`. */
export function protobufRules(): ProtobufRules {
  const events = new Map<string, WireEvent>();
  before(async () => {
    const project = await wireProject();
    for (const name of ["Scalars", "Lists", "Maps", "Choices"])
      events.set(name, await project.load("wire/v1/scalars", name));
    events.set("Little", await project.load("wire/v1/subset", "Little"));
  });

  const named = (name: string): WireEvent => events.get(name) ?? expect.fail(name);
  return {
    named,
    read(name, ...bytes) {
      const { event, schema } = named(name);
      const payload = Uint8Array.from(bytes);
      const theirs = fromBinary(schema, payload) as MessageShape<typeof schema>;
      const ours = event.codec.decode(payload);
      if (!isDeepStrictEqual(ours, theirs)) expect(ours).deep.equals(theirs);
      expect(hex(event.codec.encode(ours, 0))).equals(hex(toBinary(schema, theirs)));
      return ours as Value;
    },
    write(name, fields) {
      const { event, schema } = named(name);
      const value = event.codec.create(fields);
      const bytes = event.codec.encode(value, 0);
      expect(hex(bytes)).equals(hex(toBinary(schema, value as MessageShape<typeof schema>)));
      if (!isDeepStrictEqual(event.codec.decode(bytes), value))
        expect(event.codec.decode(bytes)).deep.equals(value);
      return bytes;
    },
    reasonOf: (name, ...bytes) => refusal(() => named(name).event.codec.decode(Uint8Array.from(bytes))),
  };
}

/** The reason with which a codec refuses something. */
export function refusal(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    if (error instanceof KeryxError) return error.details["reason"];
    throw error;
  }
  return "nothing was refused";
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** A field of text. */
export const text = (number: number, content: string): number[] => inside(number, ...utf8(content));

/** A field of a length, with what is inside. */
export const inside = (number: number, ...bytes: number[]): number[] => [...tag(number, 2), ...sized(bytes)];

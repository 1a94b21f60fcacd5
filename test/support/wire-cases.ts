import { expect } from "chai";
import { judgeProtobufWire } from "../../src/compatibility/wire-protobuf.ts";
import { linkProto } from "../../src/schema/proto/link.ts";
import type { ProtoSchema } from "../../src/schema/proto/schema.ts";

export type Imports = Readonly<Record<string, string>>;

export const headers: Readonly<Record<"proto2" | "proto3" | "editions", string>> = {
  proto3: `syntax = "proto3"; package a;`,
  proto2: `syntax = "proto2"; package a;`,
  editions: `edition = "2023"; package a;`,
};

export function link(text: string, imports: Imports = {}): ProtoSchema {
  const sources = Object.entries(imports).map(([path, one]): [string, { text: string }] => [
    path,
    { text: one },
  ]);
  return linkProto({ text }, new Map(sources));
}

export function judge(
  writer: ProtoSchema,
  reader: ProtoSchema,
  direction: "backward" | "forward",
): readonly string[] {
  return judgeProtobufWire(writer, reader, direction).map(
    ({ kind, path, severity }) => `${severity === "warning" ? "warning " : ""}${kind} ${path}`,
  );
}

export interface Case {
  readonly name: string;
  readonly syntax?: keyof typeof headers;
  readonly older: string;
  readonly newer: string;
  /** New reads old; nothing when it is left out. */
  readonly backward?: readonly string[];
  /** Old reads new. */
  readonly forward?: readonly string[];
}

/** A test of both directions, and that neither text has anything against itself. */
export function itJudges({ name, syntax = "proto3", older, newer, backward = [], forward = [] }: Case): void {
  it(name, () => {
    const [before, after] = [link(`${headers[syntax]} ${older}`), link(`${headers[syntax]} ${newer}`)];
    expect(judge(before, after, "backward"), "new reads old").to.have.members(backward);
    expect(judge(after, before, "forward"), "old reads new").to.have.members(forward);
    for (const one of [before, after])
      for (const direction of ["backward", "forward"] as const)
        expect(
          judge(one, link(`${headers[syntax]} ${one === before ? older : newer}`), direction),
        ).to.deep.equal([]);
  });
}

/** One field `a = 1` of one message, with other definitions beside it. */
export const field = (declaration: string, beside = ""): string =>
  `message M { ${declaration} a = 1; } ${beside}`;

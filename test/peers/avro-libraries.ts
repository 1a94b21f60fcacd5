import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PaymentCaptured, PaymentFailed, SystemAlert } from "../../generated/index.ts";
import type { AvroType } from "../../src/schema/avro/model.ts";
import { avroValue } from "../support/avro-values.ts";
import { withoutLogicalTypes } from "../support/avsc.ts";
import { randomFrom } from "../support/protobuf-values.ts";
import { type RecordEvent, recordOf, wireProject } from "../support/wire-project.ts";
import { fromPip, PeerUnavailable } from "./install.ts";
import type { Program } from "./peers.ts";

const own = import.meta.dirname;
const installation = fromPip("fastavro");
const programOf = (folder: string): Program => ({
  command: join(folder, "venv", "bin", "python"),
  args: ["-B", join(own, "fastavro", "peer.py")],
});

/** Avro's library for Python, of another author than ours and avsc's. */
export const fastavro = {
  name: "fastavro",
  /** Absent until it is installed. */
  program(): Program | undefined {
    const folder = installation.folder();
    return folder === undefined ? undefined : programOf(folder);
  },
  /** @throws PeerUnavailable */
  install: async (): Promise<Program> => programOf(await installation.install()),
};

const casesOfLine = 500;

interface Answer {
  readonly bytes: readonly string[];
  readonly problems: readonly string[];
}

export interface AvroLibraryRun {
  /** Name and version, in its own words. */
  readonly client: string;
  /** Values that went both ways. */
  readonly count: number;
  readonly problems: readonly string[];
}

/** What came of the library, or why it did not run. */
export type AvroPeerRun =
  | ({ readonly kind: "ran"; readonly name: string } & AvroLibraryRun)
  | { readonly kind: "skipped"; readonly name: string; readonly reason: string };

/** Installs the library and compares. */
export async function runAvroLibrary(valuesOfShape: number): Promise<AvroPeerRun> {
  const { name } = fastavro;
  try {
    return { kind: "ran", name, ...(await compareWith(await fastavro.install(), valuesOfShape)) };
  } catch (error) {
    if (!(error instanceof PeerUnavailable)) throw error;
    return { kind: "skipped", name, reason: error.message };
  }
}

/** Has the program read what generated codecs of every shape write, and write the same values itself. */
export async function compareWith(program: Program, valuesOfShape: number): Promise<AvroLibraryRun> {
  const project = await wireProject();
  const shapes = [
    await project.loadRecord("wire/v1/avro-scalars", "AvroScalars"),
    await project.loadRecord("wire/v1/avro-lists", "AvroLists"),
    await project.loadRecord("wire/v1/avro-choices", "AvroChoices"),
    await project.loadRecord("wire/v1/avro-longs", "AvroLongs"),
    await project.loadRecord("torture/v1/function", "Function$"),
    await project.loadRecord("torture/v1/avro-json", "AvroJson"),
    await project.loadRecord("torture/v2/function", "Function$"),
    ...[PaymentCaptured, PaymentFailed, SystemAlert].map((event) =>
      recordOf(event as unknown as RecordEvent["event"]),
    ),
  ];
  return compareShapes(program, shapes, valuesOfShape);
}

async function compareShapes(
  program: Program,
  shapes: readonly RecordEvent[],
  valuesOfShape: number,
): Promise<AvroLibraryRun> {
  const child = spawn(program.command, program.args, { stdio: ["pipe", "pipe", "inherit"] });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<unknown> => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error("the program ended before it had answered");
      return JSON.parse(value);
    };
    const { client } = (await next()) as { client: string };
    const problems: string[] = [];
    for (const shape of shapes)
      for (let from = 0; from < valuesOfShape; from += casesOfLine) {
        const seeds = Array.from(
          { length: Math.min(casesOfLine, valuesOfShape - from) },
          (_, index) => from + index,
        );
        const cases = seeds.map((seed) => caseOf(shape, seed));
        const question = {
          schema: withoutLogicalTypes(shape.event.wire.schema),
          cases: cases.map(({ bytes, told }) => ({ bytes: bytes.toString("hex"), value: told })),
        };
        if (!child.stdin.write(`${JSON.stringify(question)}\n`)) await once(child.stdin, "drain");
        const answer = (await next()) as Answer;
        problems.push(...answer.problems.map((one) => `${shape.event.name}, from seed ${from}, ${one}`));
        // The same bytes are read to the same value: that is what the comparison with avsc shows.
        for (const [index, { bytes }] of cases.entries())
          if (answer.bytes[index] !== bytes.toString("hex"))
            problems.push(`${shape.event.name}, seed ${from + index}: it writes ${answer.bytes[index]}`);
      }
    child.stdin.end();
    return { client, count: shapes.length * valuesOfShape, problems };
  } finally {
    process.off("exit", kill);
    kill();
  }
}

function caseOf(
  { event, record }: RecordEvent,
  seed: number,
): { readonly bytes: Buffer; readonly told: unknown } {
  const { ours, theirs } = avroValue(randomFrom(seed), record);
  return { bytes: Buffer.from(event.codec.encode(ours as object, 0)), told: tell(record, theirs) };
}

/** A value as JSON that loses nothing; the program says how. */
function tell(type: AvroType, value: unknown): unknown {
  switch (type.kind) {
    case "long":
      return String(value);
    case "bytes":
    case "fixed":
      return (value as Buffer).toString("hex");
    case "float":
    case "double": {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value as number);
      return bytes.toString("hex");
    }
    case "array":
      return (value as unknown[]).map((item) => tell(type.items, item));
    case "map":
      return Object.fromEntries(
        Object.entries(value as object).map(([key, item]) => [key, tell(type.values, item)]),
      );
    case "record":
      return Object.fromEntries(
        type.fields.map(({ name, type: field }) => [
          name,
          tell(field, (value as Record<string, unknown>)[name]),
        ]),
      );
    case "union": {
      const [[name, inner] = ["", undefined]] = Object.entries((value ?? {}) as object);
      const branch = type.branches.find((one) => ("name" in one ? one.name : one.kind) === name);
      return branch === undefined ? null : { [name]: tell(branch, inner) };
    }
    default:
      return value;
  }
}

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Message, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import * as samples from "../../../generated/index.ts";
import type { EventType } from "../../../src/core/event.ts";
import { createJsonCodecs } from "../../../src/serde/json.ts";
import { generateEarlier } from "../avro-earlier.ts";
import { avroValue } from "../avro-values.ts";
import { repository } from "../generated-code.ts";
import { messageValue, type Random, randomFrom } from "../protobuf-values.ts";
import { recordOf, type WireProject, wireProject } from "../wire-project.ts";

/** What reads bytes, and good bytes for it; plain data, because it goes to another process. */
export interface Target {
  /** The codecs that are counted together. */
  readonly codec: string;
  readonly shape: string;
  readonly decoder: Decoder;
  /** Hexadecimal. */
  readonly payloads: readonly string[];
}

export type Decoder =
  | { readonly kind: "event"; readonly module: string; readonly name: string }
  | {
      readonly kind: "earlier";
      readonly module: string;
      readonly name: string;
      readonly encoding: string;
    }
  | { readonly kind: "interpreter"; readonly writer: string; readonly reader: string }
  | {
      readonly kind: "json";
      readonly module: string;
      readonly name: string;
      readonly serialization: "JSON" | "AVRO_JSON";
    }
  /** Everything between a record and its value, for all sample events. */
  | { readonly kind: "frames" };

const payloadsOfShape = 100;
const sampleModule = pathToFileURL(join(repository, "generated", "index.ts")).href;

function payloadsOf(make: (random: Random) => Uint8Array): readonly string[] {
  return Array.from({ length: payloadsOfShape }, (_, seed) =>
    Buffer.from(make(randomFrom(seed))).toString("hex"),
  );
}

/** Every codec with its shapes. `remove` takes away the decoders of earlier writers. */
export async function generateTargets(): Promise<{ readonly targets: readonly Target[]; remove(): void }> {
  const project = await wireProject();
  const earlier = await generateEarlier(40, 7);
  const targets = [
    ...(await protobufTargets(project)),
    ...(await avroTargets(project)),
    ...earlierTargets(earlier.pairs),
    ...(await jsonTargets(project)),
    { codec: "frames", shape: "samples", decoder: { kind: "frames" }, payloads: [] } as const,
  ];
  return { targets, remove: earlier.remove };
}

async function protobufTargets(project: WireProject): Promise<readonly Target[]> {
  const fileOf = (name: string): string =>
    Object.entries(messageFiles).find(([, names]) => names.includes(name))?.[0] ?? "";
  const one = async (codec: string, name: string): Promise<Target> => {
    const file = fileOf(name);
    const { schema } = await project.load(file, name);
    return {
      codec,
      shape: name,
      decoder: { kind: "event", module: moduleOf(project, `${file}_events`), name },
      payloads: payloadsOf((random) => toBinary(schema, messageValue(random, schema) as Message)),
    };
  };
  return Promise.all([
    ...["Scalars", "Lists", "Maps", "Choices", "Edition", "Torture"].map((name) => one("Protobuf", name)),
    ...["Legacy", "Present", "Group", "Lax", "Closed", "Free"].map((name) =>
      one("Protobuf by protobuf-es", name),
    ),
  ]);
}

const messageFiles: Readonly<Record<string, readonly string[]>> = {
  "wire/v1/scalars": ["Scalars", "Lists", "Maps", "Choices"],
  "wire/v1/editions": ["Edition", "Present", "Group", "Lax", "Closed"],
  "wire/v1/legacy": ["Legacy"],
  "wire/v1/fallback": ["Free"],
  "torture/v1/torture": ["Torture"],
  "torture/v1/json": ["Json"],
};

const records: Readonly<Record<string, string>> = {
  AvroScalars: "wire/v1/avro-scalars",
  AvroLists: "wire/v1/avro-lists",
  AvroChoices: "wire/v1/avro-choices",
  AvroLongs: "wire/v1/avro-longs",
  Function$: "torture/v1/function",
  AvroJson: "torture/v1/avro-json",
};

const moduleOf = (project: WireProject, file: string): string =>
  pathToFileURL(join(project.folder, "generated", `${file}.ts`)).href;

async function avroTargets(project: WireProject): Promise<readonly Target[]> {
  const found = Object.entries(records).map(async ([name, file]): Promise<readonly Target[]> => {
    const { event, record } = await project.loadRecord(file, name);
    const payloads = payloadsOf((random) => event.codec.encode(avroValue(random, record).ours as object, 0));
    const { schema } = event.wire;
    return [
      {
        ...{ codec: "Avro", shape: name, payloads },
        decoder: { kind: "event", module: moduleOf(project, file), name },
      },
      {
        ...{ codec: "Avro interpreter", shape: name, payloads },
        decoder: { kind: "interpreter", writer: schema, reader: schema },
      },
    ];
  });
  return (await Promise.all(found)).flat();
}

function earlierTargets(pairs: Awaited<ReturnType<typeof generateEarlier>>["pairs"]): readonly Target[] {
  return pairs.flatMap((pair): readonly Target[] => {
    const { module, name, encoding, texts } = pair;
    const payloads = [Buffer.from(pair.bytes).toString("hex")];
    const interpreted: Target = {
      ...{ codec: "Avro interpreter", shape: name, payloads },
      decoder: { kind: "interpreter", ...texts },
    };
    if (pair.decode === undefined) return [interpreted];
    return [
      interpreted,
      {
        codec: "Avro, earlier writers",
        shape: name,
        payloads,
        decoder: { kind: "earlier", module, name, encoding },
      },
    ];
  });
}

async function jsonTargets(project: WireProject): Promise<readonly Target[]> {
  const codecs = createJsonCodecs();
  const { event, schema } = await project.load("torture/v1/json", "Json");
  const message: Target = {
    ...{ codec: "JSON", shape: "Json" },
    decoder: {
      ...{ kind: "json", module: moduleOf(project, "torture/v1/json_events"), name: "Json" },
      serialization: "JSON",
    },
    payloads: payloadsOf((random) => {
      // Most random times have no text in RFC 3339.
      const value = { ...messageValue(random, schema, 3), at: timestampFromMs(Math.floor(random() * 4e12)) };
      return codecs(event as EventType).encode(value);
    }),
  };
  const styles = (["JSON", "AVRO_JSON"] as const).flatMap((serialization) =>
    Object.entries(records).map(async ([name, file]): Promise<Target> => {
      const found = await project.loadRecord(file, name);
      const written = codecs({ ...found.event, serialization } as EventType);
      return {
        ...{ codec: "JSON", shape: `${name} ${serialization}` },
        decoder: { kind: "json", module: moduleOf(project, file), name, serialization },
        payloads: payloadsOf((random) => written.encode(avroValue(random, found.record).ours)),
      };
    }),
  );
  const captured = recordOf(samples.PaymentCaptured as unknown as EventType<object, object>);
  const sample: Target = {
    ...{ codec: "JSON", shape: "PaymentCaptured" },
    decoder: { kind: "json", module: sampleModule, name: "PaymentCaptured", serialization: "JSON" },
    payloads: payloadsOf((random) =>
      codecs({ ...(captured.event as EventType), serialization: "JSON" }).encode(
        avroValue(random, captured.record).ours,
      ),
    ),
  };
  return [message, ...(await Promise.all(styles)), sample];
}

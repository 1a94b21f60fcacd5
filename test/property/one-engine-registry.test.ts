import { expect } from "chai";
import { checkCompatibility } from "../../src/compatibility/engine.ts";
import { formatRegistryMessages } from "../../src/compatibility/messages.ts";
import { parseSchema } from "../../src/compatibility/parse.ts";
import { KeryxError } from "../../src/core/errors.ts";
import { compatibilityLevels } from "../../src/core/event.ts";
import { createDevRegistry, type DevRegistry } from "../../src/embedded/registry/index.ts";
import { dialectOf } from "../support/compatibility.ts";
import { type RawRegistry, rawRegistry } from "../support/embedded-registry.ts";
import { type SourcePair, sourcePairs } from "../support/schema-pairs.ts";

interface Reference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** The schema as a request, its imports registered under subjects of their names. Undefined when one is refused. */
async function toRequest(
  registry: RawRegistry,
  prefix: string,
  { type, text, imports }: SourcePair["older"],
): Promise<object | undefined> {
  const references: Reference[] = [];
  for (const { name, text: schema } of imports) {
    const subject = `${prefix}/${name}`;
    const body = { schemaType: type, schema, references: [...references] };
    const { status, body: answer } = await registry.post(
      `/subjects/${encodeURIComponent(subject)}/versions`,
      body,
    );
    if (status !== 200) return undefined;
    references.push({ name, subject, version: (answer as { version: number }).version });
  }
  return { schemaType: type, schema: text, references };
}

/** Without the lines about the old version, whose text is the registry's own. */
const essence = (messages: readonly string[]): readonly string[] =>
  messages.filter((line) => !line.startsWith("{oldSchema")).sort();

describe("One engine", () => {
  const open: DevRegistry[] = [];
  after(() => Promise.all(open.map((server) => server.close())));

  for (const dialect of ["confluent-7.0.0", "confluent-7.6.0", "confluent-8", "confluent-head"])
    it(`answers clients of the embedded registry as it answers its callers, as ${dialect}`, async function () {
      this.timeout(600_000);
      const server = await createDevRegistry({ dialect, log: () => {} });
      open.push(server);
      const registry = rawRegistry(server);
      let judged = 0;
      let refused = 0;
      for (const [at, pair] of sourcePairs(300, 20_261_122).entries()) {
        const level = compatibilityLevels[at % compatibilityLevels.length]!;
        await registry.put("/config", { compatibility: "NONE" });
        const older = await toRequest(registry, `${at}`, pair.older);
        const newer = await toRequest(registry, `${at}`, pair.newer);
        if (older === undefined || newer === undefined) continue;
        const subject = `${at}-value`;
        if ((await registry.post(`/subjects/${subject}/versions`, older)).status !== 200) continue;
        await registry.put("/config", { compatibility: level });
        const path = `/compatibility/subjects/${subject}/versions`;
        const plain = await registry.post(`${path}?verbose=true`, newer);
        const one = await registry.post(`${path}/1?verbose=true`, newer);
        expect(one.body).to.deep.equal(plain.body);
        const { is_compatible, messages = [] } = plain.body as {
          is_compatible: boolean;
          messages?: string[];
        };
        const wanted = answerOf(pair, level, dialect);
        if (wanted === undefined) {
          expect(is_compatible, `${at}`).to.equal(false);
          continue;
        }
        // What the registry refuses as a schema is not judged.
        if (messages[0]?.startsWith("Invalid schema")) continue;
        judged++;
        expect(is_compatible, `${at}`).to.equal(wanted.compatible);
        expect(essence(messages), `${at}`).to.deep.equal(essence(wanted.messages));
        // Registering the same schema again is no change, even of one that is not compatible with itself.
        if (pair.older.text === pair.newer.text) continue;
        const { status } = await registry.post(`/subjects/${subject}/versions`, newer);
        expect(status, `${at}`).to.equal(wanted.compatible ? 200 : 409);
        if (!wanted.compatible) refused++;
      }
      // The pairs are of use only when many of them are judged, with either answer.
      expect(judged).to.be.greaterThan(150);
      expect(refused).to.be.within(20, judged - 20);
    });
});

function answerOf(
  { older, newer }: SourcePair,
  level: (typeof compatibilityLevels)[number],
  dialect: string,
): { readonly compatible: boolean; readonly messages: readonly string[] } | undefined {
  try {
    const { registry } = checkCompatibility({
      history: [{ schema: parseSchema(older, { isReleased: true }) }],
      ...{ schema: parseSchema(newer), level, dialect: dialectOf(dialect) },
    });
    const context = { type: newer.type, version: 1, schema: older.text, level };
    return {
      compatible: registry.compatible,
      messages: formatRegistryMessages(registry.differences, context),
    };
  } catch (error) {
    if (!(error instanceof KeryxError)) throw error;
    return undefined;
  }
}

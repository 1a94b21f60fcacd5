import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { EventType } from "keryx";
import { sampleJson } from "../../../codegen/cli/bench/sample.ts";
import { createJsonCodecs } from "../../../src/serde/json.ts";
import { runCommand } from "../../support/command.ts";
import {
  forms,
  generateHeldLongs,
  type HeldLongs,
  held,
  nameOf,
  refusalOf,
  schemaOf,
  valuesOf,
  wide,
} from "../../support/held-longs.ts";
import { writeTree } from "../../support/schema-tree.ts";

describe("an Avro long that is marked, beside its bytes", function () {
  this.timeout(60_000);
  let longs: HeldLongs;

  before(async () => {
    longs = await generateHeldLongs();
  });
  after(() => longs.remove());

  for (const serialization of ["JSON", "AVRO_JSON"] as const)
    it(`is the same ${serialization} in every form, exact to the ends of 64 bits`, () => {
      const codecs = createJsonCodecs();
      for (const form of forms) {
        const json = codecs({ ...(longs.event(form) as EventType), serialization });
        const textOf = (n: string): string =>
          `{"n":${n},"inner":{"n":${n}},"byDefault":-9007199254740991,"list":[]}`;
        const read = (n: string): unknown => json.decode(Buffer.from(textOf(n)));
        for (const value of valuesOf(form)) {
          expect(Buffer.from(json.encode(longs.value(form, value))).toString()).equals(textOf(String(value)));
          expect(read(String(value))).deep.equals(longs.value(form, value));
          expect(read(`"${value}"`)).deep.equals(longs.value(form, value));
        }
        // Left out, a field takes its default.
        const [head = ""] = textOf("1").split(',"byDefault"');
        expect(json.decode(Buffer.from(`${head}}`))).deep.equals(longs.value(form, 1n));
        const outside = ["1.5", "9223372036854775808", '"x"', "true", "null"];
        for (const n of form === "NUMBER" ? [...outside, ...wide.map(String)] : outside)
          expect(
            refusalOf(() => read(n)),
            n,
          ).deep.includes({ code: "decode_failed", reason: "type-mismatch", path: `l.v1.${nameOf(form)}.n` });
      }
    });

  it("gives the same key and the same id in every form", () => {
    for (const form of forms)
      for (const value of valuesOf(form)) {
        const { key, id } = longs.event(form);
        expect([key?.(longs.value(form, value)), id?.(longs.value(form, value))]).deep.equals([
          String(value),
          String(value),
        ]);
      }
  });

  it("changes nothing that is registered, and nothing that `keryx check` looks at", async () => {
    const root = await writeTree({ "schemas/a.avsc": schemaOf(undefined, "long") });
    const run = async (...args: string[]): Promise<string> => {
      const { exit, out, note } = await runCommand(root, args);
      expect(exit, note).equals(0);
      return out;
    };
    await run("generate");
    await run("lock", "release");
    const before = readFileSync(join(root, "schemas.lock.json"), "utf8");
    const text = schemaOf(undefined, "long").replaceAll(
      '"type":"long"',
      '"type":"long","keryx":{"long":"NUMBER"}',
    );
    writeFileSync(join(root, "schemas", "a.avsc"), text);
    expect(await run("generate")).contains("held.ts");
    expect(readFileSync(join(root, "schemas.lock.json"), "utf8")).equals(before);
    expect(JSON.parse(await run("check", "--format", "json"))).deep.includes({ ok: true, findings: [] });
  });

  it("is told where a project is explained and documented", async () => {
    const files = forms.map((form) => [`schemas/${nameOf(form)}.avsc`, schemaOf(form, "long")]);
    const root = await writeTree(Object.fromEntries(files));
    const explained = async (name: string): Promise<string> => {
      const { out } = await runCommand(root, ["explain", name]);
      return /^longs .*$/m.exec(out)?.[0] ?? "";
    };
    expect(await explained("HeldNUMBER")).match(
      / l\.v1\.HeldNUMBER\.n:NUMBER,l\.v1\.HeldNUMBERInner\.n:NUMBER +schemas/,
    );
    expect(await explained("Held")).match(/ - +default: all are bigints$/);
    await runCommand(root, ["generate", "--docs"]);
    const page = readFileSync(join(root, "docs", "reference", "events.md"), "utf8");
    for (const type of ["long", "long as a number", "long as a string"])
      expect(page).contains(`| \`n\` | ${type} |`);
    const api = readFileSync(join(root, "docs", "reference", "asyncapi.yaml"), "utf8");
    expect(api).contains("l.v1.HeldSTRINGInner.n: STRING");
  });

  it("is filled in where a value is made up to be measured", () => {
    const codecs = createJsonCodecs();
    for (const form of forms) {
      const json = JSON.stringify(sampleJson(longs.model(form)));
      const value = codecs({ ...(longs.event(form) as EventType), serialization: "JSON" }).decode(
        Buffer.from(json),
      );
      expect(value).deep.includes({ n: held(form, 1_773_500_966_535n) });
    }
  });
});

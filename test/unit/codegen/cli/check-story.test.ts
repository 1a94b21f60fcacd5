import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type CheckedProject, createCheckedProject } from "../../../support/check-project.ts";

const avro = `{
  "type": "record",
  "name": "PaymentCaptured",
  "namespace": "shop.v1",
  "keryx": { "type": "payment.captured", "topic": "shop-payments", "key": "orderId" },
  "fields": [
    { "name": "orderId", "type": "string" },
    { "name": "cents", "type": "int" },
    { "name": "method", "type": { "type": "enum", "name": "Method", "symbols": ["CARD", "CASH"] } },
    { "name": "at", "type": { "type": "long", "logicalType": "timestamp-millis" } }
  ]
}
`;
const paths = { proto: "schemas/shop/v1/order_placed.proto", avsc: "schemas/shop/v1/payment_captured.avsc" };

type Edit = readonly [change: string, file: keyof typeof paths, old: string, now: string];

const edits: readonly Edit[] = [
  ["a field is added", "proto", "placed_at = 5;", "placed_at = 5;\n  string note = 6;"],
  [
    "a field goes, its number and name are reserved",
    "proto",
    "int64 total_minor = 4;",
    'reserved 4;\n  reserved "total_minor";',
  ],
  [
    "a field with a default is added",
    "avsc",
    '"type": "int" },',
    '"type": "int" },\n    { "name": "note", "type": "string", "default": "" },',
  ],
  ["int becomes long", "avsc", '"type": "int"', '"type": "long"'],
  [
    "a field is renamed, with the old name as alias",
    "avsc",
    '"name": "cents"',
    '"name": "amount", "aliases": ["cents"]',
  ],
  ["a field changes its type", "proto", "int64 total_minor = 4;", "string total_minor = 4;"],
  ["a field goes, its number stays free", "proto", "  int64 total_minor = 4;\n", ""],
  [
    "a field without a default is added",
    "avsc",
    '"type": "int" },',
    '"type": "int" },\n    { "name": "note", "type": "string" },',
  ],
  ["milliseconds become microseconds", "avsc", "timestamp-millis", "timestamp-micros"],
  ["only the policy changes: another record key", "proto", 'key: "order_id"', 'key: "event_id"'],
];

// What a person expects. Registry and wire: the verdicts, where something was found.
const expected = `
| change | file | answer | registry | wire | findings |
|---|---|---|---|---|---|
| a field is added | .proto | yes | | | |
| a field goes, its number and name are reserved | .proto | yes | | | |
| a field with a default is added | .avsc | yes | | | |
| int becomes long | .avsc | yes | | | |
| a field is renamed, with the old name as alias | .avsc | yes | | | |
| a field changes its type | .proto | **no** | no | no | registry-incompatible FIELD_SCALAR_KIND_CHANGED, wire-unsafe TYPE_CHANGED, buf:FIELD_WIRE_JSON_COMPATIBLE_TYPE |
| a field goes, its number stays free | .proto | **no** | yes | no | wire-unsafe NUMBER_NOT_RESERVED, buf:FIELD_NO_DELETE_UNLESS_NAME_RESERVED, buf:FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED |
| a field without a default is added | .avsc | **no** | no | no | registry-incompatible READER_FIELD_MISSING_DEFAULT_VALUE, wire-unsafe FIELD_WITHOUT_DEFAULT |
| milliseconds become microseconds | .avsc | **no** | yes | no | wire-unsafe LOGICAL_TYPE_CHANGED |
| only the policy changes: another record key | .proto | **no** | | | key-changed |
`;

describe("ten changes in a new project, judged by keryx check", () => {
  let project: CheckedProject;
  const place = (file: keyof typeof paths): string => join(project.root, paths[file]);
  before(async () => {
    project = await createCheckedProject({});
    await project.write({ "keryx.yaml": undefined, schemas: undefined });
    expect((await project.run("init", "--project", project.root)).exit).to.equal(0);
    await project.write({ [paths.avsc]: avro });
    expect((await project.run("lint")).exit).to.equal(0);
    await project.release();
    project.commit("two events");
  });

  for (const against of ["git:HEAD", "lock"])
    it(`get the answers that a person expects, compared with ${against}`, async function () {
      this.timeout(60_000);
      const rows: string[] = [];
      for (const [change, file, old, now] of edits) {
        const text = await readFile(place(file), "utf8");
        expect(text).to.include(old);
        await writeFile(place(file), text.replace(old, now));
        const { exit, findings } = await project.check({ against });
        await writeFile(place(file), text);
        const verdicts = findings.find((one) => one.verdicts !== null)?.verdicts;
        const show = (verdict: boolean | undefined): string =>
          verdict === undefined ? "" : verdict ? " yes" : " no";
        const found = findings.map(({ rule, kind }) => (kind === null ? rule : `${rule} ${kind}`)).join(", ");
        const answer = exit === 0 ? "yes" : "**no**";
        rows.push(
          `| ${change} | .${file} | ${answer} |${show(verdicts?.registry)} |${show(verdicts?.wire)} |${found === "" ? "" : ` ${found}`} |\n`,
        );
      }
      const [head = ""] = expected.split("| a field is added");
      expect(`${head}${rows.join("")}`).to.equal(expected);
    });
});

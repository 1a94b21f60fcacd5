import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { parse } from "yaml";
import { runCommand } from "../support/command.ts";
import { lineDiff } from "../support/line-diff.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = join(root, "examples/ci/changes");
const guide = join(root, "docs/guides/changing-schemas.md");

type Verdicts = readonly [registry: "ok" | "no", wire: "safe" | "warned" | "unsafe"];

interface Change {
  readonly change: string;
  readonly title: string;
  readonly backward: Verdicts;
  readonly forward: Verdicts;
  readonly why: string;
  /** Absent where the change is fine as it is. */
  readonly instead?: string;
}

const changes: readonly Change[] = parse(readFileSync(join(folder, "changes.yaml"), "utf8"));
const isAvro = ({ change }: Change): boolean => change.startsWith("avro-");
const fileOf = (change: Change, name: string): string => `${name}.${isAvro(change) ? "avsc" : "proto"}`;

async function ask(change: Change, to: string, level: string, dialect: string): Promise<Verdicts> {
  const files = [fileOf(change, "before"), fileOf(change, to)];
  const flags = ["--level", level, "--dialect", dialect, "--json"];
  const { out, exit } = await runCommand(join(folder, change.change), ["compat", ...files, ...flags]);
  const { verdicts, wire } = JSON.parse(out);
  expect(exit).to.equal(verdicts.registry && verdicts.wire ? 0 : 3);
  return [verdicts.registry ? "ok" : "no", verdicts.wire ? (wire.length > 0 ? "warned" : "safe") : "unsafe"];
}

function diffOf(change: Change, to: string): string {
  const read = (name: string): string =>
    readFileSync(join(folder, change.change, fileOf(change, name)), "utf8");
  return `\`\`\`diff\n${lineDiff(read("before"), read(to)).join("\n")}\n\`\`\``;
}

const strong = (word: string): string => (["no", "unsafe"].includes(word) ? `**${word}**` : word);
const anchorOf = (change: Change): string => (isAvro(change) ? change.change : `protobuf-${change.change}`);

function renderTable(list: readonly Change[]): string {
  const rows = list.map((one) => {
    const cells = [...one.backward, ...one.forward].map(strong);
    return `| [${one.title}](#${anchorOf(one)}) | ${cells.join(" | ")} |`;
  });
  return `| change | BACKWARD: registry | wire | FORWARD: registry | wire |\n|---|---|---|---|---|\n${rows.join("\n")}`;
}

function renderChange(one: Change): string {
  const head = `<a id="${anchorOf(one)}"></a>\n\n### ${one.title}\n${diffOf(one, "after")}\n${one.why}`;
  return one.instead === undefined
    ? head
    : `${head}\n\n**Instead:** ${one.instead}\n${diffOf(one, "instead")}`;
}

const mark = "<!-- From here on written by test/examples/changes.test.ts from examples/ci/changes. -->";

function renderParts(): string {
  const part = (title: string, list: readonly Change[]): string =>
    `## ${title}\n${renderTable(list)}\n\n${list.map(renderChange).join("\n\n")}`;
  const proto = changes.filter((one) => !isAvro(one));
  return `${mark}\n\n${part("Protobuf", proto)}\n\n${part("Avro", changes.filter(isAvro))}\n`;
}

describe("the worked examples of changes", () => {
  it("have a folder each, and each folder has an example", () => {
    const folders = readdirSync(folder, { withFileTypes: true }).filter((one) => one.isDirectory());
    expect(changes.map(({ change }) => change)).to.have.members(folders.map(({ name }) => name));
  });

  for (const one of changes) {
    it(`${one.change} has the verdicts that are stated`, async () => {
      for (const dialect of ["confluent-head", "confluent-8"]) {
        expect(await ask(one, "after", "BACKWARD", dialect)).to.deep.equal(one.backward);
        expect(await ask(one, "after", "FORWARD", dialect)).to.deep.equal(one.forward);
      }
    });

    it(`${one.change} has a way that both take in both directions, unless it is one itself`, async () => {
      const to = one.instead === undefined ? "after" : "instead";
      expect(existsSync(join(folder, one.change, fileOf(one, "instead")))).to.equal(to === "instead");
      for (const dialect of ["confluent-head", "confluent-8", "confluent-7.6"])
        expect(await ask(one, to, "FULL", dialect)).to.deep.equal(["ok", "safe"]);
    });
  }

  it("stand in the guide as they are", () => {
    const text = readFileSync(guide, "utf8");
    const intro = text.slice(0, text.indexOf(mark));
    // To accept a change: KERYX_UPDATE_GOLDEN=1, then read the difference.
    if (process.env["KERYX_UPDATE_GOLDEN"]) writeFileSync(guide, `${intro}${renderParts()}`);
    expect(readFileSync(guide, "utf8").slice(intro.length)).to.equal(renderParts());
  });
});

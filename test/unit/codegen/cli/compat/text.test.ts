import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect } from "chai";
import { runCommand } from "../../../../support/command.ts";
import { writeTree } from "../../../../support/schema-tree.ts";

const golden = join(import.meta.dirname, "..", "..", "..", "..", "golden", "compat");

async function shown(name: string, options: { readonly columns: number; readonly color?: boolean }) {
  const cwd = join(golden, name);
  const args = readFileSync(join(cwd, "command"), "utf8").trim().split(" ");
  const { out, note, exit } = await runCommand(cwd, ["compat", ...args], options);
  expect(note).to.equal("");
  return { out, exit };
}

describe("what keryx compat shows people", () => {
  for (const name of readdirSync(golden)) {
    for (const [file, columns] of [
      ["wide.txt", 120],
      ["narrow.txt", 64],
    ] as const)
      it(`is as written down for ${name} on ${columns} columns`, async () => {
        const { out, exit } = await shown(name, { columns });
        const expected = join(golden, name, file);
        // To accept a change: KERYX_UPDATE_GOLDEN=1, then read the difference.
        if (process.env["KERYX_UPDATE_GOLDEN"]) writeFileSync(expected, out);
        expect(out).to.equal(readFileSync(expected, "utf8"));
        expect(exit).to.equal(name === "compatible" ? 0 : 3);
      });

    it(`has the same letters in colour for ${name}`, async () => {
      const plain = await shown(name, { columns: 120 });
      const coloured = await shown(name, { columns: 120, color: true });
      expect(plain.out).to.not.include("\u001b");
      expect(coloured.out).to.include("\u001b[");
      const bare = stripVTControlCharacters(coloured.out).replaceAll(/ +$/gm, "");
      expect(bare).to.equal(plain.out.replaceAll(/ +$/gm, ""));
    });
  }

  it("names the versions of a history by number", async () => {
    expect((await shown("history", { columns: 120 })).out).to.include("version 2");
    expect((await shown("protobuf", { columns: 120 })).out).to.not.include("version");
  });

  it("escapes what a terminal would obey", async () => {
    const evil = "\u001b]0;title\u0007\u202e";
    const cwd = await writeTree({
      "old.proto": `syntax = "proto3"; message A {\nstring a = 1; /* ${evil} */ }`,
      "new.proto": `syntax = "proto3"; message A {\nint32 a = 1; /* ${evil} */ }`,
    });
    const { out } = await runCommand(cwd, ["compat", "old.proto", "new.proto"]);
    expect(out).to.include("\\x1b]0;title");
    expect(out.replaceAll("\n", "")).to.not.match(/[\p{Cc}\p{Bidi_Control}]/u);
  });

  it("ends after fifty places and says how many more there are", async () => {
    const fields = (type: string): string =>
      Array.from({ length: 80 }, (_, at) => `${type} f${at} = ${at + 1};`).join("\n");
    const cwd = await writeTree({
      "old.proto": `syntax = "proto3"; message A {\n${fields("string")}\n}`,
      "new.proto": `syntax = "proto3"; message A {\n${fields("int32")}\n}`,
    });
    const { out } = await runCommand(cwd, ["compat", "old.proto", "new.proto"]);
    expect(out.match(/^registry FIELD/gm)).to.have.length(50);
    expect(out).to.include("and 30 more; `--json` lists them all");
  });

  it("shows no excerpt of a descriptor, which has no lines", async () => {
    const file = (name: string): string => {
      const message = Buffer.from([0x0a, name.length, ...Buffer.from(name)]);
      return Buffer.from([0x0a, 1, 0x61, 0x22, message.length, ...message]).toString("base64");
    };
    const cwd = await writeTree({ "old.desc": file("Old"), "new.desc": file("New") });
    const args = ["compat", "old.desc", "new.desc", "--type", "PROTOBUF"];
    const { out, exit } = await runCommand(cwd, args);
    expect(out).to.include("registry MESSAGE_REMOVED").and.not.include("nothing there");
    expect(exit).to.equal(3);
  });
});

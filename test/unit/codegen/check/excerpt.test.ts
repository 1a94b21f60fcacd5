import { stripVTControlCharacters } from "node:util";
import { expect } from "chai";
import { type ExcerptSide, excerpt } from "../../../../codegen/check/excerpt.ts";
import { cpuTimeMs } from "../../schema/cpu-time.ts";

function side(file: string, text: string, part: string): ExcerptSide {
  const offset = text.indexOf(part);
  const lines = text.slice(0, offset).split("\n");
  const column = (lines.at(-1)?.length ?? 0) + 1;
  return { file, text, span: { line: lines.length, column, offset, end: offset + part.length } };
}

const old = side("old.proto", "message M {\n  string a = 1;\n}\n", "string a = 1;");
const young = side("new.proto", "message M {\n\n  int32 a = 1;\n}\n", "int32 a = 1;");

describe("an excerpt", () => {
  it("shows old and new side by side with their line numbers", () => {
    expect(excerpt({ old, new: young, width: 100, color: false })).to.equal(
      `  ${"old old.proto:2".padEnd(47)} │ new new.proto:3
  ${"2 string a = 1;".padEnd(47)} │ 3 int32 a = 1;
`,
    );
  });

  it("shows old above new on a narrow terminal", () => {
    expect(excerpt({ old, new: young, width: 60, color: false })).to.equal(
      "  old old.proto:2\n  2 string a = 1;\n  new new.proto:3\n  3 int32 a = 1;\n",
    );
  });

  it("shows old above new where a line would be cut: its end may be all that differs", () => {
    const long = `string ${"a".repeat(60)}`;
    const [before, after] = [
      side("old.proto", `${long} = 1;`, long),
      side("new.proto", `${long} = 2;`, long),
    ];
    expect(excerpt({ old: before, new: after, width: 120, color: false })).to.equal(
      `  old old.proto:1\n  1 ${long} = 1;\n  new new.proto:1\n  1 ${long} = 2;\n`,
    );
  });

  it("counts the lines of a version that lies in no file in words", () => {
    const version = { ...old, file: "version 3", isVersion: true };
    expect(excerpt({ old: version, width: 100, color: false })).to.equal(
      "  old version 3, line 2\n  2 string a = 1;\n",
    );
  });

  it("fits into any width", () => {
    const wide = side("a-very-long-name-of-a-folder/and-of-a-file.proto", `x\n${"y".repeat(500)}\n`, "yyyy");
    for (const width of [1, 30, 40, 79, 96, 97, 120, 200])
      for (const line of excerpt({ old: wide, new: wide, width, color: false }).split("\n"))
        expect(line.length, `${width}`).to.be.at.most(Math.max(width, 30));
  });

  it("is coloured only when asked to, and never changes its letters by it", () => {
    for (const width of [60, 100]) {
      const plain = excerpt({ old, new: young, width, color: false });
      const coloured = excerpt({ old, new: young, width, color: true });
      expect(plain).to.not.include("\u001b");
      expect(coloured).to.include("\u001b[31m").and.include("\u001b[32m");
      expect(stripVTControlCharacters(coloured).replaceAll(/ +$/gm, "")).to.equal(plain);
    }
  });

  it("says when one of the texts has nothing there", () => {
    const { span: _, ...gone } = young;
    expect(excerpt({ old, new: gone, width: 60, color: false })).to.equal(
      "  old old.proto:2\n  2 string a = 1;\n  new new.proto\n      (nothing there)\n",
    );
    expect(excerpt({ new: young, width: 100, color: false })).to.equal(
      "  new new.proto:3\n  3 int32 a = 1;\n",
    );
    expect(excerpt({ width: 100, color: false })).to.equal("");
  });

  it("keeps the inner indentation of several lines, and cuts after a few", () => {
    const text = `  message M {\r\n\tstring a = 1;\r\n${"    int32 b = 2;\r\n".repeat(9)}  }\r\n`;
    expect(excerpt({ new: side("m.proto", text, text), width: 60, color: false })).to.equal(
      `  new m.proto:1
  1 message M {
  2 string a = 1;
  3   int32 b = 2;
  4   int32 b = 2;
  5   int32 b = 2;
  6   int32 b = 2; …
`,
    );
  });

  it("shows the part that matters of a text in one line, however long it is", () => {
    const text = `{${'"x":1,'.repeat(100_000)}"name":"a"}`;
    const request = { new: side("a.avsc", text, '"name"'), width: 60, color: false };
    const timeMs = cpuTimeMs(() => {
      for (let round = 0; round < 200; round++)
        expect(excerpt(request)).to.equal('  new a.avsc:1\n  1 "name"\n');
    });
    expect(timeMs).to.be.lessThan(2_000);
  });

  it("escapes what a terminal would obey", () => {
    const text = "string a = 1; // \u001b]0;title\u0007 \u202e\n";
    const shown = excerpt({ new: side("\u001b[31mfile", text, "string"), width: 100, color: false });
    expect(shown.replaceAll("\n", "")).to.not.match(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(shown).to.include("\\x1b]0;title\\x07 \\u202e");
  });
});

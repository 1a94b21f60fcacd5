import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { maxLineBytes, runBatch } from "../../../../../codegen/cli/compat/batch.ts";
import { createParsedCache } from "../../../../../codegen/cli/compat/cache.ts";
import { readLines } from "../../../../../codegen/cli/compat/lines.ts";
import { type CommandAnswer, runCommand } from "../../../../support/command.ts";
import { avro, dialectOf } from "../../../../support/compatibility.ts";

const int = '{"type": "int"}';
const long = '"long"';

interface Answers extends CommandAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: the answers are JSON of a program, looked at member by member
  readonly lines: readonly any[];
}

async function batch(input: Iterable<string | Uint8Array>, ...args: readonly string[]): Promise<Answers> {
  const answer = await runCommand(import.meta.dirname, ["compat", "--batch", ...args], { input });
  const lines = answer.out.split("\n");
  expect(lines.pop()).to.equal("");
  return { ...answer, lines: lines.map((line) => JSON.parse(line)) };
}

const ask = (...questions: readonly object[]): Promise<Answers> =>
  batch([questions.map((one) => `${JSON.stringify(one)}\n`).join("")]);

describe("keryx compat --batch", () => {
  it("answers each line in order, with its id and the members of --json", async () => {
    const { exit, lines, note } = await ask(
      { id: "a", old: [int], new: long, type: "AVRO", level: "BACKWARD", dialect: "confluent-7.4" },
      { id: 2, old: [long], new: int, type: "AVRO", level: "BACKWARD" },
      { old: [], new: 'syntax = "proto3";', type: "PROTOBUF" },
    );
    expect([exit, note]).to.deep.equal([0, ""]);
    expect(lines.map((one) => one.id)).to.deep.equal(["a", 2, null]);
    expect(Object.keys(lines[0])).to.deep.equal([
      ...["id", "compatible", "level", "dialect", "verdicts", "differences", "wire", "ruleSet"],
    ]);
    expect(lines.map((one) => one.compatible)).to.deep.equal([true, false, true]);
    expect(lines.map((one) => one.dialect)).to.deep.equal(["confluent-7.4", "confluent-8", "confluent-8"]);
    expect(lines[1].differences[0]).to.include({ kind: "TYPE_MISMATCH", against: 0 });
  });

  it("takes an empty history for compatible, whatever the level", async () => {
    for (const level of ["BACKWARD", "FULL_TRANSITIVE", "NONE"]) {
      const { exit, lines } = await ask({ id: 1, old: [], new: int, type: "AVRO", level });
      expect([exit, lines[0].verdicts]).to.deep.equal([0, { registry: true, wire: true }]);
    }
  });

  it("ends with 0 whatever the verdicts are: each line has one", async () => {
    expect((await ask({ id: 1, old: [long], new: int, type: "AVRO" })).exit).to.equal(0);
  });

  it("takes level, dialect and type of the flags where a line has none", async () => {
    const line = '{"id": 1, "old": ["\\"long\\""], "new": "\\"int\\""}\n';
    const { exit, lines } = await batch(
      [line],
      "--level",
      "FORWARD",
      "--dialect",
      "confluent-head",
      "--type",
      "AVRO",
    );
    expect(exit).to.equal(0);
    expect(lines[0]).to.include({
      compatible: true,
      level: "FORWARD",
      dialect: "confluent-head",
      ruleSet: "D",
    });
    const own = await batch(
      [line.replace("{", '{"level": "BACKWARD", ')],
      "--level",
      "FORWARD",
      "--type",
      "AVRO",
    );
    expect(own.lines[0]).to.include({ compatible: false, level: "BACKWARD" });
  });

  it("reads imports from the line, for old and new alike", async () => {
    const text = 'syntax = "proto3"; import "a.proto"; message M { A a = 1; }';
    const imports = { "a.proto": 'syntax = "proto3"; message A { int32 x = 1; }' };
    const question = { id: 1, old: [text], new: text, type: "PROTOBUF" };
    expect((await ask({ ...question, imports })).lines[0].compatible).to.equal(true);
    const without = (await ask(question)).lines[0];
    expect(without.error).to.include({ code: "schema_invalid", file: "old[0]", line: 1 });
    const broken = (await ask({ ...question, imports: { "a.proto": "message {" } })).lines[0];
    expect(broken.error).to.include({ file: "a.proto", line: 1 });
    // The same texts with other imports are other schemas.
    const both = await ask({ ...question, imports }, question);
    expect(both.lines[1].error.code).to.equal("schema_invalid");
  });

  it("answers lines that cannot be judged with an error, goes on, and ends with 1", async () => {
    const good = { id: "good", old: [int], new: int, type: "AVRO" };
    for (const [line, code] of [
      ["nonsense", "usage"],
      ["[]", "usage"],
      ["null", "usage"],
      ["7", "usage"],
      ["{}", "usage"],
      ['{"id": {}, "old": [], "new": "", "type": "AVRO"}', "usage"],
      [JSON.stringify({ ...good, type: "JSON" }), "usage"],
      [JSON.stringify({ ...good, type: undefined }), "usage"],
      [JSON.stringify({ ...good, level: "SIDEWAYS" }), "usage"],
      [JSON.stringify({ ...good, level: 1 }), "usage"],
      [JSON.stringify({ ...good, dialect: "confluent-1" }), "usage"],
      [JSON.stringify({ ...good, dialect: "__proto__" }), "usage"],
      [JSON.stringify({ ...good, old: "x" }), "usage"],
      [JSON.stringify({ ...good, old: [1] }), "usage"],
      [JSON.stringify({ ...good, new: undefined }), "usage"],
      [JSON.stringify({ ...good, imports: [] }), "usage"],
      [JSON.stringify({ ...good, imports: { a: 1 } }), "usage"],
      [JSON.stringify({ ...good, new: "{" }), "schema_invalid"],
      [JSON.stringify({ ...good, old: [int, "["] }), "schema_invalid"],
      [`{"__proto__": {"new": "\\"int\\""}, "id": 1, "old": [], "type": "AVRO"}`, "usage"],
      ["[".repeat(1_000_000), "usage"],
    ] as const) {
      const { exit, lines } = await batch([`${line}\n${JSON.stringify(good)}\n`]);
      const shown = line.slice(0, 80);
      expect(exit, shown).to.equal(1);
      expect(lines, shown).to.have.length(2);
      expect(lines[0].error.code, shown).to.equal(code);
      expect(lines[0].error.message, shown).to.be.a("string");
      expect(lines[1]).to.include({ id: "good", compatible: true });
    }
  });

  it("says in which text of a line the error is, and where", async () => {
    const question = { id: 9, old: [int, '{\n "type": 7}'], new: int, type: "AVRO" };
    const [old] = (await ask(question)).lines;
    expect(old).to.have.all.keys("id", "error");
    expect(old.id).to.equal(9);
    expect(old.error).to.include({ code: "schema_invalid", file: "old[1]", line: 2 });
    const [young] = (await ask({ ...question, old: [], new: "?" })).lines;
    expect(young.error).to.include({ file: "new", line: 1, column: 1 });
  });

  it("passes over blank lines, and needs no line end behind the last one", async () => {
    const line = JSON.stringify({ id: 1, old: [], new: int, type: "AVRO" });
    const { exit, lines } = await batch(["\n \r\n", line, "\r\n\n", line]);
    expect([exit, lines.length]).to.deep.equal([0, 2]);
    expect(await batch([])).to.deep.include({ exit: 0, lines: [] });
  });

  it("puts lines together however they are cut, inside characters too", async () => {
    const text = JSON.stringify({ id: "é€😀", old: [], new: int, type: "AVRO" });
    const bytes = new TextEncoder().encode(`${text}\n${text}\n`);
    for (const size of [1, 2, 3, 7, 64, 1_000]) {
      const chunks: Uint8Array[] = [];
      for (let from = 0; from < bytes.length; from += size) chunks.push(bytes.subarray(from, from + size));
      const { lines } = await batch(chunks);
      expect(
        lines.map(({ id }) => id),
        `${size}`,
      ).to.deep.equal(["é€😀", "é€😀"]);
    }
  });

  it("prints an answer on one line that shows no control character", async () => {
    const id = "a\u2028\u001b[31m\u202e";
    const { out, lines } = await ask({ id, old: [], new: int, type: "AVRO" });
    expect(out.slice(0, -1)).to.not.match(/[\p{Cc}\p{Zl}\p{Bidi_Control}]/u);
    expect(lines[0].id).to.equal(id);
  });

  it("refuses a line that is too long without holding it, and goes on", async () => {
    const part = new Uint8Array(1_048_576).fill(0x20);
    function* input(): Generator<string | Uint8Array> {
      for (let at = 0; at < 64; at++) yield part;
      yield `\n${JSON.stringify({ id: 1, old: [], new: int, type: "AVRO" })}\n`;
    }
    const { exit, lines } = await batch(input());
    expect(exit).to.equal(1);
    expect(lines[0].error.message).to.include(`${maxLineBytes}`);
    expect(lines[1].id).to.equal(1);
  });

  it("holds neither input nor answers back while nobody takes the answers", async () => {
    const line = `${JSON.stringify({ id: 1, old: [], new: int, type: "AVRO" })}\n`;
    let given = 0;
    let taken = 0;
    async function* input(): AsyncGenerator<Uint8Array> {
      const chunk = new TextEncoder().encode(line.repeat(10));
      for (; given < 1_000; given++) yield chunk;
    }
    const io = {
      cwd: ".",
      env: {},
      color: { out: false, note: false },
      input: input(),
      note: () => {},
      out: () => {
        taken++;
      },
      drained: async () => {
        // What was read is never more than one chunk ahead of what was taken.
        expect(given - taken).to.be.lessThan(2);
        return taken < 100;
      },
    };
    const settings = { level: "BACKWARD", dialect: dialectOf(), verdicts: [] } as const;
    expect(await runBatch(settings, io)).to.equal(1);
    expect(given).to.be.lessThan(102);
  });

  it("gives answers away in small parts, however many questions come at once", async () => {
    const line = `${JSON.stringify({ id: 1, old: [], new: int, type: "AVRO" })}\n`;
    const sizes: number[] = [];
    async function* input(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode(line.repeat(3_000));
    }
    const io = {
      cwd: ".",
      env: {},
      color: { out: false, note: false },
      input: input(),
      note: () => {},
      out: (text: string) => {
        sizes.push(text.length);
      },
    };
    expect(await runBatch({ level: "BACKWARD", dialect: dialectOf(), verdicts: [] }, io)).to.equal(0);
    expect(Math.max(...sizes)).to.be.lessThan(70_000);
    expect(sizes.length).to.be.greaterThan(5);
  });

  it("needs a standard input", async () => {
    const { exit, note } = await runCommand(import.meta.dirname, ["compat", "--batch"]);
    expect(exit).to.equal(2);
    expect(note).to.include("standard input");
  });
});

describe("reading lines", () => {
  it("gives each line once, and tells of those over the limit", async () => {
    async function* input(): AsyncGenerator<Uint8Array> {
      for (const text of ["ab\nabcd", "e\n\nabcde", "f\nx"]) yield new TextEncoder().encode(text);
    }
    const found: (string | undefined)[] = [];
    for await (const lines of readLines(input(), 5))
      for (const line of lines) found.push(line.kind === "text" ? line.text : undefined);
    expect(found).to.deep.equal(["ab", "abcde", "", undefined, "x"]);
  });
});

describe("the memory of a line that is too long", () => {
  it("is given back", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const megabyte = 1_048_576;
    collect();
    const before = process.memoryUsage().arrayBuffers;
    const kept = (): number => process.memoryUsage().arrayBuffers - before;
    async function* input(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < 64; at++) yield new Uint8Array(megabyte).fill(0x20);
      // Buffers are swept beside the collection, which is over before they are.
      for (let tries = 0; tries < 100 && kept() >= 8 * megabyte; tries++) {
        collect();
        await sleep(20);
      }
      expect(kept()).to.be.lessThan(8 * megabyte);
      yield new Uint8Array([0x0a]);
    }
    for await (const lines of readLines(input(), 4 * megabyte))
      expect(lines).to.deep.equal([{ kind: "too-long" }]);
  });
});

describe("the memory of parsed schemas", () => {
  it("parses a text once, and forgets what was not asked for longest", () => {
    const cache = createParsedCache();
    const parsed: string[] = [];
    const get = (key: string): unknown =>
      cache.get(key, () => {
        parsed.push(key);
        return avro(int);
      });
    get("a");
    get("a");
    expect(parsed).to.deep.equal(["a"]);
    for (let at = 0; at < 63; at++) get(`${at}`);
    get("a");
    expect(parsed).to.have.length(64);
    get("b");
    get("a");
    get("0");
    expect(parsed.slice(64)).to.deep.equal(["b", "0"]);
  });

  it("is bounded by the size of the texts, and answers those beyond it all the same", () => {
    const cache = createParsedCache();
    let parsed = 0;
    const get = (key: string): unknown =>
      cache.get(key, () => {
        parsed++;
        return avro(int);
      });
    get("x".repeat(2_000_000));
    get("x".repeat(2_000_000));
    expect(parsed).to.equal(2);
    get("a");
    get("a");
    expect(parsed).to.equal(3);
  });
});

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import ts from "typescript";
import { loadConfig } from "../../../src/config/load.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

function findDocuments(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => join(folder, path));
}

const documents = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...findDocuments("docs"),
  ...findDocuments("examples"),
];

/** The blocks of one language. */
const blocksOf = (text: string, language: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    ([, block = ""]) => block,
  );

const withoutBlocks = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, "");

/** Fragments of a document's headings, as code hosts make them, and those that it names itself. */
const anchorsOf = (text: string): readonly string[] => [
  ...[...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-"),
  ),
  ...[...withoutBlocks(text).matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id = ""]) => id),
];

function findBrokenLinks(path: string, text: string = read(path)): readonly string[] {
  const prose = withoutBlocks(text).replaceAll(/`[^`\n]*`/g, "");
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? join(root, path) : join(root, dirname(path), file);
    if (!existsSync(target)) return true;
    return anchor !== undefined && !anchorsOf(readFileSync(target, "utf8")).includes(anchor);
  });
}

/** What the guides' examples take for granted; the README's stand by themselves. */
const surroundings = `
import type { KeryxApp } from "keryx";
import type { TestServers } from "keryx/testing";
import { orderEventsConsumer } from "./generated/index.ts";
declare const app: KeryxApp;
declare const servers: TestServers;
declare function forget(key: string | null): void;
`;
const charge = "declare function charge(event: unknown, options?: { signal: AbortSignal }): Promise<void>;\n";

/** Checks texts as modules at the root, by the project's own settings. */
function typeCheck(modules: ReadonlyMap<string, string>): readonly string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(root, "tsconfig.json"),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
        throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
      },
    },
  );
  const options = { ...config?.options, isolatedDeclarations: false, declaration: false };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => modules.has(path) || fileExists(path);
  host.readFile = (path) => modules.get(path) ?? readFile(path);
  host.getSourceFile = (path, language, ...rest) => {
    const text = modules.get(path);
    return text === undefined
      ? getSourceFile(path, language, ...rest)
      : ts.createSourceFile(path, text, language);
  };
  const program = ts.createProgram([...modules.keys()], options, host);
  return [...modules.keys()].flatMap((path) => {
    const file = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ messageText }) => `${relative(root, path)}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
  });
}

describe("documents", () => {
  for (const path of documents)
    it(`${path} links only to what is there`, () => {
      expect(findBrokenLinks(path)).to.deep.equal([]);
    });

  it("the search for links finds a missing file and a missing heading", () => {
    const text = "[a](adr) [b](gone.md) [c](design.md#concurrency) [d](design.md#nothing) [e](https://a.b)";
    expect(findBrokenLinks("docs/design.md", text)).to.deep.equal(["gone.md", "design.md#nothing"]);
  });

  it("every file of ours that the design, CONTRIBUTING or a decision names exists", () => {
    const folders = ["src", "codegen", "generated", "schemas", "bench", "bin", "examples", "scripts", "test"];
    const files = folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map(
        (path) => `/${folder}/${path}`,
      ),
    );
    const exists = (name: string): boolean => {
      const pattern = name.replaceAll(".", "\\.").replaceAll("*", "[\\w-]*");
      return files.some((path) => new RegExp(`/${pattern}$`).test(path));
    };
    const missing = ["docs/design.md", "CONTRIBUTING.md", ...findDocuments("docs/adr")].flatMap((path) =>
      [...read(path).matchAll(/`([a-z][\w./*-]*\.(?:ts|mjs))`/g)]
        .map(([, name = ""]) => name)
        .filter((name) => name !== "some-file.ts" && !exists(name))
        .map((name) => `${path}: ${name}`),
    );
    expect(missing).to.deep.equal([]);
    expect(exists("src/core/nowhere.ts")).to.equal(false);
  });

  it("every npm script that a document names exists", () => {
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(read("package.json"));
    for (const path of documents)
      for (const [, name = ""] of read(path).matchAll(/npm run ([a-z:-]+)/g))
        expect(scripts, `${path}: npm run ${name}`).to.have.property(name);
  });

  it("every command of scripts/run.mjs that a document names exists", () => {
    const usage = spawnSync(process.execPath, [join(root, "scripts/run.mjs")], { encoding: "utf8" }).stderr;
    const known = /<([a-z:|]+)>/.exec(usage)?.[1]?.split("|") ?? [];
    for (const path of documents)
      for (const [, name] of read(path).matchAll(/scripts\/run\.mjs ([a-z]+)/g))
        expect(known, `${path}: scripts/run.mjs ${name}`).to.include(name);
  });

  it("the settings that guides show are valid", () => {
    const folder = mkdtempSync(join(tmpdir(), "keryx-guides-"));
    let count = 0;
    try {
      for (const path of documents)
        for (const block of blocksOf(read(path), "yaml")) {
          // Steps of a pipeline are a list.
          if (block.startsWith("-")) continue;
          writeFileSync(join(folder, "keryx.yaml"), block);
          expect(() => loadConfig({ cwd: folder, environment: {} }), `${path}\n${block}`).to.not.throw();
          count++;
        }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    expect(count).to.be.at.least(2);
  });

  it("the TypeScript of README and guides compiles against the generated clients", function () {
    this.timeout(120_000);
    const modules = new Map<string, string>();
    for (const path of documents)
      for (const [index, block] of blocksOf(read(path), "ts").entries()) {
        const before = block.includes("import ") ? charge : charge + surroundings;
        modules.set(join(root, `${path.replaceAll(/[/.]/g, "-")}-${index}.ts`), before + block);
      }
    expect(modules.size).to.be.at.least(3);
    modules.set(join(root, "wrong.ts"), "const text: string = 1;");
    expect(typeCheck(modules)).to.deep.equal(["wrong.ts: Type 'number' is not assignable to type 'string'."]);
  });
});

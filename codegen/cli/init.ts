import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { KeryxError } from "../../src/core/errors.ts";
import { showJson, showText } from "../diagnostics-print.ts";
import { optionsPath, packagedOptions, withLineFeeds } from "../load/options.ts";
import type { Io, Run } from "./command.ts";
import { bufYaml, keryxYaml, sampleEvent } from "./init-files.ts";
import { loadManifest } from "./package.ts";
import { insideProject } from "./project.ts";

/** Creates a file, and says no when there is one: also when it appears at this very moment. */
async function create(path: string, text: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function hasSchemas(folder: string): boolean {
  if (!existsSync(folder)) return false;
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).some(
    (path) => /\.(proto|avsc)$/.test(path) && path.replaceAll("\\", "/") !== optionsPath,
  );
}

type Fate = "created" | "kept" | "renewed";

/** The options file is ours: an old copy is replaced, a file that is something else is not. */
async function placeOptions(path: string): Promise<Fate> {
  const shipped = packagedOptions();
  if (await create(path, shipped)) return "created";
  const found = await readFile(path, "utf8");
  if (withLineFeeds(found) === withLineFeeds(shipped)) return "kept";
  if (!/^package keryx\.v1;\r?$/m.test(found))
    throw new KeryxError(
      "generate_failed",
      `${showText(path)} exists and is not the options file of Keryx.`,
      {
        help: "Move it away and run `keryx init` again.",
      },
    );
  await writeFile(path, shipped);
  return "renewed";
}

/** What to install, as commands to copy. */
function installCommands(): readonly string[] {
  const { peerDependencies } = loadManifest();
  const named = (name: string): string => {
    const range = peerDependencies[name] ?? "";
    return range.startsWith("^") ? `"${name}@${range}"` : name;
  };
  return [
    `npm install keryx ${named("@bufbuild/protobuf")}`,
    `npm install --save-dev ${["@bufbuild/buf", "@bufbuild/protoc-gen-es"].map(named).join(" ")} typescript`,
  ];
}

function tell(io: Io, files: ReadonlyMap<string, Fate>, install: readonly string[]): void {
  for (const [path, fate] of files) io.out(`${fate} ${showText(path)}\n`);
  // Generated files are ES modules, and `npm init` says otherwise.
  const modules = "npm pkg set type=module";
  const steps = [...install, modules, "npx keryx generate", "npx keryx explain order.placed"];
  io.note(`\nNext:\n${steps.map((step) => `  ${step}\n`).join("")}`);
}

/** Starts a project in the folder, or completes one. */
export const runInit: Run = async ({ options, io }) => {
  const root = resolve(io.cwd, options.project ?? ".");
  const schemas = insideProject(root, options.schemas ?? "schemas", "--schemas");
  const sample = hasSchemas(join(root, schemas))
    ? []
    : [[`${schemas}/shop/v1/order_placed.proto`, sampleEvent]];
  const texts = [
    ["keryx.yaml", keryxYaml(basename(root), schemas)],
    ["buf.yaml", bufYaml(schemas)],
    ...sample,
  ] as const;

  const files = new Map<string, Fate>();
  for (const [path = "", text = ""] of texts)
    files.set(path, (await create(join(root, path), text)) ? "created" : "kept");
  files.set(`${schemas}/${optionsPath}`, await placeOptions(join(root, schemas, optionsPath)));

  const install = installCommands();
  if (options.json) io.out(`${showJson({ files: Object.fromEntries(files), install })}\n`);
  else tell(io, files, install);
  return 0;
};

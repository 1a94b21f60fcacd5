import { access, realpath } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { loadConfig } from "../../../src/config/load.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import { type Baseline, baselineOfDrafts } from "../../check/baseline.ts";
import { isClean } from "../../diagnostics.ts";
import { showText } from "../../diagnostics-print.ts";
import { writeFiles } from "../../load/folder.ts";
import { type GitRepository, openRepository } from "../../load/git.ts";
import { type LoadResult, loadSources } from "../../load/load.ts";
import { loadLock, lockPath } from "../../load/lock.ts";
import { optionsPath, packagedOptions } from "../../load/options.ts";
import { buildModel } from "../../model/build.ts";
import { updateLock } from "../../model/lock.ts";
import type { CommandOptions, Io } from "../command.ts";
import type { OpenProject } from "../load.ts";
import { insideProject } from "../project.ts";

/** A baseline, and where its schemas lie as files. */
export interface LoadedBaseline {
  readonly baseline: Baseline;
  /** Folder of the .proto files as they were, with the buf.yaml of then around it; undefined when there were none. */
  readonly schemas?: string;
}

/**
 * The project as it was at a commit: its files are read with git and loaded as the project itself is.
 * @param folder an empty folder for them
 * @throws KeryxError `baseline_unavailable`
 */
export async function loadGitBaseline(
  ref: string,
  project: OpenProject,
  { options, io }: { readonly options: CommandOptions; readonly io: Io },
  folder: string,
): Promise<LoadedBaseline> {
  const repository = await openRepository(await realpath(project.root));
  const commit = await repository.resolveCommit(ref);
  const files = await readProject(repository, commit, project);
  await writeFiles(folder, files);
  const root = join(folder, ...repository.prefix.split("/"));
  const then = asUnavailable(ref, () => {
    const named = files.has(configPath) ? join(folder, configPath) : project.config.file;
    const config = loadConfig({ cwd: folder, environment: { ...io.env, KERYX_CONFIG: named } });
    const schemas = options.schemas ?? config.schemas.dir ?? "schemas";
    return { config, schemas: insideProject(root, schemas, "--schemas") };
  });
  const schemas = join(root, then.schemas);
  const own = `${repository.prefix}${then.schemas}/`;
  const paths = [...files.keys()].filter((path) => isSchema(path) && path.startsWith(own));
  const hasSchemas = paths.length > 0;
  const [loaded, lock] = await Promise.all([
    hasSchemas ? loadSources(schemas, project.root) : nothing,
    loadLock(root),
  ]);
  const { defaults, folders, topics } = then.config;
  const built = buildModel(loaded.schemas, { defaults, folders, topics }, lock.lock);
  const found = [...loaded.diagnostics, ...lock.diagnostics, ...built.diagnostics];
  const [error] = found.filter((one) => !isClean([one]));
  if (error !== undefined)
    throw new KeryxError(
      "baseline_unavailable",
      `The schemas at ${ref} have errors themselves, the first in ${showText(error.file)}:${error.line}: ${error.message}`,
      {
        help: "Compare with a commit whose schemas pass `keryx lint`, or with the lock file: `--against lock`.",
      },
    );
  const places = new Map(built.model.events.map(({ name, at }) => [name, at.file]));
  const label = `git:${ref}`;
  const baseline = baselineOfDrafts(updateLock(lock.lock, built.model), label, (name) => places.get(name));
  const hasProto = paths.some((path) => path.endsWith(".proto"));
  return { baseline, ...(hasProto ? { schemas } : {}) };
}

const nothing: Pick<LoadResult, "schemas" | "diagnostics"> = {
  schemas: { events: [], sensitive: new Set(), avroTypes: [] },
  diagnostics: [],
};

/** Settings of another time may not be valid any more: then it cannot be told, which is no mistake of the caller. */
function asUnavailable<T>(ref: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new KeryxError(
      "baseline_unavailable",
      `The settings at ${ref} cannot be read: ${KeryxError.from(cause).message}`,
      { cause },
    );
  }
}

/** The settings of then lie here, wherever they lay: files of the repository have no such name. */
const configPath = "keryx-check/keryx.yaml";
const bufFiles: ReadonlySet<string> = new Set(["buf.yaml", "buf.lock", "buf.work.yaml"]);
const isSchema = (path: string): boolean => /\.(proto|avsc)$/.test(path);

/** What decides how a project's schemas are read: themselves, settings, lock file, and buf's files around them. */
async function readProject(
  repository: GitRepository,
  commit: string,
  project: OpenProject,
): Promise<ReadonlyMap<string, Buffer | string>> {
  const { prefix, root } = repository;
  const file = project.config.file ?? join(root, prefix, "keryx.yaml");
  const config = relative(root, await realpath(file).catch(() => file)).replaceAll("\\", "/");
  const above = prefix
    .split("/")
    .slice(0, -1)
    .map((_, at, parts) => parts.slice(0, at).join("/"));
  const around = new Set(
    above.flatMap((folder) => [...bufFiles].map((name) => (folder === "" ? name : `${folder}/${name}`))),
  );
  const isWanted = (path: string): boolean =>
    path === config ||
    path === `${prefix}${lockPath}` ||
    around.has(path) ||
    (path.startsWith(prefix) && (isSchema(path) || bufFiles.has(path.slice(path.lastIndexOf("/") + 1))));
  const folders = prefix === "" ? [] : [prefix, ...around, ...(config.startsWith("../../") ? [] : [config])];
  const files = new Map<string, Buffer | string>(await repository.readFiles(commit, isWanted, folders));
  // A module around the project may hold what its schemas import.
  if ([...around].some((path) => files.has(path)))
    for (const [path, text] of await repository.readFiles(commit, (path) => path.endsWith(".proto")))
      files.set(path, text);
  if (!config.startsWith("../../")) {
    files.set(configPath, files.get(config) ?? "");
    files.delete(config);
  }
  // The options of this version read those of any: numbers are never used again.
  for (const path of files.keys()) if (path.endsWith(`/${optionsPath}`)) files.set(path, packagedOptions());
  return files;
}

/**
 * The lock file as the last commit has it; undefined outside of git, without git, and before the first commit.
 * @throws KeryxError `baseline_unavailable` when there is a repository that git refuses to read
 */
export async function readCommittedLock(root: string): Promise<string | undefined> {
  const folder = await realpath(root);
  if (!(await isInRepository(folder))) return undefined;
  const repository = await openRepository(folder).catch((error: unknown) => {
    if (error instanceof KeryxError && error.code === "dependency_missing") return undefined;
    throw error;
  });
  // A repository without a commit has nothing to lose.
  const commit = await repository?.resolveCommit("HEAD").catch(() => undefined);
  if (!repository || commit === undefined) return undefined;
  const path = `${repository.prefix}${lockPath}`;
  return (await repository.readFiles(commit, (one) => one === path, [path])).get(path)?.toString("utf8");
}

/** Asked of the folders, since git says of a repository of somebody else's that it cannot be read, and no more. */
async function isInRepository(folder: string): Promise<boolean> {
  const found = await access(join(folder, ".git")).then(
    () => true,
    () => false,
  );
  const above = dirname(folder);
  return found || (above !== folder && isInRepository(above));
}

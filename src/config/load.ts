import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { KeryxError } from "../core/errors.ts";
import { type KeryxConfig, resolveConfig } from "./config.ts";
import { readEnvironmentLayer } from "./environment.ts";
import type { Layer, Settings } from "./layers.ts";
import type { KeryxSettings } from "./settings.ts";
import { buildShape } from "./shape.ts";
import { maxConfigBytes, parseYamlLayer } from "./yaml.ts";

/** Where to look for settings. */
export interface ConfigSources {
  /** Default: the process's working directory. `keryx.yaml` is looked for here and in the folders above. */
  readonly cwd?: string | undefined;
  /** Default: `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Settings from code or command line; they win. */
  readonly settings?: KeryxSettings;
  /** How messages call the settings from code. Default `connect()`. */
  readonly settingsName?: string;
}

/**
 * Reads all sources, lowest first: defaults, keryx.yaml (or the file that KERYX_CONFIG names), environment, code.
 * @throws KeryxError `config_invalid`: every problem with its place, path and, where one is near, the name that was meant
 */
export function loadConfig(sources: ConfigSources = {}): KeryxConfig {
  const {
    cwd = process.cwd(),
    environment = process.env,
    settings = {},
    settingsName = "connect()",
  } = sources;
  const shape = buildShape();
  const file = findConfigFile(cwd, environment["KERYX_CONFIG"]);
  const code: Layer = { source: "code", values: toSettings(settings), at: () => settingsName };
  const layers = [
    ...(file ? [parseYamlLayer(readBounded(file), basename(file))] : []),
    readEnvironmentLayer(environment, shape),
    code,
  ];
  return { ...resolveConfig(layers, shape), file, root: file ? dirname(file) : resolve(cwd) };
}

const toSettings = (settings: KeryxSettings): Settings => ({ ...settings });

/** The file that KERYX_CONFIG names, else the nearest keryx.yaml upwards. @throws `config_invalid` when the named one is not there */
function findConfigFile(cwd: string, named: string | undefined): string | undefined {
  if (named !== undefined && named !== "") {
    const path = resolve(cwd, named);
    if (!statSync(path, { throwIfNoEntry: false })?.isFile())
      throw new KeryxError("config_invalid", `KERYX_CONFIG names ${path}, which is not a file`, {
        help: "Correct the path, or unset KERYX_CONFIG to use the nearest keryx.yaml.",
      });
    return path;
  }
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const path = join(folder, "keryx.yaml");
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}

function readBounded(path: string): string {
  const { size } = statSync(path);
  // Looked at before reading: a file of 100 MB must not be held in memory to be refused.
  if (size > maxConfigBytes)
    throw new KeryxError("config_invalid", `${path} is larger than ${maxConfigBytes} bytes; it was not read`);
  return readFileSync(path, "utf8");
}

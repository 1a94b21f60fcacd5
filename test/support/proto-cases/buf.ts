import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveBuf } from "../../../codegen/load/proto/buf.ts";
import { repository } from "../generated-code.ts";
import { type CasePair, writeSide } from "./pairs.ts";

/** A complaint of `buf breaking`. */
export interface BufComplaint {
  readonly type: string;
  readonly message: string;
}

/** What the rules of buf's category WIRE say of each pair, in one call for all; by the names of the pairs. */
export function breakWire(pairs: readonly CasePair[]): ReadonlyMap<string, readonly BufComplaint[]> {
  const config = JSON.stringify({ version: "v2", breaking: { use: ["WIRE"] } });
  const args = ["breaking", ".", "--against", "../older", "--error-format", "json", "--config", config];
  const lines = inFolders(pairs, (folder) => runBuf(args, join(folder, "newer"), [0, 100])).split("\n");
  const found = new Map<string, BufComplaint[]>();
  for (const line of lines.filter((one) => one !== "")) {
    const { path, type, message } = JSON.parse(line) as BufComplaint & { readonly path: string };
    if (type === "COMPILE") throw new Error(line);
    const name = /^p\d+/.exec(path)?.[0] ?? "";
    found.set(name, [...(found.get(name) ?? []), { type, message }]);
  }
  return found;
}

/** Compiles both sides of the pairs into a FileDescriptorSet each. */
export function buildSides(pairs: readonly CasePair[]): Readonly<Record<"older" | "newer", Uint8Array>> {
  return inFolders(pairs, (folder) => {
    const build = (side: "older" | "newer"): Uint8Array => {
      const target = join(folder, `${side}.binpb`);
      runBuf(["build", ".", "--as-file-descriptor-set", "--output", target], join(folder, side), [0]);
      return readFileSync(target);
    };
    return { older: build("older"), newer: build("newer") };
  });
}

function inFolders<T>(pairs: readonly CasePair[], use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "keryx-pairs-"));
  try {
    writeSide(join(folder, "older"), pairs, "older");
    writeSide(join(folder, "newer"), pairs, "newer");
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runBuf(args: readonly string[], cwd: string, allowed: readonly number[]): string {
  const run = spawnSync(resolveBuf(repository), args, { cwd, encoding: "utf8", maxBuffer: 1 << 28 });
  if (run.status === null || !allowed.includes(run.status))
    throw new Error(`buf ${args[0]}: ${run.status} ${run.stderr.slice(0, 2000)}`);
  return run.stdout;
}

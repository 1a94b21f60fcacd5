import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../bin/keryx.mjs", import.meta.url));

/** The first line of `keryx dev --json`. */
export interface DevReady {
  readonly kafka: {
    readonly brokers: readonly string[];
    readonly tls?: { readonly caPath: string; readonly certPath: string };
  };
  readonly registry: { readonly url: string };
  readonly topics: readonly string[];
  readonly pid: number;
}

/** `keryx dev` as a process of its own. */
export interface DevProcess {
  readonly child: ChildProcess;
  /** The parsed first line; rejects with what it said when it ends before. */
  ready(): Promise<DevReady>;
  ended(): Promise<{ readonly code: number | null; readonly signal: string | null }>;
  out(): string;
  errors(): string;
}

/** Free ports, unless the arguments say otherwise. Kill it behind the test. */
export function startDev(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): DevProcess {
  const flags = ["--conditions=@keryx/source", "--disable-warning=ExperimentalWarning"];
  const ports = ["--kafka-port", "--registry-port"].flatMap((flag) =>
    args.includes(flag) ? [] : [flag, "0"],
  );
  const child = spawn(process.execPath, [...flags, bin, "dev", ...ports, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  const closed = once(child, "close").then(([code, signal]) => ({ code, signal }));
  const firstLine = new Promise<void>((resolve) => {
    child.stdout.on("data", () => out.includes("\n") && resolve());
  });
  return {
    child,
    async ready() {
      const what = await Promise.race([firstLine, closed]);
      if (what !== undefined) throw new Error(`keryx dev ended with ${what.code ?? what.signal}:\n${errors}`);
      try {
        return JSON.parse(out.slice(0, out.indexOf("\n")));
      } catch (cause) {
        throw new Error(`The first line of keryx dev is no JSON:\n${out}\n${errors}`, { cause });
      }
    },
    ended: () => closed,
    out: () => out,
    errors: () => errors,
  };
}

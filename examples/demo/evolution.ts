import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { connect, KeryxError } from "keryx";
import type * as Generated from "../../generated/index.ts";
import { green, tell, yellow } from "./story.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs `keryx generate` and returns what it printed. @throws Error with its output when it fails */
export function generate(project: string): string {
  const done = spawnSync(
    process.execPath,
    ["--conditions=@keryx/source", join(root, "bin/keryx.mjs"), "generate", "--project", project],
    { encoding: "utf8" },
  );
  if (done.status !== 0) throw new Error(`keryx generate failed:\n${done.stdout}${done.stderr}`);
  return `${done.stdout}${done.stderr}`.trim();
}

export interface Verdicts {
  readonly accepted: number;
  readonly refused: number;
}

/** Changes a registered schema twice: once so that everyone can still read, once so that nobody old can. */
export async function changeSchemas(): Promise<Verdicts> {
  const optional = '{ "name": "receiptUrl", "type": ["null", "string"], "default": null }';
  const required = '{ "name": "taxNumber", "type": "string" }';
  let accepted = 0;
  let refused = 0;
  for (const field of [optional, required]) {
    tell(`add to PaymentCaptured: ${field}`);
    const verdict = await register(field);
    if (verdict === undefined) {
      accepted++;
      tell(green("accepted: the registry has a new version"));
    } else {
      refused++;
      tell(yellow(`refused by the registry, HTTP ${verdict.details["status"]}: ${verdict.message}`));
      tell(`next step: ${verdict.help}`);
    }
  }
  return { accepted, refused };
}

/** Generates a copy of the payment schemas with one field more, and starts its producer. */
async function register(field: string): Promise<KeryxError | undefined> {
  mkdirSync(join(root, ".tmp"), { recursive: true });
  const project = mkdtempSync(join(root, ".tmp", "demo-"));
  try {
    writeFileSync(join(project, "keryx.yaml"), "schemas: { dir: schemas, out: generated }\n");
    cpSync(join(root, "schemas.lock.json"), join(project, "schemas.lock.json"));
    const folder = join(project, "schemas/payments/v1");
    cpSync(join(root, "schemas/payments/v1"), folder, { recursive: true });
    const file = join(folder, "payment_captured.avsc");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace('"fields": [', `"fields": [ ${field},`));
    generate(project);
    const changed: typeof Generated = await import(pathToFileURL(join(project, "generated/index.ts")).href);
    const app = await connect({ logging: { level: "silent" } });
    try {
      await changed.paymentEventsProducer(app).start();
      return undefined;
    } catch (error) {
      if (error instanceof KeryxError && error.code === "schema_incompatible") return error;
      throw error;
    } finally {
      await app.close();
    }
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

// What the peers written for Node share: their surroundings, and how an operation is run and told.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const need = (name) => process.env[name] ?? "";

export const brokers = need("BROKERS").split(",");
export const saslBrokers = need("SASL_BROKERS").split(",");
export const tlsBrokers = need("TLS_BROKERS").split(",");
export const caFile = need("TLS_CA");
export const user = need("SASL_USER");
export const password = need("SASL_PASSWORD");

/** A name that no other run uses. */
export const unique = (name) => `${need("PREFIX")}-${name}`;

/** Twenty texts that compress well. */
export const values = Array.from({ length: 20 }, (_, at) => `${at}:${"lorem ipsum ".repeat(20)}`);

/** A client's package, from where it was installed: it is no dependency of this repository. */
export async function loadClient(name) {
  const resolve = createRequire(join(need("MODULES"), "peer.js")).resolve;
  return import(pathToFileURL(resolve(name)).href);
}

class NotThere extends Error {}

/** Ends an operation that the client does not have. */
export function notThere(reason) {
  throw new NotThere(reason);
}

/** @throws Error when the two do not say the same */
export function same(found, wanted, what) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${cut(a)} instead of ${cut(b)}`);
}

const cut = (text = "undefined") => (text.length > 300 ? `${text.slice(0, 300)} …` : text);

/** @throws Error when it does not fail */
export async function refused(run, what) {
  const error = await run().then(
    () => undefined,
    (found) => found ?? new Error("nothing"),
  );
  if (error === undefined) throw new Error(`${what} was not refused`);
  return error;
}

/** Asks again and again until the answer holds. */
export async function eventually(holds, what) {
  const end = Date.now() + 30_000;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Runs what was asked for, each by itself, and prints a line for each. */
export async function runOperations(client, operations) {
  const wanted = need("OPERATIONS") ? need("OPERATIONS").split(",") : Object.keys(operations);
  tell({ client });
  for (const op of wanted) {
    const startedAt = Date.now();
    try {
      const run = operations[op] ?? notThere("the program does not have it");
      const detail = await Promise.race([run(), late()]);
      tell({ op, ok: true, detail: detail ?? "", ms: Date.now() - startedAt });
    } catch (error) {
      const detail = cut(
        `${error?.message ?? error}${error?.errors?.length > 0 ? `: ${error.errors[0].message}` : ""}`,
      );
      if (error instanceof NotThere) tell({ op, ok: null, detail });
      else tell({ op, ok: false, detail, ms: Date.now() - startedAt });
    }
  }
  process.exit(0);
}

function late() {
  return new Promise((_, reject) =>
    setTimeout(() => reject(new Error("not done after 45 s")), 45_000).unref(),
  );
}

function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

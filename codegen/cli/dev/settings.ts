import { findDialect, knownDialects } from "../../../src/compatibility/dialects.ts";
import { KeryxError } from "../../../src/core/errors.ts";
import type { CommandOptions } from "../command.ts";

/** What the flags of `keryx dev` say. */
export interface DevSettings {
  readonly kafkaPort: number;
  readonly registryPort: number;
  readonly brokers: number;
  readonly host: string;
  readonly autoCreate: boolean;
  /** Absent: the project's. */
  readonly dialect?: string;
  /** Passwords by user name; absent: nobody logs in. */
  readonly users?: Readonly<Record<string, string>>;
}

const maxPort = 65_535;

/** @throws KeryxError `usage` */
export function readDevSettings(options: CommandOptions): DevSettings {
  const { host = "127.0.0.1", dialect, saslUser } = options;
  // An address with colons cannot be told from its port in what clients are given.
  if (!/^[A-Za-z0-9._-]+$/.test(host))
    throw wrong(`--host ${JSON.stringify(host)} is no host name.`, "Give a name or an IPv4 address.");
  if (dialect !== undefined && findDialect(dialect) === undefined)
    throw wrong(`--dialect: ${JSON.stringify(dialect)} is not known.`, `Known: ${knownDialects}.`);
  const brokers = readCount("--brokers", options.brokers, 1, [1, 100]);
  return {
    kafkaPort: readCount("--kafka-port", options.kafkaPort, 9092, [0, maxPort + 1 - brokers]),
    registryPort: readCount("--registry-port", options.registryPort, 8081, [0, maxPort]),
    brokers,
    host,
    autoCreate: options.autoCreate === true,
    ...(dialect === undefined ? {} : { dialect }),
    ...(saslUser === undefined ? {} : { users: readUsers(saslUser) }),
  };
}

function readCount(
  flag: string,
  text: string | undefined,
  otherwise: number,
  [least, most]: readonly [number, number],
): number {
  if (text === undefined) return otherwise;
  const count = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= least && count <= most) return count;
  throw wrong(
    `${flag}: ${JSON.stringify(text)} is no whole number from ${least} to ${most}.`,
    "Correct the number.",
  );
}

function readUsers(pairs: readonly string[]): Readonly<Record<string, string>> {
  const users = new Map<string, string>();
  for (const pair of pairs) {
    const colon = pair.indexOf(":");
    // What was given is not repeated: it may hold a password.
    if (colon < 1 || colon === pair.length - 1)
      throw wrong("--sasl-user has no name or no password.", "Write it as `--sasl-user name:password`.");
    const name = pair.slice(0, colon);
    if (users.has(name))
      throw wrong(`--sasl-user names ${JSON.stringify(name)} twice.`, "Give each user one password.");
    users.set(name, pair.slice(colon + 1));
  }
  return Object.fromEntries(users);
}

function wrong(message: string, help: string): KeryxError {
  return new KeryxError("usage", message, { help });
}

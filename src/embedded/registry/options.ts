import { type Dialect, findDialect, knownDialects } from "../../compatibility/dialects.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import type { CompatibilityLevel } from "../../core/event.ts";

export interface DevRegistryOptions {
  /** Default 0: a free one. */
  readonly port?: number;
  /** What is bound. Default 127.0.0.1. */
  readonly host?: string;
  /** What stands in `url`. Default: `host`. */
  readonly advertisedHost?: string;
  /** Whose manners: a release of Confluent's registry, for example `confluent-7.4`. Default `confluent-8`. */
  readonly dialect?: string;
  /** The global level until somebody sets another. Default BACKWARD, as in Confluent's registry. */
  readonly compatibility?: CompatibilityLevel;
  /** Largest request body. Default 5 MiB: a schema of the largest size that is parsed, with its references. */
  readonly maxBodyBytes?: number;
  /** Delays of faults run on it. */
  readonly clock?: Clock;
  /** Gets the one line that names it a development registry. Default: standard error. */
  readonly log?: (line: string) => void;
  /** Default false: refuses to start where `NODE_ENV` is `production`. */
  readonly allowInProduction?: boolean;
}

export interface ResolvedDevRegistryOptions extends Omit<Required<DevRegistryOptions>, "dialect"> {
  readonly dialect: Dialect;
}

export const devRegistryDefaults: Omit<Required<DevRegistryOptions>, "advertisedHost"> = {
  port: 0,
  host: "127.0.0.1",
  dialect: "confluent-8",
  compatibility: "BACKWARD",
  maxBodyBytes: 5 * 1024 * 1024,
  clock: systemClock,
  log: (line) => void process.stderr.write(`${line}\n`),
  allowInProduction: false,
};

/** @throws KeryxError `config_invalid` */
export function resolveDevRegistryOptions(options: DevRegistryOptions): ResolvedDevRegistryOptions {
  const given = { ...devRegistryDefaults, ...options };
  const dialect = findDialect(given.dialect);
  if (dialect === undefined)
    throw new KeryxError("config_invalid", `dialect ${JSON.stringify(given.dialect)} is not known`, {
      help: `Known are ${knownDialects}.`,
    });
  if (process.env["NODE_ENV"] === "production" && !given.allowInProduction)
    throw new KeryxError(
      "config_invalid",
      "the development registry keeps nothing on disk and does not start where NODE_ENV is production",
    );
  return { ...given, dialect, advertisedHost: options.advertisedHost ?? given.host };
}

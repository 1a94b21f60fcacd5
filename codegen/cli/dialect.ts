import { type Dialect, findDialect, knownDialects } from "../../src/compatibility/dialects.ts";
import type { KeryxConfig } from "../../src/config/config.ts";
import { KeryxError } from "../../src/core/errors.ts";
import { registryDefaults } from "../../src/registry/options.ts";

/** The dialect that a project asks for, else the default. @throws KeryxError `config_invalid` */
export function dialectOf({ registry }: Pick<KeryxConfig, "registry">): Dialect {
  const name = registry.dialect ?? registryDefaults.dialect;
  const found = findDialect(name);
  if (found !== undefined) return found;
  throw new KeryxError("config_invalid", `registry.dialect: there are no rules for ${JSON.stringify(name)}`, {
    help: `Known are ${knownDialects}.`,
  });
}

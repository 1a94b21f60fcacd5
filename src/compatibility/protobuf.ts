import { quote } from "../schema/limits.ts";
import type { ProtoSchema } from "../schema/proto/schema.ts";
import type { Dialect } from "./dialects.ts";
import type { Difference } from "./difference.ts";
import { buildDifference, type Report } from "./protobuf/kinds.ts";
import { compareMessages } from "./protobuf/messages.ts";
import { compareScopes } from "./protobuf/scope.ts";
import { changed } from "./protobuf/words.ts";

/**
 * Everything in which two Protobuf schemas differ by the rules of a registry, compatible differences included; to be
 * compared as a multiset, since a registry's own order is that of its hash tables. The schemas are compatible when
 * every difference is. `older` writes and `newer` reads; for the other direction swap them.
 * @throws KeryxError `schema_invalid` with `details.fault` `limit` when the schemas have more to compare than a registry
 * would live through
 */
export function compareProtobuf(
  older: ProtoSchema,
  newer: ProtoSchema,
  dialect: Dialect,
): readonly Difference[] {
  const found: Difference[] = [];
  const report: Report = (kind, path, message) => found.push(buildDifference(kind, path, message, dialect));
  const [was, is] = [older.file, newer.file];
  if (was.package !== is.package)
    report("PACKAGE_CHANGED", "#/", changed("The package", quote(was.package), quote(is.package)));
  const pairs = compareScopes(was, is, "#", report).map((both) => ({
    older: { schema: older, type: both.older, file: was },
    newer: { schema: newer, type: both.newer, file: is },
  }));
  for (const difference of compareMessages(pairs, dialect)) found.push(difference);
  return found;
}

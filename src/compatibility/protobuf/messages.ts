import { KeryxError } from "../../core/errors.ts";
import { limitFault } from "../../schema/limits.ts";
import type { ProtoMessage } from "../../schema/proto/model.ts";
import type { Dialect } from "../dialects.ts";
import type { Difference } from "../difference.ts";
import { compareField } from "./fields.ts";
import { buildDifference, type Report } from "./kinds.ts";
import { compareFields, tabulateFields } from "./oneofs.ts";
import { compareScopes } from "./scope.ts";
import { localName, type MessagePair } from "./sides.ts";

/**
 * A message that several fields import is compared, and its differences listed, for each of them, as registries do.
 * Types that import types that import types would make that exponential: once so many differences and messages were
 * listed, each pair is listed once.
 */
const maxRepeated = 50_000;

/** Fields compared in one question: a million is seconds of work, and far from any schema that people write. */
const maxFields = 1_000_000;

/** What two messages differ in themselves, and the pairs that their nested messages and imported types make. */
interface Compared {
  readonly differences: readonly Difference[];
  readonly below: readonly MessagePair[];
  /** Whether all that is below is compatible, too; known when it has been walked once. */
  isCompatible?: boolean;
}

/** A pair that is being walked. */
interface Visit {
  readonly pair?: MessagePair;
  readonly compared: Compared;
  next: number;
  isCompatible: boolean;
}

/** Compares pairs of messages with all that is below them. A loop, because imports may go deeper than a stack. */
export function compareMessages(pairs: readonly MessagePair[], dialect: Dialect): readonly Difference[] {
  const found: Difference[] = [];
  const compare = rememberCompared(dialect);
  const open = new Set<ProtoMessage>();
  const visits: Visit[] = [{ compared: { differences: [], below: pairs }, next: 0, isCompatible: true }];
  let listed = 0;
  const blame = (pair: MessagePair, user: Visit): void => {
    user.isCompatible = false;
    const { because } = pair;
    if (because !== undefined)
      found.push(buildDifference("FIELD_NAMED_TYPE_CHANGED", because.path, because.message, dialect));
  };
  for (let visit = visits.at(-1); visit !== undefined; visit = visits.at(-1)) {
    const pair = visit.compared.below[visit.next++];
    if (pair === undefined) {
      visits.pop();
      visit.compared.isCompatible = visit.isCompatible;
      const user = visits.at(-1);
      if (visit.pair === undefined || user === undefined) continue;
      open.delete(visit.pair.older.type);
      if (!visit.isCompatible) blame(visit.pair, user);
    } else if (!open.has(pair.older.type)) {
      const compared = compare(pair);
      if (listed > maxRepeated && compared.isCompatible !== undefined) {
        if (!compared.isCompatible) blame(pair, visit);
        continue;
      }
      open.add(pair.older.type);
      for (const difference of compared.differences) found.push(difference);
      listed += 1 + compared.differences.length;
      const isCompatible = compared.differences.every(({ compatible }) => compatible);
      visits.push({ pair, compared, next: 0, isCompatible });
    }
  }
  return found;
}

/** Compares a pair once, however often it is met. */
function rememberCompared(dialect: Dialect): (pair: MessagePair) => Compared {
  const known = new Map<ProtoMessage, Map<ProtoMessage, Compared>>();
  let fields = 0;
  return (pair) => {
    const { older, newer } = pair;
    const before = known.get(older.type)?.get(newer.type);
    if (before !== undefined) return before;
    fields += older.type.fields.length + newer.type.fields.length;
    if (fields > maxFields)
      throw new KeryxError("schema_invalid", `More than ${maxFields} fields are to be compared.`, {
        details: limitFault,
      });
    const compared = compareTwo(pair, dialect);
    const byNewer = known.get(older.type) ?? new Map<ProtoMessage, Compared>();
    known.set(older.type, byNewer.set(newer.type, compared));
    return compared;
  };
}

function compareTwo(pair: MessagePair, dialect: Dialect): Compared {
  const { older, newer } = pair;
  const differences: Difference[] = [];
  const below: MessagePair[] = [];
  const report: Report = (kind, path, message) =>
    differences.push(buildDifference(kind, path, message, dialect));
  const path = `#/${localName(newer).replaceAll(".", "/")}`;
  for (const both of compareScopes(older.type, newer.type, path, report))
    below.push({ older: { ...older, type: both.older }, newer: { ...newer, type: both.newer } });
  const goOn = (imported: MessagePair): void => void below.push(imported);
  compareFields({
    ...{ older: tabulateFields(older.type), newer: tabulateFields(newer.type), path, dialect, report },
    compareField: (was, is, at) => compareField(was, is, { pair, path: at, report, goOn }),
  });
  return { differences, below };
}

import { parseSubject, type SubjectName } from "../state/names.ts";
import type { RegistryState, StoredVersion } from "../state/state.ts";

export interface Referrer extends SubjectName {
  readonly version: StoredVersion;
}

/** Versions of any subject that refer to this one, softly deleted ones too. */
export function referencedBy(state: RegistryState, to: SubjectName, number: number): readonly Referrer[] {
  const found: Referrer[] = [];
  for (const [context, { subjects }] of state.contexts)
    for (const [subject, versions] of subjects)
      for (const version of versions) {
        const isReferring = version.schema.references.some((reference) => {
          if (reference.version !== number) return false;
          const target = parseSubject(reference.subject, context);
          return target.context === to.context && target.subject === to.subject;
        });
        if (isReferring) found.push({ context, subject, version });
      }
  return found;
}

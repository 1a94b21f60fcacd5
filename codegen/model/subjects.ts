import { type Diagnostic, report, type Span } from "../diagnostics.ts";
import type { Sourced } from "./model.ts";
import { byDefault, type SubjectStrategy } from "./policy.ts";

/** An event as far as its subject is concerned. */
export interface SubjectClaim {
  readonly name: string;
  readonly at: Span;
  /** What `keryx.yaml` says, if anything. */
  readonly strategy: Sourced<SubjectStrategy> | undefined;
  /** False: the event is written as JSON, and its subject only names its history in the lock file. */
  readonly isRegistered: boolean;
}

/** An event that the lock file knows on the topic. */
export interface LockedSubject {
  readonly name: string;
  readonly subject: string;
}

function subjectOf(strategy: SubjectStrategy, topic: string, name: string): string {
  if (strategy === "record-name") return name;
  return strategy === "topic-name" ? `${topic}-value` : `${topic}-${name}`;
}

/** Subjects of a topic's events, in their order, and what has to be asked. */
export function decideSubjects(
  topic: string,
  claims: readonly SubjectClaim[],
  locked: readonly LockedSubject[],
): { readonly subjects: readonly Sourced<string>[]; readonly diagnostics: readonly Diagnostic[] } {
  const known = lockedStrategy(topic, locked);
  const registered = claims.filter((claim) => claim.isRegistered);
  const newcomer = registered.find((claim) => !locked.some((one) => one.name === claim.name));
  const isUndecided =
    registered.length > 1 &&
    known === "topic-name" &&
    registered.some((claim) => claim.strategy === undefined);
  const subjects = claims.map((claim): Sourced<string> => {
    if (!claim.isRegistered)
      return byDefault(subjectOf("topic-record-name", topic, claim.name), "JSON: nothing is registered");
    const { value, from } = claim.strategy ?? fallback(registered.length, known);
    return { value: subjectOf(value, topic, claim.name), from };
  });
  const diagnostics = isUndecided ? [question(topic, newcomer ?? registered[0], locked)] : [];
  return { subjects, diagnostics };
}

function fallback(count: number, known: SubjectStrategy | undefined): Sourced<SubjectStrategy> {
  if (known !== undefined && !(count > 1 && known === "topic-name"))
    return { value: known, from: { kind: "lock" } };
  return count > 1
    ? byDefault("topic-record-name", "the topic has several events")
    : byDefault("topic-name", "the topic has one event");
}

/** How the lock file names a topic's subjects; undefined for a topic that it does not know. */
function lockedStrategy(topic: string, locked: readonly LockedSubject[]): SubjectStrategy | undefined {
  const strategies: readonly SubjectStrategy[] = ["topic-name", "topic-record-name", "record-name"];
  return strategies.find((strategy) =>
    locked.some((one) => one.subject === subjectOf(strategy, topic, one.name)),
  );
}

function question(
  topic: string,
  claim: SubjectClaim | undefined,
  locked: readonly LockedSubject[],
): Diagnostic {
  const single = locked[0]?.name ?? "one event";
  return report(
    "subject-strategy-undecided",
    claim?.at ?? { file: "keryx.yaml", line: 1, column: 1 },
    `Topic ${JSON.stringify(topic)} gets its second event; until now it held ${single} alone, under the subject ${JSON.stringify(`${topic}-value`)}.`,
    `Set \`subjectStrategy\` for ${JSON.stringify(topic)} in keryx.yaml under \`topics\`. ` +
      "`topic-record-name`: each event gets a subject `<topic>-<full name>` with a history of its own; the one that is there starts a new history, and the old subject stays as it is. " +
      "`record-name`: the subject is the full name alone, so an event has one history on all its topics. " +
      "`topic-name`: all events would share `<topic>-value` and have to be compatible with each other, which two different events are not; move the new event to a topic of its own instead.",
  );
}

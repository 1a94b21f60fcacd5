import type { ParsedSchema } from "../../src/compatibility/parsed.ts";
import type { Span } from "../diagnostics.ts";
import { type Finding, find } from "../diagnostics-finding.ts";
import { type EventModel, isRegistered } from "../model/model.ts";
import { type BaselineVersion, isSameSchema } from "./baseline.ts";
import { judgeSchema, type SchemaCase } from "./breaking.ts";
import { findClaims, findSkew, judgeImports } from "./imports.ts";
import { findLostVersions } from "./lock-history.ts";
import { createVersionReader, parseWire, type VersionReader } from "./parse.ts";
import { createSourcePlaces, type SourcePlaces } from "./places.ts";
import { type PolicyBreak, policyBreaks } from "./policy-breaking.ts";
import { type CheckRequest, inProject, placeInLock, placeOfValue } from "./request.ts";

export interface CheckResult {
  /** In the order in which the events stand in the project, then what concerns the whole of it. */
  readonly findings: readonly Finding[];
  /** Events that the baseline does not know: nothing to compare with. */
  readonly fresh: readonly string[];
}

/**
 * Compares a project with a baseline: schemas by the engine's rules, then the delivery policy, then what holds between
 * files. Pure.
 * @throws KeryxError `baseline_unavailable` when a version cannot be parsed: then there is no answer
 */
export function checkProject(request: CheckRequest): CheckResult {
  const { model, baseline } = request;
  const places = createSourcePlaces(request);
  const findings = [
    ...model.events.flatMap((event) => {
      // Histories are long: what was parsed for one event need not stay for the next.
      const reader = createVersionReader();
      return [...judgeEvent(request, event, reader, places), ...judgePolicy(request, event, reader, places)];
    }),
    ...findRemoved(request),
    ...findNotRetired(request),
    ...judgeImports(request, createVersionReader(), places),
    ...findSkew(request),
    ...findClaims(request),
    ...(baseline.lock === undefined ? [] : findLostVersions(request, baseline.lock, baseline.label)),
  ];
  const fresh = model.events.filter(
    ({ name, options }) => !baseline.events.has(name) && !baseline.histories.has(options.subject.value),
  );
  return { findings, fresh: fresh.map(({ name }) => name) };
}

function judgeEvent(
  request: CheckRequest,
  event: EventModel,
  reader: VersionReader,
  places: SourcePlaces,
): readonly Finding[] {
  const { baseline, dialect } = request;
  const subject = event.options.subject.value;
  const declared = event.options.compatibility.value;
  const inForce = baseline.levels?.get(subject);
  const wire = { format: event.format, ...event.wire };
  let schema: ParsedSchema | undefined;
  const caseOf = (
    name: string,
    history: readonly BaselineVersion[],
    levels: SchemaCase["levels"],
  ): SchemaCase | undefined => {
    const newest = history.at(-1);
    if (newest === undefined || isSameSchema(newest, wire)) return undefined;
    schema ??= parseWire(wire);
    return {
      ...{ subject: name, event: event.name, schema, history, levels },
      isRegistered: isRegistered(event),
      isGrouped: baseline.grouped?.has(name) === true,
      at: inProject(request, event.at),
      prefix: request.prefix,
      placeOf: (path, readBy) => places.ofEvent(event, path, readBy),
    };
  };
  const cases = [
    caseOf(subject, baseline.histories.get(subject) ?? [], [
      declared,
      ...(inForce === undefined || inForce === declared ? [] : [inForce]),
    ]),
  ];
  // Records under a former subject: no registry compares them, but they are still read. With another topic that is
  // refused anyway; whoever takes the topic back should not meet the rest only then.
  const before = baseline.events.get(event.name)?.contract;
  if (before !== undefined && before.subject !== subject)
    cases.push(caseOf(before.subject, baseline.histories.get(before.subject) ?? [], ["NONE"]));
  return cases.flatMap((one) => (one === undefined ? [] : judgeSchema(one, dialect, reader)));
}

function judgePolicy(
  request: CheckRequest,
  event: EventModel,
  reader: VersionReader,
  places: SourcePlaces,
): readonly Finding[] {
  const before = request.baseline.events.get(event.name);
  if (before === undefined) return [];
  const subject = event.options.subject.value;
  const { subject: known } = before.contract;
  const history = {
    versions: request.baseline.histories.get(known) ?? [before.version],
    read: (version: BaselineVersion) => reader.read(version, known),
  };
  const placeOf = ({ at, path }: PolicyBreak): Span => {
    const exact = path === undefined ? undefined : places.ofEvent(event, path);
    if (exact !== undefined) return inProject(request, { ...exact.span, file: exact.file });
    return "from" in at ? placeOfValue(request, at, event.at) : inProject(request, at);
  };
  return [...policyBreaks(event, before, history)].map((broken) =>
    find(broken.rule, placeOf(broken), broken.message, {
      event: event.name,
      subject,
      against: (broken.against ?? before.version).name,
    }),
  );
}

function findRemoved(request: CheckRequest): readonly Finding[] {
  const { model, baseline, retired } = request;
  const present = new Set(model.events.map(({ name }) => name));
  return [...baseline.events]
    .filter(([name]) => !present.has(name) && !retired.has(name))
    .map(([name, { contract, version, file }]) => {
      const { type, topic } = contract.policy;
      return find(
        "event-removed",
        file === undefined
          ? placeInLock(request, name)
          : inProject(request, placeInFile(request, file, name)),
        `${name} (${JSON.stringify(type)} on ${JSON.stringify(topic)}) is gone from the schemas.`,
        { event: name, subject: contract.subject, against: version.name },
      );
    });
}

/** A name that stays there would let a later removal pass that nobody decided. */
function findNotRetired({ model, retired, placeOfSetting }: CheckRequest): readonly Finding[] {
  return model.events
    .filter(({ name }) => retired.has(name))
    .map(({ name, options }) => {
      const at = placeOfSetting(`retired.${name}`) ?? { file: "keryx.yaml", line: 1, column: 1 };
      return find("retired-present", at, `${name} is named as retired and stands in the schemas.`, {
        ...{ event: name, subject: options.subject.value },
      });
    });
}

/** The message or record may still be there without its option. */
function placeInFile({ inputs }: CheckRequest, file: string, name: string): Span {
  const simpleName = name.slice(name.lastIndexOf(".") + 1);
  const lines = (inputs.get(file) ?? "").split("\n");
  const line = lines.findIndex((text) => /\bmessage\b|"name"/.test(text) && text.includes(simpleName));
  return { file, line: Math.max(line, 0) + 1, column: 1 };
}

import { maxTopicLength, toRetryTopic } from "../../src/core/topic-names.ts";
import type { CheckRuleId, Diagnostic } from "../diagnostics.ts";
import { showDuration } from "../diagnostics-print.ts";
import type { EventModel, ProjectModel, TopicModel } from "../model/model.ts";
import { exportClash, factoryClash, methodClash } from "./names.ts";
import { type Check, eachEvent, originOf, placeOf, repeats, runChecks } from "./rule.ts";

const maxDelays = 10;
const maxDelayMs = 24 * 60 * 60 * 1000;

/** Says why Kafka would refuse a topic name; undefined when it would not. */
function topicProblem(name: string): string | undefined {
  if (name === "") return "is empty";
  if (name === "." || name === "..") return "is a reserved name";
  if (name.length > maxTopicLength) return `has ${name.length} characters, ${maxTopicLength} are allowed`;
  const wrong = /[^a-zA-Z0-9._-]/u.exec(name)?.[0];
  return wrong === undefined ? undefined : `holds ${JSON.stringify(wrong)}`;
}

function show(delays: readonly number[]): string {
  return `[${delays.map(showDuration).join(", ")}]`;
}

function where(event: EventModel): string {
  return `${event.name} (${event.at.file}:${event.at.line})`;
}

const topicInvalid: Check = eachEvent(function* (event, finding) {
  const { topic, retryDelaysMs } = event.options;
  const problem = topicProblem(topic.value);
  const last = toRetryTopic(topic.value, retryDelaysMs.value.length, { naming: "topic" });
  if (problem) yield finding(placeOf(event, topic), `Topic ${JSON.stringify(topic.value)} ${problem}.`);
  else if (retryDelaysMs.value.length > 0 && last.length > maxTopicLength)
    yield finding(
      placeOf(event, topic),
      `The retry topics of ${JSON.stringify(topic.value)} get names of ${last.length} characters, ${maxTopicLength} are allowed.`,
      "Use a shorter topic name, or no retry delays.",
    );
});

const deadLetterInvalid: Check = eachEvent(function* (event, finding) {
  const { deadLetter, topic } = event.options;
  const problem = topicProblem(deadLetter.value);
  // A default that is bad only because the topic is would say the same thing twice.
  if (problem && !(deadLetter.from.kind === "default" && topicProblem(topic.value)))
    yield finding(
      placeOf(event, deadLetter),
      `Dead-letter topic ${JSON.stringify(deadLetter.value)}${originOf(deadLetter)} ${problem}.`,
    );
});

const deadLetterIsTopic: Check = eachEvent(function* (event, finding) {
  const { deadLetter, topic } = event.options;
  if (deadLetter.value === topic.value)
    yield finding(
      placeOf(event, deadLetter),
      `Dead letters of ${event.name} would go back to its own topic ${JSON.stringify(topic.value)}.`,
    );
});

const retryDelaysBounded: Check = eachEvent(function* (event, finding) {
  const delays = event.options.retryDelaysMs;
  const at = placeOf(event, delays);
  if (delays.value.length > maxDelays)
    yield finding(at, `${delays.value.length} retry delays${originOf(delays)}, ${maxDelays} are allowed.`);
  for (const delay of delays.value)
    if (!(delay >= 1 && delay <= maxDelayMs))
      yield finding(at, `A retry delay of ${delay} ms${originOf(delays)} is outside 1 ms to 24 h.`);
});

const orderedWithDelays: Check = eachEvent(function* (event, finding) {
  const { ordered, retryDelaysMs } = event.options;
  if (ordered.value && retryDelaysMs.value.length > 0)
    yield finding(
      placeOf(event, retryDelaysMs),
      `${event.name} is ordered, yet declares retry delays ${show(retryDelaysMs.value)}${originOf(retryDelaysMs)}.`,
    );
});

const keySensitive: Check = eachEvent(function* (event, finding) {
  const key = event.options.key;
  if (!key) return;
  const path = key.value.properties.join(".");
  if (event.sensitive.some((mark) => path === mark || path.startsWith(`${mark}.`)))
    yield finding(
      placeOf(event, key),
      `The record key ${JSON.stringify(key.value.text)} is marked sensitive.`,
    );
});

const typeInvalid: Check = eachEvent(function* (event, finding) {
  const { type } = event.options;
  if (!/^[^\p{C}\p{Zl}\p{Zp}]{1,255}$/u.test(type.value))
    yield finding(
      placeOf(event, type),
      `Event type ${JSON.stringify(type.value)} is empty, too long or not printable.`,
    );
});

const eventNested: Check = eachEvent(function* (event, finding) {
  if (event.index.length > 1)
    yield finding(
      event.at,
      `${event.name} is declared inside another message: every record carries the index path [${event.index.join(", ")}], which clients count differently.`,
    );
});

const typeDuplicate: Check = function* (project, finding) {
  const key = (event: EventModel) => `${event.options.topic.value}\n${event.options.type.value}`;
  for (const [event, first] of repeats(project.events, key))
    yield finding(
      placeOf(event, event.options.type),
      `Event type ${JSON.stringify(event.options.type.value)} on topic ${JSON.stringify(event.options.topic.value)} is taken by ${where(first)}.`,
    );
};

const subjectClash: Check = function* (project, finding) {
  for (const [event, first] of repeats(project.events, (one) => one.options.subject.value))
    yield finding(
      placeOf(event, event.options.subject),
      `Subject ${JSON.stringify(event.options.subject.value)} is taken by ${where(first)}.`,
    );
};

const fileManyEvents: Check = function* (project, finding) {
  const inProto = project.events.filter((event) => event.format === "protobuf");
  for (const [event, first] of repeats(inProto, (one) => one.at.file)) {
    const levels = [first, event].map((one) => one.options.compatibility.value);
    const strict = levels.find((level) => /^(FORWARD|FULL)/.test(level));
    const later = strict
      ? `; at ${strict} the registry refuses a further one once the file is registered`
      : "";
    yield finding(event.at, `${event.at.file} already holds the event ${first.name}${later}.`);
  }
};

/** Each stage of a topic has one retry topic; its delay is the first event's that has the stage. */
function* differingDelays(topic: TopicModel): Generator<readonly [EventModel, EventModel]> {
  const stages: EventModel[] = [];
  for (const event of topic.events) {
    const delays = event.options.retryDelaysMs.value;
    const other = stages.find((first, stage) => {
      const delay = delays[stage];
      return delay !== undefined && delay !== first.options.retryDelaysMs.value[stage];
    });
    if (other) yield [event, other];
    for (let stage = stages.length; stage < delays.length; stage++) stages.push(event);
  }
}

const topicDelaysDiffer: Check = function* (project, finding) {
  for (const topic of project.topics)
    for (const [event, other] of differingDelays(topic)) {
      const delays = event.options.retryDelaysMs;
      yield finding(
        placeOf(event, delays),
        `Retry delays ${show(delays.value)}${originOf(delays)} differ from ${show(other.options.retryDelaysMs.value)} of ${where(other)} on the same topic ${JSON.stringify(topic.name)}: a retry there can be late by the difference.`,
      );
    }
};

const checks: Readonly<Record<CheckRuleId, Check>> = {
  "type-invalid": typeInvalid,
  "type-duplicate": typeDuplicate,
  "topic-invalid": topicInvalid,
  "dead-letter-invalid": deadLetterInvalid,
  "dead-letter-is-topic": deadLetterIsTopic,
  "retry-delays-bounded": retryDelaysBounded,
  "ordered-with-delays": orderedWithDelays,
  "topic-delays-differ": topicDelaysDiffer,
  "subject-clash": subjectClash,
  "key-sensitive": keySensitive,
  "event-nested": eventNested,
  "file-many-events": fileManyEvents,
  "method-clash": methodClash,
  "factory-clash": factoryClash,
  "export-clash": exportClash,
};

/** Every check over the finished model. The caller sorts the findings with those of earlier steps. */
export function lint(project: ProjectModel): readonly Diagnostic[] {
  return runChecks(project, checks);
}

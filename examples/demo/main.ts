// One event's whole life, told as it happens: generate, register, publish, handle, retry, dead-letter, redrive, evolve.
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { connect, type KeryxApp, type Signal } from "keryx";
import { createCast } from "./cast.ts";
import { changeSchemas, generate } from "./evolution.ts";
import { readDeadLetters, sendPoison } from "./outsider.ts";
import { openProducers, publishEverything } from "./publish.ts";
import { openServers } from "./servers.ts";
import { bold, chapter, green, red, settle, tell, yellow } from "./story.ts";
import { createTally, type Tally } from "./tally.ts";

const group = `demo-${randomUUID().slice(0, 8)}`;

/** Tells the runtime's own decisions, each with its reason. */
function tellDecision(signal: Signal): void {
  if (signal.kind === "schema.registered" && signal.isNew)
    tell(`registered ${signal.subject} as schema ${signal.id}`);
  if (signal.kind !== "record.handled") return;
  const { record, outcome, failureClass, reason, next } = signal;
  const name = record.event ?? `${record.topic}/${record.partition}/${record.offset}`;
  const why = failureClass ?? reason ?? "";
  if (outcome === "retried")
    tell(yellow(`         ${name}: ${why} → ${next ? `again from ${next.topic}` : "again here"}`));
  if (outcome === "dead_lettered")
    tell(red(`         ${name}: ${why} after attempt ${record.attempt} → ${next?.topic}`));
  if (outcome === "deduped") tell(green(`         ${name}: seen before → nothing to do`));
}

async function showDeadLetters(): Promise<{ found: number; untouched: number }> {
  const letters = [
    ...(await readDeadLetters("order-events", group)),
    ...(await readDeadLetters("payment-events", group)),
  ];
  for (const { at, origin, headers, isUntouched } of letters) {
    tell(`${bold(at)}, from ${origin}, ${isUntouched ? "its bytes untouched" : red("its bytes CHANGED")}`);
    for (const name of [
      "keryx-failure-class",
      "keryx-failure-reason",
      "keryx-attempt-count",
      "keryx-event",
      "message-id",
    ]) {
      const value = headers.get(name);
      if (value !== undefined) tell(`    ${name}: ${value}`);
    }
  }
  return { found: letters.length, untouched: letters.filter(({ isUntouched }) => isUntouched).length };
}

/** Redrives both dead-letter topics; returns what a dry run planned and what was then sent. */
async function redrive(app: KeryxApp): Promise<{ planned: number; sent: number }> {
  let planned = 0;
  let sent = 0;
  for (const topic of ["order-events", "payment-events"]) {
    const dry = await app.replay({ topic, group });
    tell(`dry run on ${topic}: ${dry.planned} dead letter(s) of ${group} would go to ${topic}-retry-1`);
    const real = await app.replay({ topic, group, dryRun: false });
    tell(`redriven on ${topic}: ${real.sent}`);
    planned += dry.planned;
    sent += real.sent;
  }
  return { planned, sent };
}

async function tellStory(app: KeryxApp, tally: Tally): Promise<boolean> {
  chapter(
    "2. Register: producers register their schemas, level first; topics are created because we asked for it",
  );
  const producers = openProducers(app);
  await Promise.all(Object.values(producers).map((producer) => producer.start()));

  chapter(
    `3. Consume: one group, ${group}, on every topic; retry and dead-letter topics are checked before it starts`,
  );
  const cast = createCast(app, group);
  await Promise.all(cast.consumers.map((consumer) => consumer.start()));
  tell(`joined; created ${tally.createdTopics()} source, retry and dead-letter topics`);

  chapter("4. Publish every sample event, and one poison message from somebody else's program");
  const published = await publishEverything(producers);
  await sendPoison("order-events");
  tell("poison    → order-events: bytes that are no event");
  await tally.until(
    "every record to be settled",
    () =>
      tally.outcomes("processed") >= 12 &&
      tally.outcomes("dead_lettered") >= 3 &&
      tally.outcomes("deduped") >= 1,
  );
  const beforeRedrive = {
    processed: tally.outcomes("processed"),
    deadLettered: tally.outcomes("dead_lettered"),
  };

  chapter("5. Dead letters, as any Kafka client sees them");
  const letters = await showDeadLetters();

  chapter("6. The defects are mended: redrive");
  cast.mend();
  const redriven = await redrive(app);
  await tally.until(
    "the redriven records to be settled",
    () => tally.outcomes("processed") >= 14 && tally.outcomes("dead_lettered") >= 4,
  );
  tell("the poison came back to the dead letters: no mending of handlers helps bytes that are no event");

  chapter("7. Change a schema");
  const verdicts = await changeSchemas();

  chapter("What was counted");
  return settle([
    { what: "events published and acknowledged", found: published, expected: 16 },
    { what: "handled at last, before the redrive", found: beforeRedrive.processed, expected: 12 },
    { what: "failed and tried again", found: tally.outcomes("retried"), expected: 9 },
    { what: "recognised as a repeat", found: tally.outcomes("deduped"), expected: 1 },
    { what: "skipped by a handler's decision", found: tally.outcomes("skipped"), expected: 1 },
    { what: "dead letters before the redrive", found: beforeRedrive.deadLettered, expected: 3 },
    { what: "dead letters found by another client", found: letters.found, expected: 3 },
    { what: "of these with untouched bytes", found: letters.untouched, expected: 3 },
    { what: "planned by the dry run", found: redriven.planned, expected: 3 },
    { what: "redriven", found: redriven.sent, expected: 3 },
    {
      what: "handled after the redrive",
      found: tally.outcomes("processed") - beforeRedrive.processed,
      expected: 2,
    },
    {
      what: "dead-lettered again: the poison",
      found: tally.outcomes("dead_lettered") - beforeRedrive.deadLettered,
      expected: 1,
    },
    { what: "schema changes accepted", found: verdicts.accepted, expected: 1 },
    { what: "schema changes refused", found: verdicts.refused, expected: 1 },
  ]);
}

chapter("0. A Kafka and a schema registry");
const servers = await openServers();

chapter("1. Generate: schemas in, typed producers and handlers out");
tell(generate(fileURLToPath(new URL("../../", import.meta.url))));

const tally = createTally(tellDecision);
const app = await connect({
  clientId: "demo",
  createTopics: true,
  observe: tally.observe,
  logging: { level: "silent" },
});
try {
  const isRight = await tellStory(app, tally);
  console.log(isRight ? `\n${green("Every count is what it must be.")}` : `\n${red("A count is off.")}`);
  if (!isRight) process.exitCode = 1;
} finally {
  await app.close();
  await servers.close();
}

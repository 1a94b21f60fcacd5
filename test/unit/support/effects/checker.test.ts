import { expect } from "chai";
import { countRepeats, findViolations, type Invariant } from "../../../support/effects/checker.ts";
import type { DeadLetter, Effect, History, Promises, SentEvent } from "../../../support/effects/history.ts";

const promises: Promises = {
  orderedTopics: new Set(["ordered"]),
  attempts: 3,
  maxSourceRepeatsPerKill: 3,
  maxRepeatsPerKill: 5,
};

const keyOf = (offset: number): string => `k${offset % 4}`;

/** Twenty events on one topic: those of k3 fail now and then, and one of them for good. */
function sentOn(topic: string): SentEvent[] {
  return Array.from({ length: 20 }, (_, offset) => ({
    id: `${topic}-${offset}`,
    key: `${topic}-${keyOf(offset)}`,
    seq: Math.floor(offset / 4),
    topic,
    partition: 0,
    offset: BigInt(offset),
    succeedsAt: offset % 4 < 3 ? 1 : offset === 7 ? undefined : 2,
  }));
}

function toEffect(event: SentEvent, life: number): Effect {
  const { id, key, seq, topic, partition, offset, succeedsAt } = event;
  const stage = succeedsAt === 2 && topic === "retried" ? "retry-1" : "main";
  return { id, key, seq, topic, partition, offset, stage, attempt: succeedsAt ?? 1, life, isSure: true };
}

/** A run that was killed once behind its 12th record, of which 10 were committed. */
function buildGood(): History & { sent: SentEvent[]; effects: Effect[]; deadLetters: DeadLetter[] } {
  const sent = [
    ...sentOn("retried"),
    ...sentOn("ordered").map((event) => ({ ...event, succeedsAt: event.succeedsAt ?? 2 })),
  ];
  const handled = sent.filter(({ succeedsAt }) => succeedsAt !== undefined);
  const effects = [
    ...handled.filter(({ offset }) => offset < 12n).map((event) => toEffect(event, 1)),
    ...handled.filter(({ offset }) => offset >= 12n).map((event) => toEffect(event, 2)),
  ];
  const { id, key, seq } = sent[7] as SentEvent;
  const committed = new Map([
    ["retried/0", 10n],
    ["ordered/0", 10n],
  ]);
  return {
    sent,
    effects,
    deadLetters: [{ id, key, seq, attempts: 3 }],
    kills: [{ life: 1, committed }],
  };
}

const effectOf = (history: History, id: string): Effect => {
  const found = history.effects.find((effect) => effect.id === id);
  if (!found) throw new Error(`no effect of ${id}`);
  return found;
};

const invariantsOf = (history: History): Invariant[] =>
  findViolations(history, promises).map(({ invariant }) => invariant);

describe("The checker of effect logs", () => {
  it("accepts a history in which everything was kept", () => {
    expect(findViolations(buildGood(), promises)).to.deep.equal([]);
  });

  it("accepts repeats after a kill, an effect that the kill cut off, and a second copy of a dead letter", () => {
    const good = buildGood();
    const again = ["retried-10", "ordered-10", "ordered-11"].map((id) => ({
      ...effectOf(good, id),
      life: 2,
    }));
    const cutOff = { ...effectOf(good, "retried-12"), life: 1, isSure: false };
    const effects = [
      ...good.effects.filter(({ life }) => life === 1),
      cutOff,
      ...again,
      ...good.effects.filter(({ life }) => life === 2),
    ];
    const history = { ...good, effects, deadLetters: [...good.deadLetters, ...good.deadLetters] };
    expect(invariantsOf(history)).to.deep.equal(["repeated"]);
    expect(findViolations(history, { ...promises, maxSourceRepeatsPerKill: 4 })).to.deep.equal([]);
    expect(countRepeats(history)).to.equal(4);
  });

  it("accepts that retry topics give up the order of a key, and that tries in place begin anew after a kill", () => {
    const good = buildGood();
    const late = effectOf(good, "retried-3");
    const effects = [...good.effects.filter((effect) => effect !== late), { ...late, life: 2 }].map(
      (effect) => (effect.id === "ordered-15" ? { ...effect, attempt: 4 } : effect),
    );
    expect(invariantsOf({ ...good, effects })).to.deep.equal([]);
  });

  const planted: readonly [string, Invariant, (history: ReturnType<typeof buildGood>) => void][] = [
    [
      "an acknowledged event that is nowhere",
      "lost",
      (history) => history.effects.splice(history.effects.indexOf(effectOf(history, "retried-14")), 1),
    ],
    [
      "an event whose only effect was never synced",
      "lost",
      (history) => {
        const index = history.effects.indexOf(effectOf(history, "retried-14"));
        history.effects[index] = { ...effectOf(history, "retried-14"), isSure: false };
      },
    ],
    ["a dead letter that is missing", "lost", (history) => history.deadLetters.splice(0)],
    [
      "an effect of something that was never sent",
      "invented",
      (history) => history.effects.push({ ...effectOf(history, "retried-14"), id: "other" }),
    ],
    [
      "an effect with another event's content",
      "invented",
      (history) => {
        const index = history.effects.indexOf(effectOf(history, "retried-16"));
        history.effects[index] = { ...effectOf(history, "retried-16"), seq: 9 };
      },
    ],
    [
      "a dead letter of something that was never sent",
      "invented",
      (history) => history.deadLetters.push({ id: "other", key: "k", seq: 0, attempts: 3 }),
    ],
    [
      "a dead letter whose handler would have succeeded",
      "misplaced",
      (history) => history.deadLetters.push({ ...effectOf(history, "retried-14"), attempts: 3 }),
    ],
    [
      "an effect of an event that cannot succeed",
      "misplaced",
      (history) => history.effects.push({ ...toEffect(history.sent[7] as SentEvent, 2), stage: "retry-2" }),
    ],
    [
      "a successor's first effect before its predecessor's",
      "reordered",
      (history) => {
        const [a, b] = ["retried-12", "retried-16"].map((id) =>
          history.effects.indexOf(effectOf(history, id)),
        );
        const [first, second] = [history.effects[a ?? 0], history.effects[b ?? 0]];
        if (first && second) history.effects.splice(a ?? 0, 1, second);
        if (first && second) history.effects.splice(b ?? 0, 1, first);
      },
    ],
    [
      "a successor that overtook a failing record where order is declared",
      "reordered",
      (history) => {
        const index = history.effects.indexOf(effectOf(history, "ordered-15"));
        history.effects.push(...history.effects.splice(index, 1));
      },
    ],
    [
      "an attempt too many",
      "attempts",
      (history) => {
        const index = history.effects.indexOf(effectOf(history, "retried-15"));
        history.effects[index] = { ...effectOf(history, "retried-15"), attempt: 3 };
      },
    ],
    [
      "a dead letter one attempt too early",
      "attempts",
      (history) => {
        history.deadLetters[0] = { ...(history.deadLetters[0] as DeadLetter), attempts: 2 };
      },
    ],
    [
      "a commit over a record that was only handled by the next life",
      "committed-early",
      (history) => {
        const index = history.effects.indexOf(effectOf(history, "retried-9"));
        history.effects[index] = { ...effectOf(history, "retried-9"), life: 2, offset: 12n };
      },
    ],
    [
      "a commit over a record that waits for its next try in place",
      "committed-early",
      (history) => {
        const index = history.effects.indexOf(effectOf(history, "ordered-3"));
        history.effects[index] = { ...effectOf(history, "ordered-3"), life: 2, offset: 12n };
      },
    ],
    [
      "a record below the committed offset that is handled again",
      "committed-again",
      (history) => history.effects.push({ ...effectOf(history, "retried-9"), life: 2 }),
    ],
    [
      "two effects of one id in one life",
      "repeated-in-life",
      (history) => history.effects.push(effectOf(history, "retried-15")),
    ],
    [
      "more repeats than a kill explains",
      "repeated",
      (history) => {
        for (const id of ["retried-10", "ordered-10", "ordered-11", "retried-8"])
          history.effects.push({ ...effectOf(history, id), life: 2 });
      },
    ],
    [
      "repeats without a kill",
      "repeated",
      (history) => history.effects.push({ ...effectOf(history, "retried-12"), life: 3 }),
    ],
  ];

  for (const [what, invariant, plant] of planted)
    it(`refuses ${what} as ${invariant}`, () => {
      const history = buildGood();
      plant(history);
      expect(invariantsOf(history)).to.include(invariant);
    });

  it("counts every example and shows the first twenty, with coordinates", () => {
    const good = buildGood();
    const [violation] = findViolations({ ...good, effects: [], kills: [] }, promises);
    expect([violation?.invariant, violation?.total]).to.deep.equal(["lost", 39]);
    expect(violation?.examples).to.have.length(20);
    expect(violation?.examples[0]).to.equal("retried-0 (retried-k0#0, retried/0@0)");
  });
});

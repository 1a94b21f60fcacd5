import { expect } from "chai";
import fc from "fast-check";
import { createHandlers, type Handlers } from "../../support/embedded-handlers.ts";
import { dig } from "../../support/embedded-wire.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";

/** `KERYX_HISTORIES=10000` runs more than fits into every run of the tests. */
const histories = Number(process.env["KERYX_HISTORIES"] ?? 1_500);
const partitions = [0, 1, 2, 3, 4];
const sessionTimeoutMs = 1_000;
const rebalanceTimeoutMs = 3_000;

interface Joined {
  readonly errorCode: number;
  readonly generationId: number;
  readonly leader: string;
  readonly memberId: string;
  readonly members: readonly { readonly memberId: string }[];
}

/** One consumer, as it sees itself. */
interface Client {
  readonly instanceId: string | null;
  memberId: string;
  generation: number;
  /** What was asked and has not been answered. */
  waits: "join" | "sync" | undefined;
  joined: Joined | undefined;
  /** Undefined until it was told in this generation. */
  share: readonly number[] | undefined;
  /** The last process of this client, which ended without a word; it may still have something to say. */
  former: { readonly memberId: string; readonly generation: number };
}

/** What must hold, told without looking into the broker: what clients were promised, and what they were told. */
interface Model {
  readonly clients: Client[];
  /** Highest offset position is no rule: the last accepted commit wins. */
  readonly committed: Map<number, number>;
  highestGeneration: number;
  /** Leader that each generation was told of. */
  readonly leaders: Map<number, string>;
  /** Ids that left, were replaced or were told that nobody knows them. */
  readonly gone: Set<string>;
}

interface Real extends Handlers {
  readonly clock: ManualClock;
}

type Command = fc.AsyncCommand<Model, Real>;

const groupId = "g";
/** Lets answers arrive that waited for this request. */
const answersArrive = async (): Promise<void> => {
  for (let turn = 0; turn < 4; turn++) await null;
};
const speakerOf = ({ memberId, generation, instanceId }: Client) => ({
  ...{ groupId, memberId, generationId: generation, groupInstanceId: instanceId },
});
const settle = (model: Model, client: Client, code: number): void => {
  if (code !== 25 && code !== 82) return;
  if (client.memberId !== "") model.gone.add(client.memberId);
  Object.assign(client, { memberId: "", generation: -1, share: undefined });
};

async function join(model: Model, real: Real, client: Client): Promise<void> {
  client.waits = "join";
  client.share = undefined;
  const asked = {
    ...{ groupId, memberId: client.memberId, groupInstanceId: client.instanceId },
    ...{ sessionTimeoutMs, rebalanceTimeoutMs, protocolType: "tests" },
    protocols: [{ name: "p", metadata: Buffer.from("m") }],
  };
  const answer = Promise.resolve(real.ask("JoinGroup", asked) as Joined | Promise<Joined>);
  // A static member that comes without an id takes the place of who had its instance.
  if (client.memberId === "" && client.instanceId !== null && client.former.memberId !== "")
    model.gone.add(client.former.memberId);
  void answer.then((joined) => {
    // The process that asked is gone.
    if (client.waits !== "join" || asked.memberId !== client.memberId) return;
    client.waits = undefined;
    if (joined.errorCode === 79) client.memberId = joined.memberId;
    else if (joined.errorCode === 0) noteJoined(model, client, joined);
    else settle(model, client, joined.errorCode);
  });
  await answersArrive();
}

function noteJoined(model: Model, client: Client, joined: Joined): void {
  expect(joined.generationId, "a generation never goes back").to.be.at.least(model.highestGeneration);
  model.highestGeneration = joined.generationId;
  // The next one of a replaced static leader is told of the old one, so that it shares nothing out.
  const leader = model.leaders.get(joined.generationId);
  if (leader !== undefined && joined.members.length > 0) expect(joined.leader, "one leader").to.equal(leader);
  if (joined.members.length > 0) model.leaders.set(joined.generationId, joined.leader);
  Object.assign(client, {
    memberId: joined.memberId,
    generation: joined.generationId,
    joined,
    share: undefined,
  });
}

/** Deals the partitions out, in the order in which the members are named. */
function deal({ members }: Joined) {
  const piles = members.map(({ memberId }, at) => ({
    memberId,
    assignment: Buffer.from(partitions.filter((index) => index % members.length === at)),
  }));
  return piles;
}

async function sync(model: Model, real: Real, client: Client): Promise<void> {
  const joined = client.joined;
  if (joined === undefined) return;
  client.waits = "sync";
  const asked = { ...speakerOf(client), assignments: deal(joined) };
  const answer = Promise.resolve(real.ask("SyncGroup", asked) as { errorCode: number; assignment: Buffer });
  const generation = client.generation;
  void answer.then(({ errorCode, assignment }) => {
    if (client.waits !== "sync" || asked.memberId !== client.memberId) return;
    client.waits = undefined;
    if (errorCode === 0 && client.generation === generation) client.share = [...assignment];
    else settle(model, client, errorCode);
  });
  await answersArrive();
}

async function beat(model: Model, real: Real, client: Client): Promise<number> {
  const code = dig(real.ask("Heartbeat", speakerOf(client)), "errorCode") as number;
  if (model.gone.has(client.memberId)) expect(code, "who is gone stays gone").to.be.oneOf([25, 82]);
  settle(model, client, code);
  await answersArrive();
  return code;
}

/** What is true whatever happened. */
function check(model: Model, real: Real): void {
  const told = dig(real.ask("DescribeGroups", { groups: [groupId] }), "groups", 0) as {
    readonly state: string;
    readonly members: readonly { readonly memberId: string; readonly assignment: Buffer }[];
  };
  for (const { memberId } of told.members)
    expect(model.gone.has(memberId), `${memberId} is gone`).to.equal(false);
  if (told.state === "Stable") {
    const owned = told.members.flatMap(({ assignment }) => [...assignment]);
    expect(owned.toSorted(), "each partition is owned once").to.deep.equal(partitions);
    const valid = model.clients.filter(
      ({ memberId, generation, share }) =>
        share &&
        generation === model.highestGeneration &&
        told.members.some((one) => one.memberId === memberId),
    );
    const believed = valid.flatMap(({ share = [] }) => share);
    expect(new Set(believed).size, "no two members believe to own the same").to.equal(believed.length);
  }
  for (const index of partitions) {
    const asked = { groupId, topics: [{ name: "t", partitions: [index] }] };
    const offset = dig(real.ask("OffsetFetch", asked), "topics", 0, "partitions", 0, "offset");
    expect(offset, `offset of ${index}`).to.equal(model.committed.get(index) ?? -1);
  }
}

const nobody = { memberId: "", generation: -1 };
const newProcess = { ...nobody, waits: undefined, joined: undefined, share: undefined };

/** What clients do, and what happens to them; `at` chooses whom, as far as there are any. */
const actions = {
  async join(model: Model, real: Real, client: Client) {
    if (client.waits === undefined) await join(model, real, client);
  },
  async sync(model: Model, real: Real, client: Client) {
    if (client.waits === undefined) await sync(model, real, client);
  },
  async beat(model: Model, real: Real, client: Client) {
    if (client.waits === undefined) await beat(model, real, client);
  },
  /** Ends without a word; the same client comes back as a new process. */
  async die(_: Model, __: Real, client: Client) {
    const { memberId, generation } = client;
    if (memberId !== "") client.former = { memberId, generation };
    Object.assign(client, newProcess);
  },
  async restart(model: Model, real: Real, client: Client) {
    await actions.die(model, real, client);
    await join(model, real, client);
  },
  /** Asks once more, as one does whose answer was lost with its connection. */
  async ask(model: Model, real: Real, client: Client) {
    if (client.memberId !== "" && client.waits !== undefined) await join(model, real, client);
  },
  async leave(model: Model, real: Real, client: Client) {
    if (client.memberId === "") return;
    const { memberId, instanceId: groupInstanceId } = client;
    real.ask("LeaveGroup", { groupId, members: [{ memberId, groupInstanceId }] });
    model.gone.add(memberId);
    Object.assign(client, newProcess);
    await answersArrive();
  },
  async wait(_: Model, { clock }: Real, __: Client, amount: number) {
    await clock.advance((amount % 5) * 250);
  },
} as const;

function commitCommand(
  at: number,
  index: number,
  offset: number,
  generationsBack: number,
  isFormer: boolean,
): Command {
  return {
    check: () => true,
    toString: () =>
      `commit(${at}, ${index} at ${offset}, ${generationsBack} back, ${isFormer ? "former" : "present"})`,
    async run(model, real) {
      const client = model.clients[at % model.clients.length] as Client;
      const { memberId, generation: told } = isFormer ? client.former : client;
      const speaker = { ...speakerOf(client), memberId, generationId: told - generationsBack };
      const { state, members, generation } = real.cluster.groups.get(groupId) ?? {
        state: "Dead",
        generation: 0,
      };
      const topics = [{ name: "t", partitions: [{ index, offset }] }];
      const answer = real.ask("OffsetCommit", { ...speaker, topics });
      const code = dig(answer, "topics", 0, "partitions", 0, "errorCode") as number;
      if (code === 0) model.committed.set(index, offset);
      // Without members anybody may commit who names no generation.
      const isNobody = speaker.generationId < 0 && (state === "Empty" || state === "Dead");
      if (!isNobody) {
        const isOld = speaker.generationId < model.highestGeneration || model.gone.has(speaker.memberId);
        if (isOld) expect(code, "an old or fenced member commits").to.not.equal(0);
        const isCurrent = members?.has(speaker.memberId) && speaker.generationId === generation;
        if (isCurrent && memberId !== "") expect(code).to.equal(state === "CompletingRebalance" ? 27 : 0);
      }
      await answersArrive();
      check(model, real);
    },
  };
}

function actionCommand(name: keyof typeof actions, at: number, amount: number): Command {
  return {
    check: () => true,
    toString: () => `${name}(${at}, ${amount})`,
    async run(model, real) {
      await actions[name](model, real, model.clients[at % model.clients.length] as Client, amount);
      await answersArrive();
      check(model, real);
    },
  };
}

/** Whatever happened before, clients that do what the broker tells them end up sharing all partitions. */
async function converge(model: Model, real: Real): Promise<void> {
  for (let round = 0; round < 60; round++) {
    for (const client of model.clients) {
      if (client.waits !== undefined) continue;
      const isIn = client.share !== undefined;
      if (isIn && (await beat(model, real, client)) === 0) continue;
      await join(model, real, client);
      if (client.waits === undefined && client.generation < 0) await join(model, real, client);
    }
    for (const client of model.clients)
      if (client.waits === undefined && client.share === undefined && client.generation >= 0)
        await sync(model, real, client);
    check(model, real);
    // Members that died own their part until their sessions end.
    const shared = model.clients.flatMap(({ share = [] }) => share);
    const isDone = model.clients.every(
      ({ share, generation }) => share && generation === model.highestGeneration,
    );
    if (isDone && shared.length === partitions.length) break;
    await real.clock.advance(200);
  }
  const shares = model.clients.flatMap(({ share = [] }) => share);
  expect(shares.toSorted(), "all partitions are shared out in the end").to.deep.equal(partitions);
}

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.constantFrom<keyof typeof actions>(
          "join",
          "join",
          "join",
          "sync",
          "sync",
          "sync",
          "beat",
          "die",
          "restart",
          "ask",
          "leave",
          "wait",
        ),
        fc.nat(9),
        fc.nat(9),
      )
      .map(([name, at, amount]) => actionCommand(name, at, amount)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(9), fc.nat(4), fc.nat(1000), fc.constantFrom(0, 0, 0, 1), fc.boolean())
      .map((drawn) => commitCommand(...drawn)),
  },
);

function setUp(
  count: number,
  statics: number,
  initialRebalanceDelayMs: number,
): { model: Model; real: Real } {
  const clock = createManualClock();
  const topics = [{ name: "t", partitions: partitions.length }];
  const clients = Array.from(
    { length: count },
    (_, at): Client => ({
      ...{ instanceId: at < statics ? `static-${at}` : null, ...newProcess, former: nobody },
    }),
  );
  return {
    model: { clients, committed: new Map(), highestGeneration: 0, leaders: new Map(), gone: new Set() },
    real: { ...createHandlers({ clock, topics, initialRebalanceDelayMs }), clock },
  };
}

describe("groups of the embedded broker, over random histories", function () {
  this.timeout(600_000);
  it(`own each partition once, take no commit of who is gone, and lose no offset (${histories} histories)`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.commands([command], { maxCommands: 40, size: "medium" }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(2),
        fc.constantFrom(0, 0, 300),
        async (commands, count, statics, delayMs) => {
          const { model, real } = setUp(count, statics, delayMs);
          await fc.asyncModelRun(() => ({ model, real }), commands);
          await converge(model, real);
        },
      ),
      { numRuns: histories },
    );
  });
});

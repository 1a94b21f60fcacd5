import { expect } from "chai";
import { embeddedBrokers, until } from "../../../../support/embedded.ts";
import {
  askJoin,
  beat,
  commitOffset,
  describeGroup,
  foundGroup,
  type JoinAnswer,
  joinGroup,
  leaveGroup,
  syncGroup,
} from "../../../../support/embedded-groups.ts";
import type { WireClient } from "../../../../support/embedded-wire.ts";
import { createManualClock } from "../../../../support/manual-clock.ts";

const minute = 60_000;

describe("time in groups of the embedded broker", () => {
  const { start, wire } = embeddedBrokers();
  const id = "g";

  const started = async (count: number, initialRebalanceDelayMs = 0) => {
    const clock = createManualClock();
    const topics = [{ name: "orders" }];
    const broker = await start({ clock, topics, initialRebalanceDelayMs });
    const clients = await Promise.all(Array.from({ length: count + 1 }, () => wire(broker)));
    const [watcher, ...others] = clients as [WireClient, ...WireClient[]];
    const state = () => broker.group(id)?.state;
    return {
      broker,
      clock,
      watcher,
      clients: others as readonly WireClient[] as readonly [WireClient, WireClient, WireClient],
      state,
      reaches: (wanted: string) => until(() => state() === wanted, `the group is ${wanted}`),
      members: (count_: number) =>
        until(() => broker.group(id)?.members.length === count_, `${count_} members`),
    };
  };
  /** A stable group of two, the leader first. */
  const pair = async (request = {}) => {
    const all = await started(3);
    const [first, second] = all.clients;
    const { memberId } = await foundGroup(first, id, request);
    const joining = joinGroup(second, id, request);
    await all.reaches("PreparingRebalance");
    const leader = await askJoin(first, id, { ...request, memberId });
    const follower = await joining;
    return { ...all, leader, follower };
  };

  it("a member is out when it is silent for its session, and not before", async () => {
    const { clock, clients, state } = await started(1);
    const joined = await foundGroup(clients[0], id, { sessionTimeoutMs: 10_000 });
    await clock.advance(9_999);
    expect(await beat(clients[0], id, joined)).to.equal(0);
    await clock.advance(9_999);
    expect(state()).to.equal("Stable");
    await clock.advance(1);
    expect(state()).to.equal("Empty");
  });

  it("commits keep a member in, before and in a rebalance", async () => {
    const { clock, clients, watcher, reaches, state } = await started(2);
    const joined = await foundGroup(clients[0], id, { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: minute });
    await clock.advance(6_000);
    expect(await commitOffset(watcher, id, { topic: "orders", offset: 1 }, joined)).to.equal(0);
    await clock.advance(6_000);
    expect(state()).to.equal("Stable");
    void joinGroup(clients[1], id, { rebalanceTimeoutMs: minute }).catch(() => {});
    await reaches("PreparingRebalance");
    expect(await commitOffset(watcher, id, { topic: "orders", offset: 2 }, joined)).to.equal(0);
    await clock.advance(6_000);
    expect(await commitOffset(watcher, id, { topic: "orders", offset: 3 }, joined)).to.equal(0);
    await clock.advance(10_000);
    expect(await commitOffset(watcher, id, { topic: "orders", offset: 4 }, joined)).to.equal(25);
  });

  it("a member that waits for the others to join, or for the leader, is not taken for silent", async () => {
    const request = { sessionTimeoutMs: 5_000, rebalanceTimeoutMs: 10 * minute };
    const { clock, clients, leader, follower, broker, members, reaches, state } = await pair(request);
    const [first, second, third] = clients;
    const share = syncGroup(second, id, follower);
    await until(() => broker.requests({ api: "SyncGroup" }).length === 2, "the follower waits");
    await clock.advance(4_000);
    await beat(first, id, leader);
    await clock.advance(4_000);
    expect(broker.group(id)?.members).to.have.length(2);
    await syncGroup(first, id, leader, { [follower.memberId]: "mine" });
    expect(await share).to.equal("mine");
    const third_ = joinGroup(third, id, request);
    await reaches("PreparingRebalance");
    const again = askJoin(second, id, { ...request, memberId: follower.memberId });
    await until(() => broker.requests({ api: "JoinGroup" }).length >= 7, "the follower waits again");
    await clock.advance(4_000);
    expect(await beat(first, id, leader)).to.equal(27);
    await clock.advance(4_000);
    expect(state()).to.equal("PreparingRebalance");
    await clock.advance(5_000);
    expect((await again).members.length + (await third_).members.length).to.equal(2);
    await members(2);
  });

  it("the session counts from the end of the waiting", async () => {
    const { clock, clients, leader, follower, members, watcher } = await pair({
      sessionTimeoutMs: 5_000,
      rebalanceTimeoutMs: minute,
    });
    await syncGroup(clients[0], id, leader);
    await clock.advance(4_999);
    expect(await beat(watcher, id, leader)).to.equal(0);
    expect(await beat(watcher, id, follower)).to.equal(0);
    await clock.advance(4_999);
    expect(await beat(watcher, id, leader)).to.equal(0);
    await clock.advance(1);
    await members(1);
  });

  it("who does not join again in time is out, and the others go on", async () => {
    const { clock, clients, reaches, broker } = await started(3);
    const request = { sessionTimeoutMs: 10 * minute, rebalanceTimeoutMs: minute };
    await foundGroup(clients[0], id, request);
    const joining = joinGroup(clients[1], id, request);
    await reaches("PreparingRebalance");
    await clock.advance(minute - 1);
    expect(broker.group(id)).to.include({ state: "PreparingRebalance", generation: 1 });
    await clock.advance(1);
    const joined = await joining;
    expect(joined).to.include({ generationId: 2, leader: joined.memberId });
    expect(joined.members).to.have.length(1);
  });

  it("the longest rebalance timeout of the members holds", async () => {
    const { clock, clients, reaches, state } = await started(2);
    await foundGroup(clients[0], id, { sessionTimeoutMs: 10 * minute, rebalanceTimeoutMs: 3_000 });
    void joinGroup(clients[1], id, { rebalanceTimeoutMs: 9_000 }).catch(() => {});
    await reaches("PreparingRebalance");
    await clock.advance(8_999);
    expect(state()).to.equal("PreparingRebalance");
    await clock.advance(1);
    expect(state()).to.equal("CompletingRebalance");
  });

  it("before version 1 the session timeout is the time to join again", async () => {
    const { clock, clients, reaches, state } = await started(2);
    await foundGroup(clients[0], id, { sessionTimeoutMs: 10 * minute, rebalanceTimeoutMs: 1 });
    void askJoin(clients[1], id, { sessionTimeoutMs: 7_000 }, 0).catch(() => {});
    await reaches("PreparingRebalance");
    await clock.advance(6_999);
    expect(state()).to.equal("PreparingRebalance");
    await clock.advance(1);
    expect(state()).to.equal("CompletingRebalance");
  });

  it("who does not fetch its part in time is out, also behind a leader that shared out", async () => {
    const request = { sessionTimeoutMs: 10 * minute, rebalanceTimeoutMs: minute };
    for (const leaderCame of [true, false]) {
      const { clock, clients, leader, follower, broker, members, state } = await pair(request);
      const share = leaderCame ? syncGroup(clients[0], id, leader) : syncGroup(clients[1], id, follower);
      await until(() => broker.requests({ api: "SyncGroup" }).length === 2, "one member has come");
      await clock.advance(minute - 1);
      expect(broker.group(id)?.members).to.have.length(2);
      await clock.advance(1);
      await members(1);
      expect(state()).to.equal("PreparingRebalance");
      expect(await share).to.equal(leaderCame ? "" : 27);
      const left = leaderCame ? leader : follower;
      expect(broker.group(id)?.members[0]?.id).to.equal(left.memberId);
      await broker.close();
    }
  });

  it("once all have fetched their part nobody waits any more", async () => {
    const request = { sessionTimeoutMs: 10 * minute, rebalanceTimeoutMs: minute };
    const { clock, clients, leader, follower, state } = await pair(request);
    await syncGroup(clients[0], id, leader);
    await syncGroup(clients[1], id, follower);
    await clock.advance(9 * minute);
    expect(state()).to.equal("Stable");
  });

  it("an id that nobody comes with is waited for as long as a session", async () => {
    const { clock, clients, reaches, state } = await started(2);
    const request = { sessionTimeoutMs: 10 * minute, rebalanceTimeoutMs: 5 * minute };
    const { memberId } = await foundGroup(clients[0], id, request);
    const reserved = await askJoin(clients[1], id, { ...request, sessionTimeoutMs: minute });
    const again = askJoin(clients[0], id, { ...request, memberId });
    await reaches("PreparingRebalance");
    await clock.advance(minute - 1);
    expect(state()).to.equal("PreparingRebalance");
    await clock.advance(1);
    expect((await again).members).to.have.length(1);
    expect(await askJoin(clients[1], id, { memberId: reserved.memberId })).to.include({ errorCode: 25 });
  });

  it("a newcomer that waits for five minutes is out, since nobody notices when it is gone", async () => {
    const { clock, clients, reaches, state, members } = await started(2);
    const request = { sessionTimeoutMs: 10 * minute, rebalanceTimeoutMs: 9 * minute };
    const { memberId } = await foundGroup(clients[0], id, request);
    const joining = joinGroup(clients[1], id, request);
    await reaches("PreparingRebalance");
    await clock.advance(5 * minute - 1);
    expect(state()).to.equal("PreparingRebalance");
    await clock.advance(1);
    expect(await joining).to.include({ errorCode: 25 });
    await members(1);
    expect((await askJoin(clients[0], id, { ...request, memberId })).members).to.have.length(1);
  });

  it("static members that are all away hold a rebalance up until their sessions end", async () => {
    const { clock, clients, reaches, broker, watcher } = await started(2);
    const request = { sessionTimeoutMs: 10 * minute, rebalanceTimeoutMs: minute, groupInstanceId: "one" };
    await foundGroup(clients[0], id, request);
    broker.forceRebalance(id);
    await reaches("PreparingRebalance");
    await clock.advance(9 * minute);
    expect(broker.group(id)).to.include({ state: "PreparingRebalance", generation: 1 });
    await clock.advance(minute);
    expect(broker.group(id)).to.include({ state: "Empty", generation: 2 });
    expect((await describeGroup(watcher, id)).members).to.deep.equal([]);
  });

  describe("with a pause before the first rebalance", () => {
    const joinAll = (clients: readonly WireClient[], request = {}): Promise<JoinAnswer>[] =>
      clients.map((client) => askJoin(client, id, request, 3));

    it("takes the members together that come within it", async () => {
      const { clock, clients, members } = await started(2, 3_000);
      const joins = joinAll(clients.slice(0, 2), { rebalanceTimeoutMs: minute });
      await members(2);
      await clock.advance(6_000);
      expect((await Promise.all(joins)).map(({ generationId }) => generationId)).to.deep.equal([1, 1]);
    });

    it("waits once more when somebody came, up to the rebalance timeout", async () => {
      const { clock, clients, watcher, members, state } = await started(3, 3_000);
      const request = { rebalanceTimeoutMs: 7_000 };
      const joins = joinAll(clients.slice(0, 1), request);
      await members(1);
      await clock.advance(2_000);
      joins.push(...joinAll(clients.slice(1, 2), request));
      await members(2);
      await clock.advance(3_000);
      joins.push(...joinAll(clients.slice(2, 3), request));
      await members(3);
      await clock.advance(1_500);
      joins.push(...joinAll([watcher], request));
      await members(4);
      await clock.advance(499);
      expect(state()).to.equal("PreparingRebalance");
      await clock.advance(1);
      expect((await Promise.all(joins)).map(({ generationId }) => generationId)).to.deep.equal([1, 1, 1, 1]);
    });

    it("ends with an empty group when all of them left", async () => {
      const { clock, clients, members, watcher, broker } = await started(1, 3_000);
      const joining = joinGroup(clients[0], id);
      await members(1);
      const { memberId } = (await describeGroup(watcher, id)).members[0] as { memberId: string };
      expect(await leaveGroup(watcher, id, { memberId })).to.deep.equal([0]);
      expect(await joining).to.include({ errorCode: 25 });
      await clock.advance(3_000);
      expect(broker.group(id)).to.include({ state: "Empty", generation: 1 });
    });
  });
});

import { expect } from "chai";
import {
  askJoin,
  beat,
  commitOffset,
  committedOffset,
  describeGroup,
  foundGroup,
  joinGroup,
  leaveGroup,
  protocol,
  syncGroup,
} from "../support/embedded-groups.ts";
import { dig, type Loose, type WireClient } from "../support/embedded-wire.ts";

/** What raw frames are sent to: an embedded broker or a real one that takes session timeouts of 300 ms. */
export interface RawTarget {
  /** A new connection, closed behind the test. */
  connect(): Promise<WireClient>;
  /** A topic of two partitions. */
  readonly topic: string;
  /** A name that nobody used. */
  name(prefix: string): string;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The classic group protocol (KIP-62, KIP-345, KIP-394), rule by rule, without a client library. */
export function groupsContract(target: () => RawTarget): void {
  const connect = () => target().connect();
  const connectAll = async (count: number) => Promise.all(Array.from({ length: count }, connect));
  const group = () => target().name("group");
  const stateOf = async (client: WireClient, id: string) => (await describeGroup(client, id)).state;
  const reaches = async (client: WireClient, id: string, state: string) => {
    for (let turn = 0; turn < 100 && (await stateOf(client, id)) !== state; turn++) await pause(50);
    expect(await stateOf(client, id)).to.equal(state);
  };

  describe("joining a group", () => {
    it("hands out an id from version 4 on, and takes members in at once below it", async () => {
      const [client] = (await connectAll(1)) as [WireClient];
      const id = group();
      const told = await askJoin(client, id);
      expect(told).to.include({ errorCode: 79, generationId: -1 });
      expect(told.memberId).to.match(/^wire-/);
      const joined = await askJoin(client, id, { memberId: told.memberId });
      expect(joined).to.include({
        errorCode: 0,
        generationId: 1,
        memberId: told.memberId,
        leader: told.memberId,
      });
      expect(await askJoin(client, group(), {}, 3)).to.include({ errorCode: 0, generationId: 1 });
    });

    const refused: Readonly<Record<string, readonly [code: number, request: Loose, id?: string]>> = {
      "a group without a name": [24, {}, ""],
      "a member that names no protocol": [23, { protocols: [] }],
      "a member that names no protocol type": [23, { protocolType: "" }],
      "a session that is too short": [26, { sessionTimeoutMs: 1 }],
      "a session that is too long": [26, { sessionTimeoutMs: 1_800_001 }],
      "a member of a group that is not there": [25, { memberId: "somebody" }],
    };
    for (const [what, [code, request, id]] of Object.entries(refused))
      it(`refuses ${what} with ${code}`, async () => {
        expect(await askJoin(await connect(), id ?? group(), request)).to.include({
          errorCode: code,
          generationId: -1,
        });
      });

    it("refuses who cannot share with the others with 23, and an id that nobody has with 25", async () => {
      const [first, second] = (await connectAll(2)) as [WireClient, WireClient];
      const id = group();
      const { memberId } = await foundGroup(first, id);
      expect(await askJoin(second, id, { protocolType: "connect" })).to.include({ errorCode: 23 });
      expect(await askJoin(second, id, { protocols: [protocol("sticky")] })).to.include({ errorCode: 23 });
      expect(await askJoin(second, id, { memberId: "somebody" })).to.include({ errorCode: 25 });
      expect(await askJoin(first, id, { memberId, protocols: [protocol("sticky")] })).to.include({
        errorCode: 23,
      });
      expect(await stateOf(second, id)).to.equal("Stable");
    });

    it("tells the leader alone who the members are, and keeps the leader", async () => {
      const [first, second] = (await connectAll(2)) as [WireClient, WireClient];
      const id = group();
      const { memberId: leader } = await foundGroup(first, id);
      const joining = joinGroup(second, id, { protocols: [protocol("range", "b")] });
      await reaches(first, id, "PreparingRebalance");
      const again = await askJoin(first, id, { memberId: leader });
      const follower = await joining;
      expect(again).to.include({ errorCode: 0, generationId: 2, leader, protocolName: "range" });
      expect(
        again.members.map(({ memberId, metadata }) => [memberId, String(metadata)]),
      ).to.have.deep.members([
        [leader, "topics"],
        [follower.memberId, "b"],
      ]);
      expect(follower).to.include({ errorCode: 0, generationId: 2, leader });
      expect(follower.members).to.deep.equal([]);
    });

    it("waits for who was handed an id and has not come with it", async () => {
      const [first, second] = (await connectAll(2)) as [WireClient, WireClient];
      const id = group();
      const { memberId } = await foundGroup(first, id);
      const reserved = await askJoin(second, id);
      const again = askJoin(first, id, { memberId, rebalanceTimeoutMs: 20_000 });
      await reaches(second, id, "PreparingRebalance");
      await askJoin(second, id, { memberId: reserved.memberId });
      expect((await again).members).to.have.length(2);
    });

    it("tells a member that asks once more of the generation at hand", async () => {
      const [first, second] = (await connectAll(2)) as [WireClient, WireClient];
      const id = group();
      const leader = await joinGroup(first, id);
      expect(await askJoin(first, id, { memberId: leader.memberId })).to.deep.equal(leader);
      await syncGroup(first, id, leader);
      const joining = joinGroup(second, id);
      await reaches(first, id, "PreparingRebalance");
      const next = await askJoin(first, id, { memberId: leader.memberId });
      const follower = await joining;
      await syncGroup(first, id, next);
      expect(await askJoin(second, id, { memberId: follower.memberId })).to.deep.equal(follower);
      expect(await stateOf(first, id)).to.equal("Stable");
    });

    it("shares anew when the leader joins again, or a follower with other metadata", async () => {
      const [first, second] = (await connectAll(2)) as [WireClient, WireClient];
      const id = group();
      const leader = await foundGroup(first, id);
      const again = await askJoin(first, id, { memberId: leader.memberId });
      expect(again.generationId).to.equal(2);
      await syncGroup(first, id, again);
      const joining = joinGroup(second, id);
      await reaches(first, id, "PreparingRebalance");
      const third = await askJoin(first, id, { memberId: leader.memberId });
      const follower = await joining;
      await syncGroup(first, id, third);
      const changed = askJoin(second, id, {
        memberId: follower.memberId,
        protocols: [protocol("range", "more")],
      });
      await reaches(first, id, "PreparingRebalance");
      expect((await askJoin(first, id, { memberId: leader.memberId })).generationId).to.equal(4);
      expect((await changed).generationId).to.equal(4);
    });

    it("counts a member whose connection ended while it joined, until its session ends", async () => {
      const [first, second, third] = (await connectAll(3)) as [WireClient, WireClient, WireClient];
      const id = group();
      const { memberId } = await foundGroup(first, id, { rebalanceTimeoutMs: 20_000 });
      joinGroup(second, id, { sessionTimeoutMs: 600 }).catch(() => {});
      await reaches(third, id, "PreparingRebalance");
      second.close();
      const again = await askJoin(first, id, { memberId, rebalanceTimeoutMs: 20_000 });
      expect(again.members).to.have.length(2);
      await syncGroup(first, id, again);
      await reaches(third, id, "PreparingRebalance");
      expect((await describeGroup(third, id)).members).to.have.length(1);
    });
  });

  describe("sharing out", () => {
    it("makes followers wait for the leader, who may give nothing", async () => {
      const [first, second] = (await connectAll(2)) as [WireClient, WireClient];
      const id = group();
      const { memberId } = await foundGroup(first, id);
      const joining = joinGroup(second, id);
      await reaches(first, id, "PreparingRebalance");
      const leader = await askJoin(first, id, { memberId });
      const follower = await joining;
      const share = syncGroup(second, id, follower);
      expect(await stateOf(first, id)).to.equal("CompletingRebalance");
      expect(await syncGroup(first, id, leader, { [follower.memberId]: "yours" })).to.equal("");
      expect(await share).to.equal("yours");
      expect(await syncGroup(second, id, follower), "asked once more").to.equal("yours");
    });

    it("is 25, 22 and 27 for strangers, old generations and while members are to join", async () => {
      const [first, second] = (await connectAll(2)) as [WireClient, WireClient];
      const id = group();
      expect(await syncGroup(first, id, { memberId: "x", generationId: 1 })).to.equal(25);
      const leader = await foundGroup(first, id);
      expect(await syncGroup(second, id, { memberId: "x", generationId: 1 })).to.equal(25);
      expect(await syncGroup(second, id, { ...leader, generationId: 0 })).to.equal(22);
      joinGroup(second, id).catch(() => {});
      await reaches(first, id, "PreparingRebalance");
      expect(await syncGroup(first, id, leader)).to.equal(27);
    });

    it("tells of protocol and metadata only when the group is stable", async () => {
      const client = await connect();
      const id = group();
      const joined = await joinGroup(client, id);
      expect(await describeGroup(client, id)).to.include({ state: "CompletingRebalance", protocolName: "" });
      await syncGroup(client, id, joined, { [joined.memberId]: "all" });
      const { members, ...rest } = await describeGroup(client, id);
      expect(rest).to.include({ state: "Stable", protocolType: "tests", protocolName: "range" });
      expect(members.map((one) => [String(one.metadata), String(one.assignment)])).to.deep.equal([
        ["topics", "all"],
      ]);
      expect(await stateOf(client, group())).to.equal("Dead");
    });
  });

  describe("staying and leaving", () => {
    it("sends members back to join by their heartbeats", async () => {
      const [first, second] = (await connectAll(2)) as [WireClient, WireClient];
      const id = group();
      expect(await beat(first, id, { memberId: "x", generationId: 1 })).to.equal(25);
      const joined = await joinGroup(first, id);
      expect(await beat(first, id, joined), "before the sharing out").to.equal(0);
      await syncGroup(first, id, joined);
      expect(await beat(first, id, joined)).to.equal(0);
      expect(await beat(first, id, { ...joined, generationId: 9 })).to.equal(22);
      expect(await beat(first, id, { ...joined, memberId: "x" })).to.equal(25);
      joinGroup(second, id).catch(() => {});
      await reaches(first, id, "PreparingRebalance");
      expect(await beat(first, id, joined)).to.equal(27);
    });

    it("takes out who leaves, and counts a generation for the empty group", async () => {
      const [first, second] = (await connectAll(2)) as [WireClient, WireClient];
      const id = group();
      const { memberId } = await foundGroup(first, id);
      const joining = joinGroup(second, id);
      await reaches(first, id, "PreparingRebalance");
      expect(await leaveGroup(first, id, { memberId }, { memberId: "x" })).to.deep.equal([0, 25]);
      const left = await joining;
      expect(left.members).to.have.length(1);
      expect(
        dig(await second.ask("LeaveGroup", 1, { groupId: id, memberId: left.memberId }), "errorCode"),
      ).to.equal(0);
      expect(await stateOf(first, id)).to.equal("Empty");
      expect((await joinGroup(first, id)).generationId).to.equal(4);
      expect(await leaveGroup(first, group(), { memberId })).to.deep.equal([25]);
    });

    it("also shares anew when somebody leaves with an id that had not joined", async () => {
      const [first, second] = (await connectAll(2)) as [WireClient, WireClient];
      const id = group();
      const joined = await foundGroup(first, id);
      const { memberId } = await askJoin(second, id);
      expect(await beat(first, id, joined)).to.equal(0);
      expect(await leaveGroup(second, id, { memberId })).to.deep.equal([0]);
      expect(await beat(first, id, joined)).to.equal(27);
      expect(await askJoin(second, id, { memberId })).to.include({ errorCode: 25 });
    });

    it("takes out a member that is silent for its session", async () => {
      const [first, second] = (await connectAll(2)) as [WireClient, WireClient];
      const id = group();
      const joined = await foundGroup(first, id, { sessionTimeoutMs: 400 });
      await reaches(second, id, "Empty");
      expect(await beat(first, id, joined)).to.equal(25);
    });

    it("deletes a group without members: 68 and 69 otherwise", async () => {
      const client = await connect();
      const id = group();
      const remove = async () =>
        dig(await client.ask("DeleteGroups", 1, { groups: [id] }), "groups", 0, "errorCode");
      expect(await remove()).to.equal(69);
      const { memberId } = await foundGroup(client, id);
      expect(await remove()).to.equal(68);
      await leaveGroup(client, id, { memberId });
      expect(await remove()).to.equal(0);
      expect(await stateOf(client, id)).to.equal("Dead");
    });
  });

  describe("static members", () => {
    const groupInstanceId = "one";

    it("come back without a rebalance, and fence who they were before", async () => {
      const [first, second] = (await connectAll(2)) as [WireClient, WireClient];
      const id = group();
      const before = await foundGroup(first, id, { groupInstanceId });
      const after = await askJoin(second, id, { groupInstanceId });
      expect(after).to.include({ errorCode: 0, generationId: 1, leader: before.memberId });
      expect(after.members).to.deep.equal([]);
      expect(after.memberId).to.not.equal(before.memberId);
      expect(await syncGroup(second, id, { ...after, groupInstanceId })).to.equal("all");
      expect(await beat(first, id, { ...before, groupInstanceId })).to.equal(82);
      expect(await syncGroup(first, id, { ...before, groupInstanceId })).to.equal(82);
      expect(await askJoin(first, id, { memberId: before.memberId, groupInstanceId })).to.include({
        errorCode: 82,
      });
      expect(await leaveGroup(first, id, { memberId: before.memberId, groupInstanceId })).to.deep.equal([82]);
      expect(await beat(first, id, before), "without the instance").to.equal(25);
      expect(await beat(second, id, { ...after, groupInstanceId })).to.equal(0);
    });

    it("make the others share anew when they come back before the sharing out, or while members join", async () => {
      const [first, second, third] = (await connectAll(3)) as [WireClient, WireClient, WireClient];
      const id = group();
      const before = await joinGroup(first, id, { groupInstanceId });
      const after = await askJoin(second, id, { groupInstanceId });
      expect(after).to.include({ errorCode: 0, generationId: 2, leader: after.memberId });
      await syncGroup(second, id, { ...after, groupInstanceId }, { [after.memberId]: "all" });
      const joining = joinGroup(third, id);
      await reaches(first, id, "PreparingRebalance");
      const last = await askJoin(first, id, { groupInstanceId });
      expect(last).to.include({ errorCode: 0, generationId: 3 });
      expect(last.memberId).to.not.equal(before.memberId);
      expect((await joining).errorCode).to.equal(0);
    });

    it("are 25 with an instance that nobody has, and leave by their instance alone", async () => {
      const client = await connect();
      const id = group();
      const joined = await foundGroup(client, id, { groupInstanceId });
      expect(await beat(client, id, { ...joined, groupInstanceId: "two" })).to.equal(25);
      expect(await leaveGroup(client, id, { groupInstanceId: "two" })).to.deep.equal([25]);
      expect(await leaveGroup(client, id, { groupInstanceId })).to.deep.equal([0]);
      expect(await stateOf(client, id)).to.equal("Empty");
    });

    it("stay through a rebalance that they miss, until the time to fetch their part is over", async () => {
      const [first, second] = (await connectAll(2)) as [WireClient, WireClient];
      const id = group();
      await foundGroup(first, id, { groupInstanceId, rebalanceTimeoutMs: 500 });
      const joined = await joinGroup(second, id, { rebalanceTimeoutMs: 500 });
      expect(joined.members).to.have.length(2);
      await syncGroup(second, id, joined);
      expect(await describeGroup(second, id)).to.include({ state: "Stable" });
      expect(await beat(second, id, joined)).to.equal(0);
      await reaches(second, id, "PreparingRebalance");
      expect((await describeGroup(second, id)).members).to.have.length(1);
    });
  });

  describe("committed offsets", () => {
    it("are taken from members of this generation, except between joining and sharing out", async () => {
      const [first, second] = (await connectAll(2)) as [WireClient, WireClient];
      const { topic } = target();
      const id = group();
      const commit = (offset: number, speaker = {}) => commitOffset(second, id, { topic, offset }, speaker);
      expect(await commit(1, { generationId: 1, memberId: "x" }), "no such group").to.equal(22);
      expect(await commit(2), "a group without members").to.equal(0);
      expect(await commit(3, { memberId: "x" })).to.equal(0);
      expect(await commit(4, { generationId: 1, memberId: "x" })).to.equal(25);
      const joined = await joinGroup(first, id);
      expect(await commit(5, joined)).to.equal(27);
      expect(await commit(6)).to.equal(25);
      await syncGroup(first, id, joined);
      expect(await commit(7, joined)).to.equal(0);
      expect(await commit(8, { ...joined, generationId: 0 })).to.equal(22);
      expect(await commit(9, { memberId: joined.memberId })).to.equal(22);
      expect(await commit(10), "nobody in particular").to.equal(25);
      joinGroup(await connect(), id).catch(() => {});
      await reaches(second, id, "PreparingRebalance");
      expect(await commit(11, joined), "before it joins again").to.equal(0);
      expect(await committedOffset(second, id, topic)).to.include({ offset: 11 });
      await leaveGroup(first, id, joined);
      expect(await committedOffset(second, id, topic), "behind the members").to.include({ offset: 11 });
    });

    it("keep their metadata, up to 4096 characters", async () => {
      const client = await connect();
      const { topic } = target();
      const id = group();
      const metadata = "größer ☃ als 1";
      expect(await commitOffset(client, id, { topic, offset: 5, metadata })).to.equal(0);
      expect(await committedOffset(client, id, topic)).to.deep.equal({ offset: 5, metadata });
      expect(await commitOffset(client, id, { topic, offset: 6, metadata: "x".repeat(4097) })).to.equal(12);
      expect(await commitOffset(client, id, { topic, offset: 7, metadata: "x".repeat(4096) })).to.equal(0);
      expect(await commitOffset(client, id, { topic, offset: 8, metadata: null })).to.equal(0);
      expect(await committedOffset(client, id, topic)).to.deep.equal({ offset: 8, metadata: "" });
    });

    it("are −1 without an error where there are none, and come all together when no topic is named", async () => {
      const client = await connect();
      const { topic } = target();
      const id = group();
      expect(await committedOffset(client, id, topic)).to.deep.equal({ offset: -1, metadata: "" });
      expect(await commitOffset(client, id, { topic, index: 9, offset: 1 })).to.equal(3);
      await commitOffset(client, id, { topic, index: 1, offset: 3 });
      expect(await committedOffset(client, id, topic, 9)).to.include({ offset: -1 });
      const all = await client.ask("OffsetFetch", 4, { groupId: id, topics: null });
      expect(dig(all, "topics", 0, "partitions")).to.deep.equal([
        { index: 1, offset: 3, metadata: "", errorCode: 0 },
      ]);
    });

    it("need no group with a name", async () => {
      const client = await connect();
      const { topic } = target();
      expect(await commitOffset(client, "", { topic, offset: 4 })).to.equal(0);
      expect(await committedOffset(client, "", topic)).to.include({ offset: 4 });
      expect(await beat(client, "", { memberId: "x", generationId: 1 })).to.equal(24);
    });
  });
}

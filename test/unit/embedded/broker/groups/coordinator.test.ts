import { expect } from "chai";
import { embeddedBrokers, until } from "../../../../support/embedded.ts";
import {
  askJoin,
  beat,
  commitOffset,
  describeGroup,
  foundGroup,
  joinGroup,
  leaveGroup,
  protocol,
  syncGroup,
} from "../../../../support/embedded-groups.ts";
import { dig, type WireClient } from "../../../../support/embedded-wire.ts";

describe("groups of the embedded broker", () => {
  const { start, wire } = embeddedBrokers();
  const topics = [{ name: "orders" }];
  const id = "g";

  it("are looked after by one broker, which clients are told of: the others answer 16", async () => {
    const broker = await start({ brokers: 2, topics });
    const clients = (await Promise.all([wire(broker), wire(broker, { index: 1 })])) as [
      WireClient,
      WireClient,
    ];
    const nodeId = dig(
      await clients[0].ask("FindCoordinator", 2, { key: id, keyType: 0 }),
      "nodeId",
    ) as number;
    const [here, there] = nodeId === 0 ? clients : ([clients[1], clients[0]] as const);
    const joined = await foundGroup(here, id);
    expect(await askJoin(there, id)).to.include({ errorCode: 16 });
    expect(await beat(there, id, joined)).to.equal(16);
    expect(await syncGroup(there, id, joined)).to.equal(16);
    expect(await commitOffset(there, id, { topic: "orders", offset: 1 }, joined)).to.equal(16);
    expect(await there.ask("LeaveGroup", 3, { groupId: id, members: [] })).to.include({ errorCode: 16 });
    expect(await there.ask("OffsetFetch", 4, { groupId: id, topics: null })).to.include({ errorCode: 16 });
    expect(dig(await there.ask("DescribeGroups", 2, { groups: [id] }), "groups", 0)).to.include({
      errorCode: 16,
    });
    expect(dig(await there.ask("DeleteGroups", 1, { groups: [id] }), "groups", 0)).to.include({
      errorCode: 16,
    });
    expect(await there.ask("ListGroups", 2)).to.deep.include({ groups: [] });
    expect(await here.ask("ListGroups", 2)).to.deep.include({
      groups: [{ groupId: id, protocolType: "tests" }],
    });
  });

  it("choose the protocol that most members put first, of those that all know", async () => {
    const broker = await start();
    const clients = await Promise.all([1, 2, 3].map(() => wire(broker)));
    const wishes = [
      ["a", "b", "c"],
      ["b", "c"],
      ["x", "c", "b"],
    ].map((names) => ({ protocols: names.map((name) => protocol(name)) }));
    const leader = await foundGroup(clients[0] as WireClient, id, wishes[0]);
    expect(leader.protocolName).to.equal("a");
    const joins = [1, 2].map((at) => joinGroup(clients[at] as WireClient, id, wishes[at]));
    await until(() => broker.group(id)?.members.length === 3, "all are there");
    joins.push(askJoin(clients[0] as WireClient, id, { ...wishes[0], memberId: leader.memberId }));
    const told = await Promise.all(joins);
    expect(told.map(({ protocolName }) => protocolName)).to.deep.equal(["b", "b", "b"]);
  });

  it("give the lead to another member when the leader is gone before it shared out", async () => {
    const broker = await start();
    const [first, second] = (await Promise.all([wire(broker), wire(broker)])) as [WireClient, WireClient];
    const { memberId } = await foundGroup(first, id);
    const joining = joinGroup(second, id);
    await until(() => broker.group(id)?.state === "PreparingRebalance", "the members are to join");
    await askJoin(first, id, { memberId });
    const follower = await joining;
    const share = syncGroup(second, id, follower);
    await until(() => broker.requests({ api: "SyncGroup" }).length === 2, "the follower waits");
    await leaveGroup(first, id, { memberId });
    expect(await share).to.equal(27);
    const next = await askJoin(second, id, { memberId: follower.memberId });
    expect(next).to.include({ generationId: 3, leader: follower.memberId });
    expect(next.members).to.have.length(1);
  });

  it("answer who asked before with 27 when the same member asks on another connection", async () => {
    const broker = await start();
    const [first, second, third] = (await Promise.all([1, 2, 3].map(() => wire(broker)))) as [
      WireClient,
      WireClient,
      WireClient,
    ];
    const { memberId } = await foundGroup(first, id);
    const reserved = await askJoin(second, id);
    const before = askJoin(first, id, { memberId });
    await until(() => broker.group(id)?.state === "PreparingRebalance", "the first one waits");
    const again = askJoin(third, id, { memberId });
    expect(await before).to.include({ errorCode: 27 });
    const other = askJoin(second, id, { memberId: reserved.memberId });
    const leader = await again;
    await other;
    const syncing = syncGroup(second, id, { ...(await other) });
    await until(() => broker.requests({ api: "SyncGroup" }).length === 2, "the follower waits");
    const anew = syncGroup(third, id, await other);
    expect(await syncing).to.equal(27);
    await syncGroup(first, id, leader, { [reserved.memberId]: "mine" });
    expect(await anew).to.equal("mine");
  });

  it("do not take an id that was handed out for a static member", async () => {
    const broker = await start();
    const client = await wire(broker);
    const { memberId } = await askJoin(client, id);
    expect(await askJoin(client, id, { memberId, groupInstanceId: "one" })).to.include({ errorCode: 25 });
    expect(await askJoin(client, id, { memberId })).to.include({ errorCode: 0 });
  });

  it("share anew when a static member comes back with a protocol that changes the choice", async () => {
    const broker = await start();
    const [first, second] = (await Promise.all([wire(broker), wire(broker)])) as [WireClient, WireClient];
    const groupInstanceId = "one";
    const both = [protocol("a"), protocol("b")];
    await foundGroup(first, id, { groupInstanceId, protocols: both });
    const same = await askJoin(second, id, { groupInstanceId, protocols: [protocol("a", "other metadata")] });
    expect(same).to.include({ errorCode: 0, generationId: 1 });
    await foundGroup(first, "h", { groupInstanceId, protocols: both });
    const other = await askJoin(second, "h", { groupInstanceId, protocols: [...both].reverse() });
    expect(other).to.include({ errorCode: 0, generationId: 2, protocolName: "b" });
    expect(await describeGroup(first, id)).to.include({ state: "Stable" });
  });

  it("keep a static leader that comes back as the leader of the next generation, too", async () => {
    const broker = await start();
    const [first, second, third] = (await Promise.all([1, 2, 3].map(() => wire(broker)))) as [
      WireClient,
      WireClient,
      WireClient,
    ];
    const groupInstanceId = "one";
    const before = await foundGroup(first, id, { groupInstanceId });
    const joining = joinGroup(second, id);
    await until(() => broker.group(id)?.state === "PreparingRebalance", "the members are to join");
    const leader = await askJoin(first, id, { memberId: before.memberId, groupInstanceId });
    const follower = await joining;
    await syncGroup(first, id, { ...leader, groupInstanceId });
    const { memberId } = await askJoin(third, id, { groupInstanceId });
    broker.forceRebalance(id);
    const again = askJoin(second, id, { memberId: follower.memberId });
    expect(await askJoin(third, id, { memberId, groupInstanceId })).to.include({ leader: memberId });
    expect(await again).to.include({ leader: memberId });
  });

  it("describe the parts of before while members join, and none when those were not fetched", async () => {
    const broker = await start();
    const [first, second] = (await Promise.all([wire(broker), wire(broker)])) as [WireClient, WireClient];
    const { memberId } = await foundGroup(first, id);
    const parts = async () =>
      (await describeGroup(second, id)).members.map(({ assignment }) => String(assignment));
    broker.forceRebalance(id);
    expect(await parts()).to.deep.equal(["all"]);
    await askJoin(first, id, { memberId });
    expect(await parts()).to.deep.equal(["all"]);
    broker.forceRebalance(id);
    expect(await parts()).to.deep.equal([""]);
  });

  it("tell each change of state, down to their end", async () => {
    const states: string[] = [];
    const broker = await start({
      observe: (signal) => {
        if (signal.kind === "group.changed") states.push(`${signal.state} ${signal.generation}`);
      },
    });
    const client = await wire(broker);
    const { memberId } = await foundGroup(client, id);
    await leaveGroup(client, id, { memberId });
    await client.ask("DeleteGroups", 1, { groups: [id] });
    expect(states).to.deep.equal([
      ...["PreparingRebalance 0", "CompletingRebalance 1", "Stable 1"],
      ...["PreparingRebalance 1", "Empty 2", "Dead 2"],
    ]);
  });
});

import { expect } from "chai";
import { runMembers } from "../../support/chaos/members.ts";
import { chooseSeed } from "../../support/effects/random.ts";
import { requireServers, type SharedServers } from "../../support/servers.ts";

describe("Members of a group on Kafka that come and go while events flow", function () {
  this.timeout(200_000);
  let servers: SharedServers;
  before(async function () {
    servers = await requireServers(this);
  });

  it("lose nothing, start where their group had committed, and handle nothing twice when they leave in order", async () => {
    const seed = chooseSeed();
    const { figures, problems } = await runMembers(servers, seed, {
      forMs: 28_000,
      stepMs: 7_000,
      perSecond: 500,
    });
    process.stderr.write(`Members on Kafka: KERYX_TEST_SEED=${seed} ${JSON.stringify(figures)}\n`);
    expect(problems).to.deep.equal([]);
  });
});

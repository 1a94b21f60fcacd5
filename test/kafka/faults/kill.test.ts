import { expect } from "chai";
import { runKills } from "../../support/chaos/kills.ts";
import { chooseSeed } from "../../support/effects/random.ts";
import { requireServers, type SharedServers } from "../../support/servers.ts";

describe("A consumer that is killed ten times while 10,000 events flow", function () {
  this.timeout(400_000);
  let servers: SharedServers;
  before(async function () {
    servers = await requireServers(this);
  });

  it("loses nothing, invents nothing, keeps the order of keys without retry topics, and repeats within the bound", async () => {
    const seed = chooseSeed();
    const { figures, problems } = await runKills(servers, seed, {
      kills: 10,
      total: 10_000,
      perSecond: 1_000,
    });
    process.stderr.write(`Kills on Kafka: KERYX_TEST_SEED=${seed} ${JSON.stringify(figures)}\n`);
    expect(problems).to.deep.equal([]);
  });
});

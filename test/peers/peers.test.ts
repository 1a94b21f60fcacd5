import { expect } from "chai";
import { launch } from "./launch.ts";
import { operations } from "./operations.ts";
import { peers } from "./peers.ts";
import { type PeerServer, startEmbedded } from "./servers.ts";

describe("the embedded broker", function () {
  this.timeout(300_000);
  let server: PeerServer | undefined;

  before(async () => {
    server = await startEmbedded();
  });
  after(() => server?.close());

  for (const peer of peers)
    it(`serves ${peer.name} in all that the client can do`, async function () {
      const program = peer.program();
      if (program === undefined || server === undefined) {
        process.stderr.write(`No client ${peer.name}: npm run test:peers installs it\n`);
        return this.skip();
      }
      const { results } = await launch(program, server);
      const failed = results.filter(({ state }) => state === "failed");
      const told = failed.map(({ op, detail }) => `${op} (${operations[op]}): ${detail}`);
      expect(told, "operations that failed").to.deep.equal([]);
      expect(results.some(({ state }) => state === "passed")).to.equal(true);
    });
});

import { expect } from "chai";
import { createDevRegistry, type DevRegistry } from "../../src/embedded/registry/index.ts";
import { registryClients, runRegistryClient } from "./registry-clients.ts";

describe("the embedded registry", function () {
  this.timeout(300_000);
  let server: DevRegistry | undefined;
  before(async () => {
    server = await createDevRegistry({ log: () => {} });
  });
  after(() => server?.close());

  for (const one of registryClients)
    it(`serves ${one.name} in all that the client can do`, async function () {
      const program = one.program();
      if (program === undefined || server === undefined) {
        process.stderr.write(`No client ${one.name}: npm run test:peers installs it\n`);
        return this.skip();
      }
      const { results } = await runRegistryClient(program, server.url);
      expect(results.filter(({ failure }) => failure !== undefined)).to.deep.equal([]);
      expect(results.length).to.be.greaterThan(5);
    });
});

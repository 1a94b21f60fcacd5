import { createDevRegistry, type DevRegistry } from "../../src/embedded/registry/index.ts";
import { registryInterop } from "../suites/registry-interop.ts";

describe("The embedded registry", () => {
  let server: DevRegistry | undefined;
  after(() => server?.close());

  registryInterop({
    name: "the embedded registry",
    async start() {
      server = await createDevRegistry({ log: () => {} });
      return server.url;
    },
  });
});

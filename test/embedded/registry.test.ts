import { SchemaRegistry as KafkajsRegistry } from "@kafkajs/confluent-schema-registry";
import { createDevRegistry, type DevRegistry } from "../../src/embedded/registry/index.ts";
import { createHttpRegistry } from "../../src/registry/http.ts";
import { createKafkajsRegistry } from "../../src/registry/kafkajs-registry.ts";
import { registryContract } from "../suites/registry-contract.ts";
import { uniqueName } from "../support/servers.ts";

const observe = (): void => {};

for (const dialect of ["confluent-7.0.0", "confluent-8"])
  describe(`On the embedded registry as ${dialect}`, () => {
    let server: DevRegistry;
    before(async () => {
      server = await createDevRegistry({ dialect, log: () => {} });
    });
    after(() => server.close());

    registryContract({
      name: "the HTTP client",
      create: () => createHttpRegistry({ url: server.url, dialect }, observe),
      unique: uniqueName,
    });

    registryContract({
      name: "the HTTP client, normalizing,",
      create: () => createHttpRegistry({ url: server.url, dialect, normalize: true }, observe),
      unique: uniqueName,
    });

    registryContract({
      name: "an instance of @kafkajs/confluent-schema-registry",
      create: () => createKafkajsRegistry(new KafkajsRegistry({ host: server.url }), observe, { dialect }),
      unique: uniqueName,
    });
  });

// Runs a program with a Kafka and a registry: those that the environment names, else ones started for it.
//   node with-servers.ts <program> [arguments]
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createSharedServers } from "./servers/shared.ts";
import { ServersUnavailable } from "./servers/unavailable.ts";

const [program] = process.argv.splice(2, 1);
if (program === undefined) throw new Error("Name the program to run");

// The servers read the tests' variables; users know the product's.
const { KERYX__BROKERS: brokers, KERYX__REGISTRY__URL: registryUrl } = process.env;
if (brokers) process.env["KERYX_TEST_KAFKA"] = brokers;
if (registryUrl) process.env["KERYX_TEST_REGISTRY"] = registryUrl;

const servers = createSharedServers();
try {
  if (!brokers || !registryUrl) console.error("Starting Apache Kafka and a schema registry …");
  const { brokers: addresses, registryUrl: url } = await servers.get();
  process.env["KERYX__BROKERS"] = addresses.join(",");
  process.env["KERYX__REGISTRY__URL"] = url;
  await import(pathToFileURL(resolve(program)).href);
} catch (error) {
  if (!(error instanceof ServersUnavailable)) throw error;
  console.error(`${error.message}\n`);
  console.error(
    "This needs a Kafka and a schema registry. Either install Java 17 or newer and Maven, and they are started from their " +
      "published artifacts; or name running ones:\n" +
      "  KERYX__BROKERS=localhost:9092 KERYX__REGISTRY__URL=http://localhost:8081 npm run bench",
  );
  process.exitCode = 1;
} finally {
  await servers.stop();
}

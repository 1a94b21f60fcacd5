import { startTestServers } from "keryx/testing";
import { tell } from "./story.ts";

/** Servers to tell the story on. */
export interface Servers {
  close(): Promise<void>;
}

/**
 * Those that `KERYX__BROKERS` and `KERYX__REGISTRY__URL` name; for what neither names, an embedded Kafka of three brokers
 * and an embedded registry. Afterwards both variables name what is used, so that every program of the story finds it.
 */
export async function openServers(): Promise<Servers> {
  const { KERYX__BROKERS: brokers = "", KERYX__REGISTRY__URL: registry = "" } = process.env;
  if (brokers !== "" && registry !== "") {
    tell(`Kafka on ${brokers}, schema registry on ${registry}: as the environment names them`);
    return { close: async () => {} };
  }
  // The story's consumers come at the same time: a short wait, as Kafka has a longer one, lets them join at once.
  const started = await startTestServers({ broker: { brokers: 3, initialRebalanceDelayMs: 200 } });
  process.env["KERYX__BROKERS"] = brokers || started.brokers.join(",");
  process.env["KERYX__REGISTRY__URL"] = registry || started.registryUrl;
  const where = (named: string): string => (named === "" ? "in this process" : "as the environment names it");
  tell(`Kafka on ${process.env["KERYX__BROKERS"]}, ${where(brokers)}`);
  tell(`schema registry on ${process.env["KERYX__REGISTRY__URL"]}, ${where(registry)}`);
  return started;
}

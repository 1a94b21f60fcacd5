import { startTestServers, type TestServers } from "keryx/testing";
import type { Context } from "mocha";
import type { SharedServers } from "./servers.ts";

/** What a suite needs of servers, real or embedded; for a `before` hook. */
export type GetServers = (test: Context) => Promise<Pick<SharedServers, "brokers" | "registryUrl">>;

let shared: Promise<TestServers> | undefined;

/** Three embedded brokers and an embedded registry, shared by the suites of a run: use random names on them. */
export const requireEmbeddedServers: GetServers = () => {
  shared ??= startTestServers({ broker: { brokers: 3 } });
  return shared;
};

after("close the shared embedded servers", async () => {
  await (await shared)?.close();
});

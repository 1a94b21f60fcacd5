import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startTestServers, type TestServers } from "keryx/testing";
import { describeKills } from "../suites/kills.ts";
import type { Run, Worker } from "../support/effects/run.ts";
import { endSessions } from "../support/effects/sessions.ts";
import { waitUntil } from "../support/servers.ts";

let servers: TestServers | undefined;

type Point = (run: Run, worker: Worker) => Promise<void>;

/** Kills a worker while a request of its has no answer: it was carried out, or it was not. */
const unanswered =
  (api: "Produce" | "OffsetCommit", handled: boolean): Point =>
  async (run, worker) => {
    const about = api === "Produce" ? { topic: run.topics.order.policy.deadLetter } : { group: run.group };
    const fault = servers?.broker.faults.inject({ api, ...about }, { kind: "drop", handled });
    await waitUntil(`${api} is asked for`, () => (fault?.hits ?? 0) > 0, { children: [worker.child] });
    await run.kill(worker);
  };

/** Kills a worker as soon as its history tells of something. */
const told =
  (text: string): Point =>
  async (run, worker) => {
    const file = join(run.folder, `${worker.client}.history`);
    const isTold = (): boolean => readFileSync(file, "utf8").includes(text);
    await waitUntil(`${worker.client} tells of ${text}`, isTold, { children: [worker.child] });
    await run.kill(worker);
  };

describe("on the embedded servers:", () => {
  after(() => servers?.close());
  describeKills(async () => (servers ??= await startTestServers({ broker: { brokers: 3 } })), {
    kills: 20,
    total: 20_000,
    perSecond: 1_500,
    expire: (group, client) => {
      if (servers) endSessions(servers.broker, group, client);
    },
    // Random points, and just before and behind the acknowledgement of a dead letter and of a commit.
    points: [
      unanswered("Produce", false),
      unanswered("Produce", true),
      told('"outcome":"dead_lettered"'),
      unanswered("OffsetCommit", false),
      unanswered("OffsetCommit", true),
      told('"name":"offsets_committed"'),
    ],
  });
});

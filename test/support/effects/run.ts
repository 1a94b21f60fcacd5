import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ConsumerOptions } from "keryx";
import { createHistoryLog, type HistoryRecord, readEffectLog, readHistories } from "keryx/testing";
import { connect } from "../../../src/keryx.ts";
import { writeFinal } from "../../../src/testing/reliability/final-read.ts";
import { type Child, spawnChild } from "../servers/child.ts";
import { createTopics, uniqueName, waitUntil } from "../servers.ts";
import { type Judged, judge, type RunRecords, readRun } from "./judge.ts";
import { untilDone } from "./progress.ts";
import { type Sending, startSending } from "./send.ts";
import type { WorkerInit } from "./worker.ts";
import { type FlowTopics, toFlowTopics } from "./workload.ts";

export interface RunOptions {
  readonly name: string;
  readonly seed: number;
  readonly servers: { readonly brokers: readonly string[]; readonly registryUrl: string };
  readonly partitions: { readonly retried: number; readonly ordered: number };
  readonly perSecond: number;
  readonly repeats: Judged["repeats"];
  readonly options?: Partial<ConsumerOptions>;
  /** Addresses for the workers, where they are not the servers' own. */
  readonly workerBrokers?: readonly string[];
  /** So sends may fail, and what is sent again may be written twice. */
  readonly networkFails?: boolean;
  /** A killed member's session ends now, instead of after its timeout. */
  readonly expire?: (group: string, client: string) => void | Promise<void>;
}

/** A process that handles the run's events. */
export interface Worker {
  readonly client: string;
  readonly child: Child;
  /** Effects in its log by now. */
  count(): number;
  /** Whether the beginning of its history tells of this: the whole may be long. */
  began(name: HistoryRecord["name"]): boolean;
}

/** A run with workers in processes of their own, whose verdict is computed from the files that it leaves. */
export interface Run {
  readonly group: string;
  readonly topics: FlowTopics;
  readonly folder: string;
  readonly sending: Sending;
  start(die?: WorkerInit["die"], block?: WorkerInit["block"]): Worker;
  /** Stops its time, or lets it go on. */
  freeze(worker: Worker, isFrozen: boolean): Promise<void>;
  /** Ends a worker without warning. */
  kill(worker: Worker): Promise<void>;
  /** It ended by itself without warning, as it was told to. */
  noteDeath(worker: Worker): Promise<void>;
  /** Ends a worker as an operator does. @throws unless it exits with 0 */
  stop(worker: Worker): Promise<void>;
  alive(): readonly Worker[];
  /** Effects of all workers so far. */
  count(): number;
  note(record: HistoryRecord): void;
  /**
   * Waits until all is handled and committed, stops the workers, and reads what is left.
   * @throws when for so long nothing more was handled
   */
  finish(patienceMs: number): Promise<RunRecords>;
  judge(records: RunRecords): readonly string[];
  /** Lines of the workers' logs that tell of a defect, and ends that nobody asked for. */
  defects(): readonly string[];
  /** Ends what still runs. Files stay where something went wrong. */
  close(isGood: boolean): Promise<void>;
}

const workerFile = fileURLToPath(new URL("./worker.ts", import.meta.url));
const nodeFlags = ["--conditions=@keryx/source", "--disable-warning=ExperimentalWarning"];

export async function startRun(given: RunOptions): Promise<Run> {
  const { name, seed, servers, partitions, perSecond, repeats, networkFails = false } = given;
  const folder = await mkdtemp(join(tmpdir(), `keryx-${name}-`));
  const run = uniqueName(name);
  const topics = toFlowTopics(run);
  const group = `${run}-group`;
  process.stderr.write(`${name}: KERYX_TEST_SEED=${seed}, files in ${folder}\n`);
  await createTopics(servers.brokers, [
    { topic: topics.retried.name, partitions: partitions.retried },
    { topic: topics.ordered.name, partitions: partitions.ordered },
  ]);
  const history = createHistoryLog(join(folder, "harness.history"), "harness");
  const app = await connect({
    clientId: "sender",
    brokers: [...servers.brokers],
    registry: servers.registryUrl,
    logging: { level: "error" },
    // A machine that has no time for an answer makes the sender send again; the broker then recognises it.
    producer: { idempotent: !networkFails },
  });
  const sending = startSending(app, topics, { perSecond, history, mayFail: networkFails });
  const workers: Worker[] = [];
  const alive = (): Worker[] => workers.filter(({ child }) => child.ended() === undefined);
  const noteDeath = async (worker: Worker): Promise<void> => {
    const how = await worker.child.exit;
    if (how !== "SIGKILL") throw new Error(`${worker.client} ended by ${how}: ${worker.child.tail()}`);
    history.append({ name: "fault_start", fault: "kill", target: worker.client });
    await given.expire?.(group, worker.client);
  };
  const stop = async (worker: Worker): Promise<void> => {
    // A process that has not come so far knows nothing of signals yet.
    const isUp = (): boolean => worker.began("startup_complete");
    await waitUntil(`${worker.client} is up`, isUp, { children: [worker.child] });
    await worker.child.signal("SIGTERM");
    const how = worker.child.ended();
    if (how !== "exit code 0") throw new Error(`${worker.client} ended by ${how}: ${worker.child.tail()}`);
  };
  const close = async (isGood: boolean): Promise<void> => {
    await Promise.all(workers.map(({ child }) => child.signal("SIGKILL")));
    await app.close();
    history.close();
    if (isGood) await rm(folder, { recursive: true, force: true });
  };
  return {
    ...{ group, topics, folder, sending, alive, noteDeath, stop, close },
    start(die, block) {
      const client = `worker-${workers.length + 1}`;
      const { registryUrl } = servers;
      const brokers = given.workerBrokers ?? servers.brokers;
      const init: WorkerInit = {
        ...{ client, run, group, brokers, registryUrl, folder },
        ...(given.options ? { options: given.options } : {}),
        ...(die ? { die } : {}),
        ...(block ? { block } : {}),
      };
      const worker = startWorker(init);
      workers.push(worker);
      return worker;
    },
    freeze: (worker, isFrozen) => worker.child.signal(isFrozen ? "SIGSTOP" : "SIGCONT"),
    async kill(worker) {
      if (worker.child.ended() !== undefined) throw new Error(`${worker.client}: ${worker.child.tail()}`);
      await worker.child.signal("SIGKILL");
      await noteDeath(worker);
    },
    count: () => workers.reduce((sum, worker) => sum + worker.count(), 0),
    note: (record) => history.append(record),
    async finish(patienceMs) {
      const tasks = await sending.finish();
      await waitUntil("a worker is alive", async () => alive().length > 0, { timeoutMs: 1_000 });
      await untilDone(servers.brokers, group, topics, patienceMs);
      await Promise.all(alive().map(stop));
      const finalRead = await readRun(servers.brokers, group, topics);
      writeFinal(join(folder, "final"), finalRead);
      // The microtask that writes the harness's last lines has run by now.
      const clients = workers.map(({ client }) => client);
      const effects = clients.flatMap((client) => readEffectLog(join(folder, `${client}.effects`)));
      const paths = ["harness", ...clients].map((client) => join(folder, `${client}.history`));
      return { tasks, effects, history: readHistories(paths), finalRead };
    },
    judge: (records) => judge(records, { seed, group, topics, repeats, networkFails }),
    defects: () => workers.flatMap(findDefects),
  };
}

const defect = /"internal\.error"|"partition\.stopped"|"will_restart":false|unhandled/i;
const goodEnds: readonly (string | undefined)[] = [undefined, "exit code 0", "SIGKILL"];

function findDefects({ client, child }: Worker): readonly string[] {
  const how = child.ended();
  const lines = readFileSync(child.logFile, "utf8").split("\n");
  return [
    ...(goodEnds.includes(how) ? [] : [`${client}: ended by ${how}`]),
    ...lines.filter((line) => defect.test(line)).map((line) => `${client}: ${line}`),
  ];
}

function startWorker(init: WorkerInit): Worker {
  const { client, folder } = init;
  const child = spawnChild(process.execPath, [...nodeFlags, workerFile, JSON.stringify(init)], {
    logFile: join(folder, `${client}.log`),
  });
  const history = join(folder, `${client}.history`);
  return {
    client,
    child,
    count: createCounter(join(folder, `${client}.effects`)),
    began: (name) => readHead(history).includes(`"${name}"`),
  };
}

function readHead(path: string): string {
  if (!existsSync(path)) return "";
  const file = openSync(path, "r");
  const head = Buffer.alloc(1 << 16);
  const read = readSync(file, head);
  closeSync(file);
  return head.toString("utf8", 0, read);
}

const [newline, brace] = [10, 123];

/** Counts the effects of a log that grows, reading each byte once. */
function createCounter(path: string): () => number {
  const chunk = Buffer.alloc(1 << 16);
  let [position, count, before] = [0, 0, newline];
  return () => {
    if (!existsSync(path)) return 0;
    const file = openSync(path, "r");
    for (let read = readSync(file, chunk, 0, chunk.length, position); read > 0; ) {
      // Effects are objects; seals are not.
      for (let at = 0; at < read; at++) {
        if (before === newline && chunk[at] === brace) count++;
        before = chunk[at] ?? newline;
      }
      position += read;
      read = readSync(file, chunk, 0, chunk.length, position);
    }
    closeSync(file);
    return count;
  };
}

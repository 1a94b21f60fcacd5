import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { type DevProcess, startDev } from "../support/dev-process.ts";
import { uniqueName, waitUntil } from "../support/servers.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = "examples/1-first-event";
const readme = readFileSync(`${root}${folder}/README.md`, "utf8");

/** The lines that the README promises of a program, over all its blocks. */
function promised(program: string): readonly string[] {
  const blocks = readme.matchAll(new RegExp(`^\`\`\`text ${program}\n([\\s\\S]*?)^\`\`\``, "gm"));
  return [...blocks].flatMap(([, text = ""]) => text.trimEnd().split("\n"));
}

/** Ids, partitions, offsets and the group's name differ from run to run. */
function normal(lines: readonly string[], group: string): readonly string[] {
  return lines.map((line) =>
    line
      .replace(group, "billing")
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, "<id>")
      .replace(/order-events\/\d+\/\d+/, "order-events/<place>"),
  );
}

interface Program {
  readonly process: ChildProcess;
  lines(): readonly string[];
  errors(): string;
  ended(): Promise<number | null>;
}

describe("examples/1-first-event", () => {
  const running = new Set<ChildProcess>();
  let environment: NodeJS.ProcessEnv;
  let dev: DevProcess;

  before(async function () {
    this.timeout(60_000);
    dev = startDev(["--json"], { cwd: root });
    const { kafka, registry } = await dev.ready();
    const addresses = { KERYX__BROKERS: kafka.brokers.join(","), KERYX__REGISTRY__URL: registry.url };
    environment = { ...process.env, ...addresses };
  });

  afterEach(() => {
    for (const child of running) child.kill("SIGKILL");
  });

  after(() => dev.child.kill("SIGKILL"));

  function start(program: string, ...args: readonly string[]): Program {
    const flags = ["--conditions=@keryx/source", "--disable-warning=ExperimentalWarning"];
    const child = spawn(process.execPath, [...flags, `${folder}/${program}.ts`, ...args], {
      cwd: root,
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    let out = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      errors += text;
    });
    const closed = once(child, "close").then(([code]) => {
      running.delete(child);
      return code;
    });
    return {
      process: child,
      lines: () => out.split("\n").slice(0, -1),
      errors: () => errors,
      ended: () => closed,
    };
  }

  it("the two programs print what the README promises, and the consumer ends by a signal", async function () {
    this.timeout(120_000);
    const group = uniqueName("first-event");
    const consumer = start("consumer", group);
    const printed = async (count: number): Promise<void> => {
      const isThere = (): boolean => consumer.lines().length >= count || consumer.process.exitCode !== null;
      await waitUntil(`${count} lines of the consumer`, async () => isThere());
      expect(consumer.process.exitCode, consumer.errors()).to.equal(null);
    };
    await printed(1);
    const producer = start("producer");
    expect(await producer.ended(), producer.errors()).to.equal(0);
    expect(normal(producer.lines(), group)).to.deep.equal(normal(promised("producer"), group));
    await printed(promised("consumer").length);
    consumer.process.kill("SIGTERM");
    expect(await consumer.ended(), consumer.errors()).to.equal(0);
    // Lines of different orders may change places.
    expect(normal(consumer.lines(), group)).to.have.members(normal(promised("consumer"), group));
    expect(consumer.errors() + producer.errors()).to.equal("");
  });
});

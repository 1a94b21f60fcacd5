// kcat, on the librdkafka of Debian (2.0.2, from before Kafka 4), does the operations of ../operations.ts.
import { spawn } from "node:child_process";
import kafkajs from "kafkajs";
import {
  brokers,
  caFile,
  eventually,
  notThere,
  password,
  refused,
  runOperations,
  same,
  saslBrokers,
  tlsBrokers,
  unique,
  user,
  values,
} from "../program.mjs";

const plain = ["-b", brokers.join(","), "-X", "client.id=kcat-peer"];

/** A running kcat; `done` gives what it wrote, or fails with what it complained of. */
function start(args, base = plain) {
  const env = { ...process.env, LD_LIBRARY_PATH: process.env.KCAT_LIBRARIES, KCAT_CONFIG: "/dev/null" };
  const child = spawn(process.env.KCAT, [...base, ...args], { env });
  const run = { child, out: "", complaint: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => (run.out += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (run.complaint += text));
  // A kcat that has ended early takes no more input.
  child.stdin.on("error", () => {});
  run.done = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => {
      if (code === 0) resolve(run.out);
      else reject(new Error(`exit code ${code}: ${run.complaint}`));
    });
  });
  run.done.catch(() => {});
  return run;
}

async function kcat(args, { input = "", base = plain } = {}) {
  const run = start(args, base);
  run.child.stdin.end(input);
  return run.done;
}

/** It has no admin calls, so kafkajs makes the topics. */
async function topic(name, numPartitions = 1) {
  const made = unique(name);
  const { Kafka, logLevel } = kafkajs;
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: made, numPartitions }] });
  await admin.disconnect();
  return made;
}

const produce = (name, list, args = [], base = plain) =>
  kcat(["-P", "-t", name, "-p", "0", ...args], { input: list.map((value) => `${value}\n`).join(""), base });

async function read(name, args = [], base = plain) {
  const text = await kcat(["-C", "-t", name, "-o", "beginning", "-e", "-q", "-J", ...args], { base });
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

const payloads = (list) => list.map(({ payload }) => payload);

async function roundTrip(name, args = [], base = plain) {
  const made = await topic(name);
  await produce(made, values, args, base);
  same(payloads(await read(made, [], base)), values, "values");
}

const sasl = (mechanism, secret = password) =>
  [
    ["-b", saslBrokers.join(",")],
    ["-X", "security.protocol=SASL_PLAINTEXT"],
    ["-X", `sasl.mechanism=${mechanism}`],
    ["-X", `sasl.username=${user}`],
    ["-X", `sasl.password=${secret}`],
  ].flat();

/** A member of a group, with the partitions that it says it owns. */
function member(group, name) {
  const run = start(["-X", "session.timeout.ms=6000", "-X", "heartbeat.interval.ms=200", "-G", group, name]);
  run.owned = () => {
    const said = run.complaint.split("\n").filter((line) => line.includes("rebalanced"));
    const last = said.at(-1) ?? "";
    return last.includes("assigned:") && !last.includes("revoked")
      ? [...last.matchAll(/\[(\d+)\]/g)].map(([, partition]) => Number(partition))
      : [];
  };
  return run;
}

async function transaction(id, made, list) {
  await produce(made, list, ["-X", `transactional.id=${unique(id)}`]);
}

/** It reads its input in pieces of many kilobytes, so a line alone stays with it until the end. */
const many = (name) => `${name}:${"x".repeat(1000)}\n`.repeat(300);

const noScram = () =>
  notThere("librdkafka before 2.6.1 repeats the nonce, which Kafka 4 refuses as well (librdkafka#4895)");

const noAdmin = () => notThere("it has no admin calls");

await runOperations("kcat 1.7.1 (librdkafka 2.0.2)", {
  "produce-none": () => roundTrip("none"),
  "produce-gzip": () => roundTrip("gzip", ["-z", "gzip"]),
  "produce-snappy": () => roundTrip("snappy", ["-z", "snappy"]),
  "produce-lz4": () => roundTrip("lz4", ["-z", "lz4"]),
  "produce-zstd": () => roundTrip("zstd", ["-X", "compression.codec=zstd"]),
  "acks-0": () => roundTrip("acks0", ["-X", "acks=0"]),
  "acks-1": () => roundTrip("acks1", ["-X", "acks=1"]),
  "acks-all": () => roundTrip("acksall", ["-X", "acks=all"]),
  async "record-parts"() {
    const made = await topic("parts");
    await produce(made, ["a"], ["-H", "one=1", "-H", "two=ä"]);
    await produce(made, ["k:"], ["-Z", "-K", ":"]);
    const [first, second] = await read(made);
    same([first.key, first.payload, first.headers], [null, "a", ["one", "1", "two", "ä"]], "first record");
    same([second.key, second.payload], ["k", null], "second record");
  },
  async "group-consume"() {
    const made = await topic("group", 2);
    const args = ["-q", "-e", "-X", "auto.offset.reset=earliest", "-G", unique("group-g"), made];
    const lines = async () => (await kcat(args)).split("\n").filter((line) => line !== "");
    await produce(made, ["a", "b", "c", "d"]);
    same((await lines()).sort(), ["a", "b", "c", "d"], "first member");
    await produce(made, ["e", "f", "g"]);
    same((await lines()).sort(), ["e", "f", "g"], "second member");
  },
  async rebalance() {
    const made = await topic("rebalance", 4);
    const group = unique("rebalance-g");
    const first = member(group, made);
    await eventually(() => first.owned().length === 4, "one member owns all");
    const second = member(group, made);
    await eventually(
      () => first.owned().length === 2 && second.owned().length === 2,
      "two members own two each",
    );
    same([...first.owned(), ...second.owned()].sort(), [0, 1, 2, 3], "partitions");
    second.child.kill("SIGINT");
    await eventually(() => first.owned().length === 4, "the one that stays owns all");
    first.child.kill("SIGINT");
  },
  async seek() {
    const made = await topic("seek");
    await produce(made, values);
    const text = await kcat(["-C", "-t", made, "-p", "0", "-o", "3", "-e", "-q", "-f", "%o "]);
    same(text.trim().split(" ").map(Number), [...values.keys()].slice(3), "offsets from 3 on");
  },
  pause: () => notThere("it has no pause"),
  "commit-metadata": () => notThere("its commits carry no metadata"),
  async "offset-for-time"() {
    const made = await topic("time");
    const before = Date.now();
    await produce(made, ["x"]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const between = Date.now();
    await produce(made, ["y"]);
    for (const [time, offset] of [
      [before, 0],
      [between, 1],
    ])
      same((await kcat(["-Q", "-t", `${made}:0:${time}`])).trim(), `${made} [0] offset ${offset}`, "offset");
  },
  async "admin-topics"() {
    const made = await topic("topics", 3);
    const found = JSON.parse(await kcat(["-L", "-J", "-t", made]));
    same(found.topics[0].partitions.length, 3, "partitions");
    notThere("it only lists topics, and found ours with its partitions");
  },
  "admin-partitions": noAdmin,
  "admin-configs": noAdmin,
  "admin-records": noAdmin,
  "admin-groups": noAdmin,
  idempotence: () =>
    roundTrip("idempotence", ["-X", "enable.idempotence=true", "-X", "batch.num.messages=3"]),
  async "transaction-commit"() {
    const made = await topic("commit", 2);
    await produce(made, values, ["-p", "-1", "-X", `transactional.id=${unique("commit-t")}`]);
    const found = await read(made);
    same(payloads(found).sort(), [...values].sort(), "values");
  },
  async "transaction-abort"() {
    const made = await topic("abort");
    await transaction("abort-t", made, ["a"]);
    const args = ["-X", `transactional.id=${unique("abort-t")}`, "-X", "linger.ms=0"];
    const open = start(["-P", "-t", made, "-p", "0", ...args]);
    open.child.stdin.write(many("b"));
    const uncommitted = ["-X", "isolation.level=read_uncommitted"];
    const seen = async () => [...new Set(payloads(await read(made, uncommitted)).map((text) => text[0]))];
    await eventually(async () => (await seen()).includes("b"), "the open records");
    open.child.kill("SIGINT");
    // It looks at the signal when its input gives something.
    open.child.stdin.end();
    await open.done.catch(() => {});
    await transaction("abort-t", made, ["c"]);
    same(payloads(await read(made)), ["a", "c"], "committed");
    same(await seen(), ["a", "b", "c"], "uncommitted");
  },
  "transaction-offsets": () => notThere("its transactions carry no offsets"),
  async "transaction-fencing"() {
    const made = await topic("fencing");
    const args = ["-X", `transactional.id=${unique("fencing-t")}`, "-X", "linger.ms=0"];
    const open = start(["-P", "-t", made, "-p", "0", ...args]);
    open.child.stdin.write(many("lost"));
    const uncommitted = ["-X", "isolation.level=read_uncommitted"];
    await eventually(async () => (await read(made, uncommitted)).length > 0, "the open records");
    await transaction("fencing-t", made, ["kept"]);
    open.child.stdin.end();
    const error = await refused(() => open.done, "the first producer");
    same(/fenced|epoch/i.test(error.message), true, `the error ${error.message}`);
    same(payloads(await read(made)), ["kept"], "values");
  },
  "sasl-plain": () => roundTrip("plain", [], sasl("PLAIN")),
  "sasl-scram-256": noScram,
  "sasl-scram-512": noScram,
  async "sasl-refused"() {
    const error = await refused(() => kcat(["-L", "-m", "3"], { base: sasl("PLAIN", "wrong") }), "a login");
    same(/authentication/i.test(error.message), true, `the error ${error.message}`);
  },
  tls: () =>
    roundTrip(
      "tls",
      [],
      ["-b", tlsBrokers.join(","), "-X", "security.protocol=SSL", "-X", `ssl.ca.location=${caFile}`],
    ),
});

import { spawnSync } from "node:child_process";
import { expect } from "chai";
import { repository } from "../support/generated-code.ts";

// Everything that a service does with an event of either format, and of JSON; then what a poison record does.
const program = `
  import { startTestServers } from "keryx/testing";
  import { samples } from "./test/support/samples.ts";
  const servers = await startTestServers();
  const app = await servers.connect();
  const seen = [];
  const consumer = app.consumer({ group: "all", dedupe: "off" });
  const events = samples.map(({ event, init }) => ({ event, init }));
  const avro = events.find(({ event }) => event.format === "avro");
  events.push({ ...avro, event: { ...avro.event, serialization: "JSON", topic: "as-json", subject: "as-json-value" } });
  for (const { event } of events) consumer.on(event, (value) => void seen.push(event.name));
  for (const { event, init } of events) await app.producer.send(event, init);
  await consumer.start();
  await servers.untilProcessed("all");
  const missing = events.length - seen.length;
  await app.close();
  await servers.close();
  console.log(JSON.stringify({ events: events.length, missing }));
`;

describe("The runtime, from sending to handling", function () {
  this.timeout(60_000);

  it("runs where no code may be made from strings", () => {
    const flags = ["--disallow-code-generation-from-strings", "--disable-warning=TimeoutNegativeWarning"];
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ["--conditions=@keryx/source", ...flags, "--input-type=module-typescript", "--eval", program],
      { cwd: repository, encoding: "utf8" },
    );
    expect(status, stderr).to.equal(0);
    const { events, missing } = JSON.parse(stdout) as { readonly events: number; readonly missing: number };
    expect(events).to.be.above(10);
    expect(missing).to.equal(0);
  });
});

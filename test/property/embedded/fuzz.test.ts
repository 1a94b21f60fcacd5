import { expect } from "chai";
import { embeddedBrokers } from "../../support/embedded.ts";
import { createFuzzTarget, createRandom, mutate, seedFrames } from "../../support/embedded-fuzz.ts";
import { connectWire } from "../../support/embedded-wire.ts";

// Run by hand with more: KERYX_FUZZ_FRAMES=1000000 KERYX_FUZZ_SOCKETS=5000
const frames = Number(process.env["KERYX_FUZZ_FRAMES"] ?? 5000);
const sockets = Number(process.env["KERYX_FUZZ_SOCKETS"] ?? 500);
const seed = Number(process.env["KERYX_FUZZ_SEED"] ?? 1);

describe("spoiled frames at the embedded broker", function () {
  this.timeout(3_600_000);
  const { start, wire } = embeddedBrokers();

  it("are answered or refused, and never a surprise", () => {
    const random = createRandom(seed);
    const seeds = seedFrames();
    const told = { answered: 0, waiting: 0, closed: 0 };
    let target = createFuzzTarget();
    for (let index = 0; index < frames; index++) {
      // What frames leave behind is what they asked for; a broker is fuzzed for a while, then a new one.
      if (index % 5000 === 0) target = createFuzzTarget();
      const bytes = mutate(seeds[random(seeds.length)] ?? Buffer.alloc(0), random);
      try {
        told[target.feed(bytes)]++;
      } catch (error) {
        throw new Error(`frame ${index} of seed ${seed}: ${bytes.toString("hex")}`, { cause: error });
      }
    }
    expect(told.answered).to.be.greaterThan(frames / 20);
    expect(told.closed).to.be.greaterThan(frames / 20);
  });

  it("end their own connection at most, and leave memory bounded", async () => {
    const broker = await start({ topics: [{ name: "orders", partitions: 2 }], maxRequestBytes: 1024 * 1024 });
    const bystander = await wire(broker);
    const random = createRandom(seed + 1);
    const seeds = seedFrames();
    const before = process.memoryUsage().rss;
    for (let index = 0; index < sockets; index++) {
      const client = await connectWire(broker.bootstrap()[0] ?? "");
      client.raw(mutate(seeds[random(seeds.length)] ?? Buffer.alloc(0), random));
      if (index % 50 === 0) expect(await bystander.ask("ApiVersions", 2)).to.include({ errorCode: 0 });
      client.close();
    }
    expect(await bystander.ask("ApiVersions", 2)).to.include({ errorCode: 0 });
    expect(process.memoryUsage().rss - before).to.be.lessThan(300 * 1024 * 1024);
  });
});

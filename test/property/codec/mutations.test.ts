import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import type { CodecReport } from "../../support/codec-mutations/report.ts";
import { generateTargets } from "../../support/codec-mutations/targets.ts";
import { repository } from "../../support/generated-code.ts";

const mutations = Number(process.env["KERYX_CODEC_MUTATIONS"] ?? 3_000);
const seed = Number(process.env["KERYX_TEST_SEED"] ?? 1);
const program = join(repository, "test", "support", "codec-mutations", "program.ts");
const flags = ["--max-old-space-size=128", "--disallow-code-generation-from-strings", "--expose-gc"];

describe("hostile bytes", function () {
  this.timeout(7_200_000);
  const reports: CodecReport[] = [];
  const file = join(repository, ".tmp", `targets-${process.pid}.json`);
  let clean = (): void => undefined;

  before(async () => {
    const { targets, remove } = await generateTargets();
    clean = remove;
    writeFileSync(file, JSON.stringify(targets));
    const child = spawn(
      process.execPath,
      ["--conditions=@keryx/source", ...flags, program, file, String(mutations), String(seed)],
      { cwd: repository, stdio: ["ignore", "pipe", "inherit"] },
    );
    const ended = new Promise((resolve) => child.once("exit", resolve));
    for await (const line of createInterface({ input: child.stdout })) {
      const report = JSON.parse(line) as CodecReport;
      reports.push(report);
      if (process.env["KERYX_CODEC_MUTATIONS"] !== undefined) console.log(line);
    }
    expect(await ended, "exit code").to.equal(0);
  });
  after(() => {
    clean();
    rmSync(file, { force: true });
  });

  it("are read or refused for one of the reasons by every codec, in 50 ms each and without growing, in a small heap", () => {
    expect(reports.map(({ codec }) => codec)).to.have.members([
      ...["Protobuf", "Protobuf by protobuf-es", "Avro", "Avro interpreter", "Avro, earlier writers"],
      ...["JSON", "frames"],
    ]);
    expect(reports.flatMap(({ problems }) => problems)).to.deep.equal([]);
  });

  it("are really hostile, and really read", () => {
    for (const { codec, inputs, values, refused } of reports) {
      expect(inputs, codec).to.be.at.least(mutations);
      expect(values, codec).to.be.within(inputs / 100, inputs * 0.9);
      expect(Object.keys(refused).length, codec).to.be.at.least(2);
    }
  });
});

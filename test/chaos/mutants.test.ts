import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { EngineVerdict } from "../support/reliability/engine-run.ts";
import { mutants } from "../support/reliability/mutants.ts";
import type { Patch } from "../support/reliability/plant.ts";

const toPath = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const plant = toPath("../support/reliability/plant.ts");
const run = toPath("./mutant-run.ts");

interface Ended {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

function start(seed: number, patches: readonly Patch[]): Promise<Ended> {
  const args = ["--conditions=@keryx/source", "--import", plant, run, String(seed)];
  const env = { ...process.env, KERYX_PLANT: JSON.stringify(patches) };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? (error ? "killed" : 0), stdout, stderr }),
    );
  });
}

function toVerdict({ code, stdout, stderr }: Ended): EngineVerdict {
  expect(code, stderr).to.equal(0);
  return JSON.parse(stdout);
}

describe("The engine with a planted defect", function () {
  this.timeout(120_000);
  // Always the same: not every draw of events gives every defect its chance.
  const seed = Number(process.env["KERYX_TEST_SEED"] ?? 20_261);

  const sound: Patch[] = [];
  const runs = new Map<readonly Patch[], Promise<Ended>>();
  before(() => {
    // Side by side, because a run mostly waits; few, because its time passes quickly.
    const lanes = Array.from({ length: 4 }, (): Promise<unknown> => Promise.resolve());
    for (const [index, patches] of [sound, ...mutants.map((mutant) => mutant.patches)].entries()) {
      const lane = index % lanes.length;
      const run = (lanes[lane] ?? Promise.resolve()).then(() => start(seed, patches));
      lanes[lane] = run;
      runs.set(patches, run);
    }
  });
  after(() => Promise.all(runs.values()));
  const judge = async (patches: readonly Patch[]): Promise<EngineVerdict> =>
    toVerdict((await runs.get(patches)) ?? expect.fail("nothing was started"));

  it("keeps every promise without one, through all the troubles of the run", async () => {
    const { problems, effects } = await judge(sound);
    expect(problems).to.deep.equal([]);
    expect(effects).to.be.greaterThan(1_000);
  });

  for (const { name, patches, finds } of mutants)
    it(`is found out when it ${name}`, async () => {
      const isFound = ({ problems }: EngineVerdict): boolean =>
        problems.some((problem) => problem.startsWith(finds));
      let found = isFound(await judge(patches));
      // A busy machine may leave a defect no chance in one run; alone it has the next.
      for (let more = 2; !found && more > 0; more--) found = isFound(toVerdict(await start(seed, patches)));
      expect(found, finds).to.equal(true);
    });

  it("is not taken for sound where nothing could be planted", async () => {
    const [gone, unread] = await Promise.all([
      start(seed, [{ file: "src/consumer/offsets.ts", find: "no such line", replace: "" }]),
      start(seed, [{ file: "src/consumer/no-such-file.ts", find: "x", replace: "" }]),
    ]);
    expect(gone.code).to.equal(1);
    expect(gone.stderr).to.contain("planted nothing: src/consumer/offsets.ts has 0 times");
    expect(unread.code).to.equal(3);
    expect(unread.stderr).to.contain("was never loaded");
  });
});

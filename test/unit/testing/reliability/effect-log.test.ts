import { appendFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  createEffectLog,
  type NewEffect,
  readEffectLog,
} from "../../../../src/testing/reliability/effect-log.ts";

const effect = (seq: number): NewEffect => ({
  id: `id-${seq}`,
  key: 'k"\n',
  seq,
  group: "g",
  at: { topic: "t-retry-1", partition: 1, offset: 5 },
  origin: { topic: "t", partition: 1, offset: 2 ** 40 },
  stage: "main",
  attempt: 1,
});

describe("An effect log", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keryx-effects-"));
    path = join(folder, "log");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("gives back what was appended, in order, sure once the append has resolved", async () => {
    const log = await createEffectLog(path, "w7");
    await Promise.all([0, 1, 2].map((seq) => log.append(effect(seq))));
    await log.append(effect(3));
    const read = readEffectLog(path);
    const expected = [0, 1, 2, 3].map((seq) => ({ ...effect(seq), client: "w7", isSure: true }));
    expect(read.map(({ atMs: _, wallMs: __, ...kept }) => kept)).to.deep.equal(expected);
    expect(read.every(({ atMs, wallMs }) => atMs > 0 && Math.abs(wallMs - Date.now()) < 60_000)).to.equal(
      true,
    );
    await log.close();
  });

  it("is no proof of what stands behind the last seal, and passes over a line that was cut off", async () => {
    const log = await createEffectLog(path, "w7");
    await log.append(effect(0));
    await log.close();
    appendFileSync(path, `${JSON.stringify(effect(1))}\n{"id":"id-2","k`);
    const read = readEffectLog(path);
    expect(read.map(({ id, isSure }) => [id, isSure])).to.deep.equal([
      ["id-0", true],
      ["id-1", false],
    ]);
  });

  it("is empty for a process that never got so far", () => {
    expect(readEffectLog(path)).to.deep.equal([]);
  });
});

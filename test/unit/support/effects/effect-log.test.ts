import { appendFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createEffectLog, type NewEffect, readEffectLog } from "../../../support/effects/effect-log.ts";

const effect = (seq: number): NewEffect => ({
  id: `id-${seq}`,
  key: 'k"\n',
  seq,
  topic: "t",
  partition: 1,
  offset: 9_007_199_254_740_993n,
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
    const log = await createEffectLog(path);
    await Promise.all([0, 1, 2].map((seq) => log.append(effect(seq))));
    await log.append(effect(3));
    const read = readEffectLog(path, 7);
    expect(read).to.deep.equal([0, 1, 2, 3].map((seq) => ({ ...effect(seq), life: 7, isSure: true })));
    await log.close();
  });

  it("is no proof of what stands behind the last seal, and passes over a line that was cut off", async () => {
    const log = await createEffectLog(path);
    await log.append(effect(0));
    await log.close();
    appendFileSync(path, '["id-1","k",1,"t",0,"5","main",1]\n["id-2","k');
    const read = readEffectLog(path, 1);
    expect(read.map(({ id, isSure }) => [id, isSure])).to.deep.equal([
      ["id-0", true],
      ["id-1", false],
    ]);
  });

  it("is empty for a process that never got so far", () => {
    expect(readEffectLog(path, 1)).to.deep.equal([]);
  });
});

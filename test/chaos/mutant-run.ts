// One run of the engine in a process of its own, so that a defect can be planted into its source (`plant.ts`).
//   node --import plant.ts mutant-run.ts <seed>
import { runEngine } from "../support/reliability/engine-run.ts";

const verdict = await runEngine(Number(process.argv[2] ?? 1));
process.stdout.write(`${JSON.stringify(verdict)}\n`);

// Proves the codecs at full size: every shape against other libraries, and a million hostile payloads for each codec.
// Arguments go to mocha. About half an hour; `npm test` runs the same tests with fewer values.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(fileURLToPath(import.meta.url), "..", "..");
const mocha = join(root, "node_modules", "mocha", "bin", "mocha.js");
const { status } = spawnSync(
  process.execPath,
  [
    ...[mocha, "--reporter", "spec", "test/property/codec/*.test.ts", "test/peers/avro-libraries.test.ts"],
    ...process.argv.slice(2),
  ],
  {
    cwd: root,
    stdio: "inherit",
    env: { KERYX_CODEC_MESSAGES: "200000", KERYX_CODEC_MUTATIONS: "1000000", ...process.env },
  },
);
process.exitCode = status ?? 1;

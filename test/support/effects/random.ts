export { createRandom } from "../../../src/core/random.ts";

/** The seed of this run: `KERYX_TEST_SEED`, else a new one. Print it. */
export function chooseSeed(): number {
  const given = Number(process.env["KERYX_TEST_SEED"]);
  return Number.isSafeInteger(given) && given > 0 ? given : Math.floor(Math.random() * 2 ** 31) + 1;
}

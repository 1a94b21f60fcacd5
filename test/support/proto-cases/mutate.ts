import type { CaseFile } from "./model.ts";
import { enums } from "./mutations/enums.ts";
import { fields } from "./mutations/fields.ts";
import { messages } from "./mutations/messages.ts";
import type { Random } from "./random.ts";

// Which change a seed picks depends on the order.
const mutations = { ...fields, ...enums, ...messages };

/** One to three changes; the names of those that were made. */
export function mutateCase(random: Random, file: CaseFile): readonly string[] {
  const names = Object.keys(mutations);
  const wanted = 1 + random.below(3);
  const made: string[] = [];
  for (let tries = 0; made.length < wanted && tries < 40; tries++) {
    const name = random.pick(names);
    if (mutations[name]?.(random, file) === true) made.push(name);
  }
  return made;
}

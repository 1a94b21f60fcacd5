// Preloaded into a process: writes the names of the packages that it loaded to the file KERYX_TEST_LOADED.
import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";

const names = new Set();
registerHooks({
  load(url, context, next) {
    const name = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
    if (name) names.add(name);
    return next(url, context);
  },
});
process.on("exit", () => writeFileSync(process.env.KERYX_TEST_LOADED, [...names].sort().join("\n")));

// Run with test/support/with-servers.ts: holds the servers that were started for it until Ctrl-C.
import { once } from "node:events";

const { KERYX__BROKERS, KERYX__REGISTRY__URL } = process.env;
console.log(`export KERYX__BROKERS=${KERYX__BROKERS} KERYX__REGISTRY__URL=${KERYX__REGISTRY__URL}`);
console.log("Paste that line into two other terminals. Ctrl-C stops the servers.");
// A signal alone does not keep a process alive.
const alive = setInterval(() => {}, 60_000);
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
clearInterval(alive);

import { groupsContract, type RawTarget } from "../suites/groups.ts";
import { transactionsContract } from "../suites/transactions.ts";
import { embeddedBrokers } from "../support/embedded.ts";
import { uniqueName } from "../support/servers.ts";

describe("groups and transactions of the embedded broker, by raw frames", () => {
  const { start, wire } = embeddedBrokers();
  let target: RawTarget;
  beforeEach(async () => {
    const broker = await start({ topics: [{ name: "orders", partitions: 2 }], minSessionTimeoutMs: 300 });
    target = { topic: "orders", name: uniqueName, connect: () => wire(broker) };
  });
  groupsContract(() => target);
  transactionsContract(() => target);
});

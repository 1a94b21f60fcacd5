import type { Run } from "../run.ts";
import type { Report } from "../violations.ts";
import { describePlace } from "./describe.ts";

/** Readers of committed data see nothing of a transaction that was aborted, or before it is committed. */
export function checkTransactions({ history, sends, effects }: Run, report: Report): void {
  const endings = new Map<string, { readonly isCommitted: boolean; readonly atMs: number }>();
  for (const entry of history)
    if (entry.name === "transaction_ended")
      endings.set(entry.transaction, { isCommitted: entry.result === "committed", atMs: entry.atMs });
  const see = (id: string | undefined, atMs: number, where: string): void => {
    for (const { transaction } of (id === undefined ? undefined : sends.get(id)) ?? []) {
      if (transaction === undefined) continue;
      const ending = endings.get(transaction);
      // One that nobody ended may have been ended by the broker.
      if (ending && !ending.isCommitted) report("transactions", "G1a", `${where}: ${id} of ${transaction}`);
      else if (ending && atMs < ending.atMs)
        report("transactions", "precommitted-read", `${where}: ${id} of ${transaction}`);
    }
  };
  for (const entry of history)
    if (entry.name === "record_data") see(entry.id, entry.atMs, describePlace(entry));
  for (const { id, atMs, origin } of effects) see(id, atMs, describePlace(origin));
}

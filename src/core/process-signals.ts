import { KeryxError } from "./errors.ts";
import type { Logger } from "./logger.ts";

/**
 * Closes and then ends the process at the first SIGTERM or SIGINT; the second one ends it at once. The returned function
 * takes the handlers off again.
 */
export function closeOnSignals(close: () => Promise<void>, logger: Logger): () => void {
  let isClosing = false;
  const onSignal = (_: NodeJS.Signals, number: number): void => {
    if (isClosing) process.exit(128 + number);
    isClosing = true;
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error("the app did not close cleanly", { error: KeryxError.from(error) });
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  return () => {
    process.off("SIGTERM", onSignal);
    process.off("SIGINT", onSignal);
  };
}

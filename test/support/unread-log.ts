// Writes more log than anybody reads, then says on standard output how much of it was lost.
import { createContextStore } from "../../src/core/context.ts";
import { createRedactor } from "../../src/core/redact.ts";
import { createLogging } from "../../src/observe/logging.ts";

let dropped = 0;
const { logger } = createLogging({
  ...{ level: "info", redactor: createRedactor(), context: createContextStore() },
  onDropped: () => {
    dropped++;
  },
});
const text = "x".repeat(1_000);
for (let line = 0; line < 10_000; line++) {
  logger.info(text);
  // The file descriptor has its turn now and then, as it has in a service.
  if (line % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
}
process.stdout.write(`${dropped}\n`);

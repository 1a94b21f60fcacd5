import { expect } from "chai";
import fc from "fast-check";
import { resolveConfig } from "../../src/config/config.ts";
import { registerSecrets } from "../../src/config/credentials.ts";
import { explainConfig } from "../../src/config/explain.ts";
import type { Layer, Settings } from "../../src/config/layers.ts";
import { buildShape } from "../../src/config/shape.ts";
import { createContextStore } from "../../src/core/context.ts";
import { KeryxError } from "../../src/core/errors.ts";
import { createRedactor } from "../../src/core/redact.ts";
import { createLogging } from "../../src/observe/logging.ts";

// Long and strange enough that no default, key or word of ours holds it by chance.
const secret = fc
  .tuple(
    fc.constantFrom("Zq", "%7", 'J"', "ß€", "\\x"),
    fc.string({ minLength: 4, maxLength: 20, unit: "binary" }),
  )
  .map((parts) => parts.join(""));
const settings = fc.record({
  sasl: fc.record({
    mechanism: fc.constantFrom("plain", "scram-sha-512", "aws", "nonsense"),
    username: fc.constantFrom("ada", 5),
    password: secret,
  }),
  registry: fc.oneof(
    fc.record({
      url: fc.constant("http://r:1"),
      auth: fc.record({ kind: fc.constant("bearer"), token: secret }),
    }),
    fc.record({
      url: fc.constant("http://r:1"),
      auth: fc.record({ kind: fc.constant("basic"), password: secret }),
    }),
  ),
  tls: fc.oneof(
    fc.boolean(),
    fc.record({ keyPassphrase: secret, minVersion: fc.constantFrom("TLSv1.3", "SSL") }),
  ),
  producer: fc.record({ lingerMs: fc.oneof(fc.nat(10), fc.string()) }),
});

function secretsOf(values: object): string[] {
  return Object.entries(values).flatMap(([key, value]: [string, unknown]) => {
    if (typeof value === "object" && value !== null) return secretsOf(value);
    return typeof value === "string" && /password|token|keyPassphrase/.test(key) ? [value] : [];
  });
}

describe("secrets of the settings", function () {
  this.timeout(600_000);

  it("appear in no message, no explanation and no log line, over random settings and errors", () => {
    const shape = buildShape();
    const lines: string[] = [];
    let redactor = createRedactor();
    const log = createLogging({
      level: "debug",
      // One log for all runs, with the redactor of the run.
      redactor: {
        register: (text) => redactor.register(text),
        redact: (text) => redactor.redact(text),
      },
      context: createContextStore(),
      destination: { write: (line) => lines.push(line) },
    });
    fc.assert(
      fc.property(settings, fc.string({ maxLength: 20 }), (values: Settings, around) => {
        const layer: Layer = { source: "code", values, at: () => "connect()" };
        lines.length = 0;
        redactor = createRedactor();
        registerSecrets(redactor, { values });
        const secrets = secretsOf(values);
        const sinks: string[] = [];
        try {
          sinks.push(...explainConfig(resolveConfig([layer], shape)).map(({ value }) => value));
        } catch (error) {
          if (!(error instanceof KeryxError)) throw error;
          sinks.push(error.message, JSON.stringify(error.details));
        }
        for (const one of secrets) {
          const error = new Error(`${around}${one}`, {
            cause: new KeryxError("auth_failed", `${one}${around}`),
          });
          log.logger.error(`failed: ${one}${around}`, {
            text: one,
            url: `http://u:${encodeURIComponent(one.toWellFormed())}@h`,
            error,
          });
          log.observe({ kind: "connection.failed", component: "producer", error });
        }
        const shown = lines.map((line): unknown => JSON.parse(line));
        for (const one of secrets) {
          for (const text of sinks) expect(text).to.not.include(one);
          for (const text of textsOf(shown)) expect(text).to.not.include(one);
        }
      }),
      { numRuns: 2_500 },
    );
  });
});

function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

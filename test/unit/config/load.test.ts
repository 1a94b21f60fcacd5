import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { KeryxConfig } from "../../../src/config/config.ts";
import { explainConfig } from "../../../src/config/explain.ts";
import { loadConfig } from "../../../src/config/load.ts";
import type { KeryxSettings } from "../../../src/config/settings.ts";
import { KeryxError } from "../../../src/core/errors.ts";

describe("the configuration", () => {
  const folder = mkdtempSync(join(tmpdir(), "keryx-config-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let count = 0;

  function load(
    yaml: string | undefined,
    environment: Record<string, string> = {},
    settings: KeryxSettings = {},
  ): KeryxConfig {
    const cwd = join(folder, String(count++));
    mkdirSync(cwd);
    if (yaml !== undefined) writeFileSync(join(cwd, "keryx.yaml"), yaml);
    return loadConfig({ cwd, environment, settings });
  }

  function refusal(...args: Parameters<typeof load>): KeryxError {
    try {
      load(...args);
    } catch (error) {
      if (error instanceof KeryxError) return error;
      throw error;
    }
    throw new Error("it was accepted");
  }

  const sourceOf = (config: KeryxConfig, path: string): string | undefined =>
    explainConfig(config).find((row) => row.path === path)?.at;

  it("has defaults that point at a local Kafka and registry", () => {
    const config = load(undefined);
    expect(config.transport.brokers).to.deep.equal(["127.0.0.1:9092"]);
    expect(config.registry.url).to.equal("http://127.0.0.1:8081");
    expect(config.createTopics).to.equal(false);
    expect(config.schemas).to.deep.equal({ dir: "schemas", out: "generated" });
    expect(sourceOf(config, "brokers")).to.equal("default");
  });

  it("lets environment win over file, and code over environment, and remembers who said it", () => {
    const yaml = "clientId: file\nproducer:\n  lingerMs: 5\n  acks: 1\n  batchBytes: 1000\n";
    const environment = { KERYX__CLIENTID: "env", KERYX__PRODUCER__ACKS: "0" };
    const config = load(yaml, environment, { clientId: "code" });
    expect(config.transport.clientId).to.equal("code");
    expect(config.producer).to.deep.equal({ lingerMs: 5, acks: 0, batchBytes: 1000 });
    expect(sourceOf(config, "clientId")).to.equal("connect()");
    expect(sourceOf(config, "producer.acks")).to.equal("KERYX__PRODUCER__ACKS");
    expect(sourceOf(config, "producer.lingerMs")).to.equal("keryx.yaml:3:3");
    expect(sourceOf(config, "producer.compression")).to.equal("default");
  });

  it("replaces lists and does not join them", () => {
    const config = load("brokers: [a:1, b:1]", {}, { brokers: ["c:1"] });
    expect(config.transport.brokers).to.deep.equal(["c:1"]);
  });

  it("takes a registry as URL, as URLs or as options, in every layer", () => {
    expect(load("registry: http://a:1").registry.url).to.equal("http://a:1");
    expect(load(undefined, { KERYX__REGISTRY: "http://b:1" }).registry.url).to.equal("http://b:1");
    expect(load(undefined, {}, { registry: ["http://c:1", "http://d:1"] }).registry.url).to.deep.equal([
      "http://c:1",
      "http://d:1",
    ]);
    const both = load("registry: { url: http://a:1, autoRegister: false }", {
      KERYX__REGISTRY: "http://e:1",
      KERYX__REGISTRY__TIMEOUT_MS: "2s",
    });
    expect(both.registry).to.include({ url: "http://e:1", autoRegister: false, timeoutMs: 2_000 });
  });

  it("reads durations as text or as milliseconds", () => {
    const yaml =
      "producer: { lingerMs: 2ms, deliveryTimeoutMs: 1.5m }\nconsumer: { retryDelaysMs: [1s, 200] }\n";
    const config = load(yaml, { KERYX__CONSUMER__HANDLER_TIMEOUT_MS: "1h" });
    expect(config.producer).to.deep.equal({ lingerMs: 2, deliveryTimeoutMs: 90_000 });
    expect(config.consumer).to.deep.equal({ retryDelaysMs: [1_000, 200], handlerTimeoutMs: 3_600_000 });
  });

  it("reads environment variables by the type of the setting, whatever their case", () => {
    const config = load(undefined, {
      KERYX__BROKERS: "a:1, b:2",
      KERYX__createTopics: "TRUE",
      KERYX__TLS: "true",
      KERYX__CONSUMER__CONCURRENCY: "7",
      KERYX__CONSUMER__RETRY_DELAYS_MS: "[100, 200]",
      KERYX__REGISTRY__AUTH__KIND: "basic",
      KERYX__REGISTRY__AUTH__USERNAME: "1234",
      KERYX__REGISTRY__AUTH__PASSWORD: "[not, json",
      "KERYX__TOPICS__order-events__PARTITIONS": "6",
      KERYX__LOGGING__LEVEL: "",
      OTHER: "x",
    });
    expect(config.transport.brokers).to.deep.equal(["a:1", "b:2"]);
    expect(config.createTopics).to.equal(true);
    expect(config.transport.tls).to.equal(true);
    expect(config.consumer).to.deep.equal({ concurrency: 7, retryDelaysMs: [100, 200] });
    expect(config.registry.auth).to.deep.equal({ kind: "basic", username: "1234", password: "[not, json" });
    expect(config.topics).to.deep.equal({ "order-events": { partitions: 6 } });
    expect(config.logging.level).to.equal("info");
  });

  it("does not mix the credentials of two kinds", () => {
    const yaml = "registry: { auth: { kind: basic, username: u, password: pass } }";
    const config = load(
      yaml,
      {},
      { registry: { url: "http://a:1", auth: { kind: "bearer", token: "tttt" } } },
    );
    expect(config.registry.auth).to.deep.equal({ kind: "bearer", token: "tttt" });
    expect(explainConfig(config).map((row) => row.path)).to.not.include("registry.auth.username");
  });

  it("finds keryx.yaml in the folders above, and the file that KERYX_CONFIG names", () => {
    const config = load("clientId: above");
    const below = join(config.root, "a", "b");
    mkdirSync(below, { recursive: true });
    expect(loadConfig({ cwd: below, environment: {} }).transport.clientId).to.equal("above");
    expect(loadConfig({ cwd: below, environment: {} }).root).to.equal(config.root);
    writeFileSync(join(below, "other.yaml"), "clientId: named");
    const named = loadConfig({ cwd: below, environment: { KERYX_CONFIG: "other.yaml" } });
    expect(named.transport.clientId).to.equal("named");
    expect(() => loadConfig({ cwd: below, environment: { KERYX_CONFIG: "absent.yaml" } })).to.throw(
      /^\[config_invalid\] KERYX_CONFIG names .*absent\.yaml, which is not a file/,
    );
  });

  it("takes functions from code", () => {
    const deadLetter = (): void => {};
    const token = async (): Promise<{ value: string }> => ({ value: "t" });
    const config = load(
      undefined,
      {},
      { tls: true, producer: { deadLetter }, sasl: { mechanism: "oauthbearer", token } },
    );
    expect(config.producer.deadLetter).to.equal(deadLetter);
    expect(config.transport.sasl).to.deep.equal({ mechanism: "oauthbearer", token });
    expect(explainConfig(config).find((row) => row.path === "producer.deadLetter")?.value).to.equal(
      "(function)",
    );
  });

  const refused: [why: string, yaml: string, expected: RegExp][] = [
    ["an unknown key", "brokrs: [a:1]", /keryx\.yaml:1:1: brokrs: unknown setting; did you mean `brokers`\?/],
    ["an unknown key below", "producer:\n  acs: 1", /keryx\.yaml:2:3: producer\.acs: .*did you mean `acks`/],
    [
      "an unknown key of a topic",
      "topics:\n  t:\n    partition: 1",
      /keryx\.yaml:3:5: topics\.t\.partition: .*`partitions`/,
    ],
    ["an unknown key like none", "xyzzy: 1", /xyzzy: unknown setting; known here: brokers, /],
    ["the group of all consumers", "consumer: { group: g }", /consumer\.group: unknown setting/],
    ["a number out of range", "producer: { maxInFlight: 0 }", /keryx\.yaml:1:13: producer\.maxInFlight: /],
    ["a wrong type", "clientId: 5", /keryx\.yaml:1:1: clientId: .*expected string/],
    [
      "a duration that is none",
      "producer: { lingerMs: 5 apples }",
      /producer\.lingerMs: expected a duration such as/,
    ],
    ["a broker without port", "brokers:\n  - a:1\n  - b", /keryx\.yaml:1:1: brokers\.1: must be host:port/],
    ["an unknown choice", "producer: { compression: rar }", /producer\.compression: .*"gzip"/],
    ["a wrong choice of several types", "producer: { acks: 2 }", /producer\.acks: /],
    ["a wrong value inside a choice", "tls: { minVersion: SSL3 }", /keryx\.yaml:1:8: tls\.minVersion: /],
    [
      "a missing part of credentials",
      "registry: { auth: { kind: basic, password: x } }",
      /registry\.auth\.username: /,
    ],
    [
      "a contradiction",
      "producer: { idempotent: true, acks: 1 }",
      /producer\.idempotent needs producer\.acks/,
    ],
    [
      "a secret in the clear",
      "sasl: { mechanism: plain, username: u, password: pppp }",
      /sasl\.mechanism: plain .*tls/i,
    ],
    ["credentials in a URL", "registry: http://user:hunter22@host:1", /carries credentials/],
    ["a tag", "clientId: !!js/function 'x'", /keryx\.yaml:1:11: /],
    ["a tag of its own", "clientId: !secret x", /keryx\.yaml:1:11: /],
    ["a key twice", "clientId: a\nclientId: b", /keryx\.yaml:2:1: /],
    ["broken YAML", "clientId: [a", /keryx\.yaml:1:/],
    ["a list at the top", "- a", /keryx\.yaml: not a map of settings/],
    ["two documents", "clientId: a\n---\nclientId: b", /keryx\.yaml:/],
    ["__proto__", "__proto__: { polluted: true }", /__proto__: this name is not allowed/],
    [
      "__proto__ below",
      "topics: { __proto__: { partitions: 3 } }",
      /topics\.__proto__: this name is not allowed/,
    ],
    [
      "constructor",
      "topics: { constructor: { prototype: {} } }",
      /topics\.constructor: this name is not allowed/,
    ],
    [
      "a merge key",
      "defaults: &d { partitions: 3 }\ntopics:\n  t:\n    <<: *d",
      /topics\.t\.<<: unknown setting/,
    ],
  ];
  for (const [why, yaml, expected] of refused)
    it(`refuses ${why}, saying where`, () => {
      const error = refusal(yaml);
      expect(error.code).to.equal("config_invalid");
      expect(error.message).to.match(expected);
      expect(error.message).to.not.include("hunter22");
      expect(({} as Record<string, unknown>)["polluted"]).to.equal(undefined);
    });

  it("refuses unknown and dangerous names in environment and code", () => {
    expect(refusal(undefined, { KERYX__PRODUCER__LINGERMS: "x" }).message).to.match(
      /KERYX__PRODUCER__LINGERMS: producer\.lingerMs: expected a duration/,
    );
    expect(refusal(undefined, { KERYX__BROKRES: "a:1" }).message).to.match(
      /KERYX__BROKRES: brokres: .*`brokers`/,
    );
    expect(refusal(undefined, { KERYX__TOPICS____proto____PARTITIONS: "1" }).code).to.equal("config_invalid");
    const hostile: KeryxSettings = JSON.parse('{"topics":{"__proto__":{"partitions":1}}}');
    expect(refusal(undefined, {}, hostile).message).to.match(/connect\(\): topics\.__proto__/);
    expect(({} as Record<string, unknown>)["partitions"]).to.equal(undefined);
  });

  it("reports every problem at once", () => {
    const issues = refusal("brokrs: 1\nproducer: { acs: 1 }").details["issues"];
    expect(issues).to.have.length(2);
  });

  it("refuses an alias bomb and a file of more than 1 MiB without keeping them in memory", () => {
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (let i = 0; i < 8; i++) {
      const [name, below] = ["bcdefghi"[i], "abcdefgh"[i]];
      bomb.push(`${name}: &${name} [${Array(9).fill(`*${below}`).join(", ")}]`);
    }
    const started = performance.now();
    expect(refusal(bomb.join("\n")).message).to.match(/too many aliases/);
    expect(refusal(`# ${"x".repeat(1_048_576)}`).message).to.match(/larger than 1048576 bytes/);
    expect(performance.now() - started).to.be.below(10_000);
  });

  it("never repeats a value that YAML could not read: it may be a secret without quotes", () => {
    for (const sign of ["*", "!", "|", ">", "%", "@", "&", "`", "]", "'", '"']) {
      const { message, cause } = refusal(
        `sasl:\n  mechanism: plain\n  username: ada\n  password: ${sign}hunter22`,
      );
      expect(`${message} ${String(cause)}`, sign).to.not.include("hunter22");
      expect(message, sign).to.match(/keryx\.yaml:4:\d+: /);
    }
    expect(refusal("%hunter22\n---\na: 1").message).to.not.include("hunter22");
    expect(load("defaults: &all { owner: us }\ntopics: { t: *all }").topics).to.deep.equal({
      t: { owner: "us" },
    });
  });

  it("takes or refuses a file of many thousand keys in seconds, and lists no more findings than anybody reads", () => {
    const lines = (count: number, line: (index: number) => string): string =>
      Array.from({ length: count }, (_, index) => line(index)).join("\n");
    const folders = `folders:\n${lines(30_000, (index) => `  f${index}: {}`)}`;
    const before = process.cpuUsage();
    expect(Object.keys(load(folders).folders)).to.have.length(30_000);
    expect(refusal(lines(60_000, (index) => `k${index}: 1`)).details["issues"]).to.have.length(100);
    const wrong = refusal(`topics:\n${lines(20_000, (index) => `  t${index}: { owner: 1 }`)}`);
    expect(wrong.details["issues"]).to.have.length(100);
    expect(wrong.message).to.contain("keryx.yaml:2:");
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).to.be.below(15_000);
  });

  it("shows no secret when it is explained", () => {
    const config = load(
      "tls: { keyPath: /k, certPath: /c, keyPassphrase: tiger-tiger }\nsasl: { mechanism: plain, username: ada, password: hunter22 }\n",
      { KERYX__REGISTRY__AUTH: '{"kind":"bearer","token":"s3cr3t-token"}' },
    );
    const text = JSON.stringify(explainConfig(config));
    for (const secret of ["tiger-tiger", "hunter22", "s3cr3t-token"]) expect(text).to.not.include(secret);
    expect(text).to.include("ada");
    expect(text).to.include("/c");
  });
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packagedOptions } from "../../codegen/load/options.ts";
import type { Lock, LockedVersion } from "../../codegen/model/lock.ts";
import { parseLock } from "../../codegen/model/lock-parse.ts";
import { type CommandAnswer, runCommand } from "./command.ts";
import { type FaultServer, startFaultServer } from "./fault-server.ts";
import { type Files, writeTree } from "./schema-tree.ts";
import { createSmallRegistry, type SmallRegistry } from "./small-registry.ts";

export const lockName = "schemas.lock.json";
export const protoHead: string = 'syntax = "proto3";\npackage s.v1;\n';
export const money: string = `${protoHead}message Money {\n  int64 minor = 1;\n}\n`;

/** An event in Protobuf that imports `money`. */
export function order(field = ""): string {
  return `${protoHead}import "keryx/v1/options.proto";\nimport "s/v1/money.proto";\nmessage Order {\n  option (keryx.v1.event) = { topic: "orders" };\n  string k = 1;\n  Money price = 2;\n${field}}\n`;
}

const record = { type: "record", name: "Payment", namespace: "s.v1" };
const key = { name: "k", type: "string" };

/** An event in Avro, and what of it is registered. */
export function payment(...fields: readonly object[]): string {
  const keryx = { topic: "payments", compatibility: "FULL" };
  return JSON.stringify({ ...record, keryx, fields: [key, ...fields] });
}
export function paymentWire(...fields: readonly object[]): string {
  return JSON.stringify({ ...record, fields: [key, ...fields] });
}
export const optional = (name: string): object => ({ name, type: "string", default: "" });

/** Projects of an order and a payment beside a small registry, new for each test. */
export interface Registering {
  readonly server: FaultServer;
  registry: SmallRegistry;
  project(files?: Files): Promise<string>;
  register(
    root: string,
    args?: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<CommandAnswer>;
  /** Registers past Keryx. */
  post(subject: string, body: object): void;
  /** Requests that changed the registry, in order. */
  writes(): readonly string[];
}

/** Binds a server to the tests of the suite that calls it. */
export function registering(): Registering {
  let server: FaultServer;
  const self: Registering = {
    get server() {
      return server;
    },
    registry: createSmallRegistry(),
    project: (files = {}) =>
      writeTree({
        "schemas/keryx/v1/options.proto": packagedOptions(),
        "schemas/s/v1/money.proto": money,
        "schemas/s/v1/order.proto": order(),
        "schemas/s/v1/payment.avsc": payment(),
        ...files,
      }),
    register: (root, args = [], env = {}) =>
      runCommand(root, ["register", ...args], {
        env: { KERYX__REGISTRY__URL: server.url, KERYX__REGISTRY__RETRIES: "0", ...env },
      }),
    post(subject, body) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions`;
      self.registry.reply({ method: "POST", path, headers: {}, body });
    },
    writes: () =>
      server.seen
        .filter(
          ({ method, path }) =>
            method === "PUT" || (method === "POST" && /^\/subjects\/[^/]+\/versions/.test(path)),
        )
        .map(({ method, path }) => `${method} ${decodeURIComponent(path.replace(/\?.*/, ""))}`),
  };
  beforeEach(async () => {
    server = await startFaultServer();
    self.registry = createSmallRegistry();
    server.answer((request) => self.registry.reply(request));
  });
  afterEach(() => server.close());
  return self;
}

/** @throws when the lock file cannot be read */
export async function readLockFile(root: string): Promise<Lock> {
  const { lock, diagnostics } = parseLock(await readFile(join(root, lockName), "utf8"), lockName);
  const [problem] = diagnostics;
  if (problem !== undefined) throw new Error(problem.message);
  return lock;
}

/** The released versions of an event. */
export async function releasedOf(root: string, event: string): Promise<readonly LockedVersion[]> {
  return (await readLockFile(root)).events.get(event)?.versions ?? [];
}

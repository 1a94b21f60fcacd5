import type { CommandRow } from "./command.ts";

/** The commands that work on schemas. A new one is a row here and a file beside this one. */
export const commands: readonly CommandRow[] = [
  {
    name: "init",
    summary:
      "Start a project: settings, the schema options and one sample event. Overwrites nothing of yours.",
    options: ["project", "schemas", "json"],
    example: "keryx init --project my-service",
    load: async () => (await import("./init.ts")).runInit,
  },
  {
    name: "generate",
    summary: "Write types, codecs, typed producers and handlers for the schemas.",
    options: ["check", "watch", "docs", "project", "schemas", "out", "json"],
    example: "keryx generate --check",
    load: async () => (await import("./generate.ts")).runGenerate,
  },
  {
    name: "lint",
    summary: "Check the schemas and their delivery policy; exit 3 when there is an error.",
    options: ["project", "schemas", "json"],
    example: "keryx lint --json",
    load: async () => (await import("./lint.ts")).runLint,
  },
  {
    name: "compat",
    summary:
      "Judge a schema against older versions of it: would the registry take it, and do bytes keep their meaning.",
    argument: {
      name: "file",
      meaning: "old schema files, oldest first, then the new one; .proto or .avsc, no project needed",
      isList: true,
    },
    options: ["level", "dialect", "verdict", "type", "import", "json", "batch"],
    example: "keryx compat old.proto new.proto --level FULL_TRANSITIVE",
    load: async () => (await import("./compat.ts")).runCompat,
  },
  {
    name: "register",
    summary:
      "Register the schemas of events, imports before those that need them, and write down in schemas.lock.json what was registered.",
    argument: {
      name: "event",
      meaning: "event type, full name or simple name; none: all events",
      isList: true,
    },
    options: ["dryRun", "project", "schemas", "json"],
    example: "keryx register --dry-run",
    load: async () => (await import("./register.ts")).runRegister,
  },
  {
    name: "lock release",
    summary:
      "Make a version in schemas.lock.json of what the schemas say, for teams whose services register when they start.",
    argument: {
      name: "event",
      meaning: "event type, full name or simple name; none: all events",
      isList: true,
    },
    options: ["dryRun", "project", "schemas", "json"],
    example: "keryx lock release order.placed",
    load: async () => (await import("./lock.ts")).runLockRelease,
  },
  {
    name: "lock merge",
    summary:
      "Put schemas.lock.json together again where git stopped at a merge conflict: the released versions of both sides stay.",
    options: ["project", "json"],
    example: "keryx lock merge",
    load: async () => (await import("./lock.ts")).runLockMerge,
  },
  {
    name: "check",
    summary:
      "Compare schemas and delivery policy with what was released, a git commit or a registry; exit 3 when the answer is no.",
    options: ["against", "format", "strict", "project", "schemas"],
    example: "keryx check --against git:origin/main --format github",
    load: async () => (await import("./check.ts")).runCheck,
  },
  {
    name: "explain",
    summary: "Show the delivery policy of an event and where each value comes from.",
    argument: { name: "event", meaning: "event type, full name or simple name" },
    options: ["project", "schemas", "json"],
    example: "keryx explain order.placed",
    load: async () => (await import("./explain.ts")).runExplain,
  },
  {
    name: "bench codec",
    summary:
      "Compare the serializations of an event on this machine: sizes, also compressed, and times, beside other libraries that are installed.",
    argument: { name: "event", meaning: "event type, full name or simple name" },
    options: ["value", "project", "schemas", "json"],
    example: "keryx bench codec order.placed",
    load: async () => (await import("./bench-codec.ts")).runBenchCodec,
  },
  {
    name: "config explain",
    summary: "Show every setting and where its value comes from; secrets are masked.",
    options: ["project", "json"],
    example: "keryx config explain",
    load: async () => (await import("./config-explain.ts")).runConfigExplain,
  },
  {
    name: "dev",
    summary:
      "Run a Kafka and a schema registry in this process, in memory, with the topics and subjects of this project, until Ctrl-C.",
    options: [
      "kafkaPort",
      "registryPort",
      "brokers",
      "host",
      "autoCreate",
      "dialect",
      "empty",
      "saslUser",
      "tls",
      "project",
      "schemas",
      "json",
    ],
    example: "keryx dev --brokers 3",
    load: async () => (await import("./dev.ts")).runDev,
  },
];

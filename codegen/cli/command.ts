/** 0 done or yes, 1 error, 2 wrong usage, 3 checked and the answer is no. */
export type ExitCode = 0 | 1 | 2 | 3;

/** What a command may see of its process, so that it can be run inside another one. */
export interface Io {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Colour on each stream: a terminal, and no `NO_COLOR`. */
  readonly color: { readonly out: boolean; readonly note: boolean };
  /** Data: standard output. */
  out(text: string): void;
  /** Everything else: standard error. */
  note(text: string): void;
  /** Standard input. Absent: there is none. */
  readonly input?: AsyncIterable<Uint8Array>;
  /** Resolves when what was given to `out` has left; false when nobody reads it any more. Absent: at once. */
  drained?(): Promise<boolean>;
  /** Resolves at Ctrl-C or SIGTERM, which then no longer end the process by themselves. Absent: never. */
  interrupted?(): Promise<void>;
  /** Columns of the terminal; absent: not a terminal. */
  readonly columns?: number;
}

export interface CommandOptions {
  readonly project?: string;
  readonly schemas?: string;
  readonly out?: string;
  readonly json?: boolean;
  readonly check?: boolean;
  readonly watch?: boolean;
  readonly docs?: boolean;
  readonly value?: string;
  readonly level?: string;
  readonly dialect?: string;
  readonly verdict?: string;
  readonly type?: string;
  readonly import?: readonly string[];
  readonly batch?: boolean;
  readonly against?: string;
  readonly format?: string;
  readonly strict?: boolean;
  readonly dryRun?: boolean;
  readonly kafkaPort?: string;
  readonly registryPort?: string;
  readonly brokers?: string;
  readonly host?: string;
  readonly autoCreate?: boolean;
  readonly empty?: boolean;
  readonly saslUser?: readonly string[];
  readonly tls?: boolean;
}

export interface Invocation {
  readonly arguments: readonly string[];
  readonly options: CommandOptions;
  readonly io: Io;
}

export type Run = (call: Invocation) => Promise<ExitCode>;

/** One row of a command table. */
export interface CommandRow {
  /** Words of the command, for example `config explain`. */
  readonly name: string;
  readonly summary: string;
  readonly argument?: {
    readonly name: string;
    readonly meaning: string;
    /** Any number of them, none included. Default: exactly one. */
    readonly isList?: true;
  };
  readonly options: readonly (keyof typeof commandOptions)[];
  readonly example: string;
  /** Loads the code behind the command: a command costs only what it needs itself. */
  readonly load: () => Promise<Run>;
}

/** An argument as usage lines write it. */
export function showArgument({ name, isList }: NonNullable<CommandRow["argument"]>): string {
  return isList === true ? `[${name}...]` : `<${name}>`;
}

/** Flags and their meaning, the same wherever they appear. */
export const commandOptions: Readonly<
  Record<keyof CommandOptions, readonly [flag: string, meaning: string, repeatable?: "repeatable"]>
> = {
  project: [
    "--project <folder>",
    "root of the project (default: the nearest folder upwards with a keryx.yaml, else this folder)",
  ],
  schemas: [
    "--schemas <folder>",
    "folder of the schemas, inside the project (default: schemas.dir of keryx.yaml, else schemas)",
  ],
  out: [
    "--out <folder>",
    "folder of the generated code, inside the project (default: schemas.out of keryx.yaml, else generated)",
  ],
  check: ["--check", "write nothing; exit 3 and name the files that are missing, changed or orphaned"],
  watch: ["--watch", "generate again whenever a schema or keryx.yaml changes, until Ctrl-C"],
  docs: [
    "--docs",
    "also write docs/reference/events.md and an AsyncAPI 3 document, docs/reference/asyncapi.yaml",
  ],
  value: [
    "--value <file>",
    "JSON file with a value of the event, as its JSON serialization has it (default: one made from the schema)",
  ],
  json: ["--json", "print JSON"],
  level: ["--level <level>", "compatibility level, for example FULL_TRANSITIVE (default: BACKWARD)"],
  dialect: [
    "--dialect <name>",
    "registry whose rules are asked, for example confluent-7.6.1 or confluent-head (default: registry.dialect of keryx.yaml, else confluent-8)",
  ],
  verdict: [
    "--verdict <which>",
    "verdicts that decide the exit code: registry, wire or both (default: both)",
  ],
  type: ["--type <type>", "AVRO or PROTOBUF, whatever the file names say"],
  import: [
    "--import <folder>",
    "folder to look for imports in, after each schema's own folder; may be repeated",
    "repeatable",
  ],
  dryRun: ["--dry-run", "show what would be done; write nothing, anywhere"],
  batch: [
    "--batch",
    "read questions from standard input, one JSON object a line, and answer each with a line",
  ],
  against: [
    "--against <baseline>",
    "what to compare with: lock, git:<branch, tag or commit>, or registry:<url> (default: lock)",
  ],
  format: ["--format <name>", "text, json, sarif or github (default: text)"],
  strict: ["--strict", "warnings, too, make the answer no"],
  kafkaPort: [
    "--kafka-port <port>",
    "port of the first broker, the others take the ports behind it; 0: free ones (default: 9092)",
  ],
  registryPort: ["--registry-port <port>", "port of the registry; 0: a free one (default: 8081)"],
  brokers: ["--brokers <count>", "brokers of the cluster (default: 1)"],
  host: ["--host <name>", "host that is bound and told to clients (default: 127.0.0.1)"],
  autoCreate: ["--auto-create", "topics that a client asks for are created (default: off)"],
  empty: ["--empty", "create no topics and register nothing; no project needed"],
  saslUser: [
    "--sasl-user <name:password>",
    "clients must log in, by SCRAM or PLAIN; may be repeated",
    "repeatable",
  ],
  tls: ["--tls", "Kafka speaks TLS, with an authority and a certificate made for this run"],
};

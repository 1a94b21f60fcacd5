import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { kafkaClassPath } from "../support/servers/artifacts.ts";
import { fromDebian, fromGo, fromMaven, fromNpm, fromPip, type Installation } from "./install.ts";

/** How a peer's program is started. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Somebody else's client. */
export interface Peer {
  readonly name: string;
  /** Absent until it is installed. */
  program(): Program | undefined;
  /** @throws PeerUnavailable */
  install(): Promise<Program>;
}

const own = import.meta.dirname;
const node = (peer: string, modules: string): Program => ({
  command: process.execPath,
  args: ["--disable-warning=TimeoutNegativeWarning", join(own, peer, "peer.mjs")],
  env: { MODULES: modules },
});

function peer(name: string, installation: Installation, programOf: (folder: string) => Program): Peer {
  return {
    name,
    program() {
      const folder = installation.folder();
      return folder === undefined ? undefined : programOf(folder);
    },
    install: async () => programOf(await installation.install()),
  };
}

const python = (name: string): Peer =>
  peer(name, fromPip(name), (folder) => ({
    command: join(folder, "venv", "bin", "python"),
    args: ["-B", join(own, name, "peer.py")],
    env: { PYTHONPATH: own },
  }));

/** kafkajs comes with this repository. */
const kafkajs: Peer = {
  name: "kafkajs",
  program: () => node("kafkajs", own),
  install: async () => node("kafkajs", own),
};

const java = peer(
  "java",
  fromMaven("java", () => kafkaClassPath("4.3.1")),
  (folder) => ({
    command: process.env["JAVA_HOME"] ? join(process.env["JAVA_HOME"], "bin", "java") : "java",
    args: [
      "-Xmx256m",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
      "-cp",
      readFileSync(join(folder, "classpath"), "utf8"),
      "Peer",
    ],
  }),
);

const kcat = peer("kcat", fromDebian("kcat"), (folder) => ({
  ...node("kcat", own),
  env: {
    KCAT: join(folder, "root", "usr", "bin", "kcat"),
    KCAT_LIBRARIES: join(folder, "root", "usr", "lib", libraries(folder)),
  },
}));

/** Debian keeps libraries under the name of the machine's kind. */
function libraries(folder: string): string {
  const kinds = ["x86_64-linux-gnu", "aarch64-linux-gnu"];
  return kinds.find((kind) => existsSync(join(folder, "root", "usr", "lib", kind))) ?? "";
}

export const peers: readonly Peer[] = [
  kafkajs,
  peer("platformatic", fromNpm("platformatic"), (folder) => node("platformatic", folder)),
  peer(
    "confluent-javascript",
    fromNpm("confluent-javascript", { native: "@confluentinc/kafka-javascript" }),
    (folder) => node("confluent-javascript", folder),
  ),
  python("confluent-python"),
  python("kafka-python"),
  kcat,
  java,
  peer("franz-go", fromGo("franz-go"), (folder) => ({ command: join(folder, "peer"), args: [] })),
];

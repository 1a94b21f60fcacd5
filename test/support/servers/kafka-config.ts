/** Where one node listens. */
export interface NodePorts {
  readonly broker: number;
  readonly controller: number;
}

export interface NodeLayout {
  readonly id: number;
  readonly nodes: readonly NodePorts[];
  readonly dataFolder: string;
  readonly version: string;
  /** Listeners besides the plain one and the controller's: name, port and protocol. */
  readonly listeners?: readonly ExtraListener[];
  /** Further lines; they win over ours. */
  readonly extra?: Readonly<Record<string, string>>;
}

export interface ExtraListener {
  readonly name: string;
  readonly port: number;
  readonly protocol: "SASL_PLAINTEXT" | "SSL";
}

/** `server.properties` of one node that is broker and controller in one process. */
export function nodeProperties(layout: NodeLayout): string {
  const { id, nodes, listeners = [] } = layout;
  const own = nodes[id - 1];
  if (!own) throw new Error(`node ${id} of ${nodes.length}`);
  const copies = String(nodes.length);
  const inSync = String(Math.min(2, nodes.length));
  const extraListeners = listeners.map(({ name, port }) => `,${name}://127.0.0.1:${port}`).join("");
  const properties: Record<string, string> = {
    "process.roles": "broker,controller",
    "node.id": String(id),
    "controller.listener.names": "CONTROLLER",
    "controller.quorum.voters": nodes.map((ports, i) => `${i + 1}@127.0.0.1:${ports.controller}`).join(","),
    listeners: `PLAINTEXT://127.0.0.1:${own.broker}${extraListeners},CONTROLLER://127.0.0.1:${own.controller}`,
    "log.dirs": layout.dataFolder,
    // The default of 128 MB is really taken.
    "log.cleaner.dedupe.buffer.size": "4194304",
    "offsets.topic.replication.factor": copies,
    "transaction.state.log.replication.factor": copies,
    "transaction.state.log.min.isr": inSync,
    "default.replication.factor": copies,
    "min.insync.replicas": inSync,
    "offsets.topic.num.partitions": "5",
    "transaction.state.log.num.partitions": "5",
    "group.initial.rebalance.delay.ms": "0",
    // A mistyped topic must fail instead of appearing.
    "auto.create.topics.enable": "false",
    // A third of the defaults: decides how long every kill test takes.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
  };
  if (listeners.length > 0) {
    const map = listeners.map(({ name, protocol }) => `,${name}:${protocol}`).join("");
    properties["listener.security.protocol.map"] = `PLAINTEXT:PLAINTEXT${map},CONTROLLER:PLAINTEXT`;
    properties["inter.broker.listener.name"] = "PLAINTEXT";
  }
  // The 3.9 line keeps the newer group protocol switched off.
  if (layout.version.startsWith("3."))
    properties["group.coordinator.rebalance.protocols"] = "classic,consumer";
  return Object.entries({ ...properties, ...layout.extra })
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

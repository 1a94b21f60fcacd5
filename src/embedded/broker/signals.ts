/** What the broker says about itself. */
export type BrokerSignal = Readonly<
  | { kind: "broker.started" | "broker.stopped"; broker: number }
  | ({ kind: "request.received" } & RequestNote)
  | {
      kind: "connection.closed";
      connection: number;
      broker: number;
      /** Why, when it was the broker that closed it. */
      reason?: string;
    }
  | ({ kind: "fault.hit"; effect: string } & RequestNote)
  | { kind: "group.changed"; group: string; state: string; generation: number; members: number }
  | { kind: "offsets.committed"; group: string; topic: string; partition: number; offset: number }
  | { kind: "transaction.ended"; transactionalId: string; isCommit: boolean }
  | { kind: "topic.created"; topic: string; partitions: number }
  | { kind: "topic.deleted"; topic: string }
  | { kind: "leader.moved"; topic: string; partition: number; broker: number }
>;

/** A request as the ring of the last ones keeps it. */
export interface RequestNote {
  readonly api: string;
  readonly version: number;
  readonly broker: number;
  readonly connection: number;
  readonly clientId: string | null;
}

/** What the broker says about itself. */
export type BrokerSignal =
  | { readonly kind: "broker.started"; readonly broker: number }
  | { readonly kind: "broker.stopped"; readonly broker: number }
  | ({ readonly kind: "request.received" } & RequestNote)
  | {
      readonly kind: "connection.closed";
      readonly connection: number;
      readonly broker: number;
      /** Why, when it was the broker that closed it. */
      readonly reason?: string;
    }
  | ({ readonly kind: "fault.hit"; readonly effect: string } & RequestNote)
  | {
      readonly kind: "group.changed";
      readonly group: string;
      readonly state: string;
      readonly generation: number;
      readonly members: number;
    }
  | {
      readonly kind: "offsets.committed";
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
    }
  | { readonly kind: "transaction.ended"; readonly transactionalId: string; readonly isCommit: boolean }
  | { readonly kind: "topic.created"; readonly topic: string; readonly partitions: number }
  | { readonly kind: "topic.deleted"; readonly topic: string }
  | {
      readonly kind: "leader.moved";
      readonly topic: string;
      readonly partition: number;
      readonly broker: number;
    };

/** A request as the ring of the last ones keeps it. */
export interface RequestNote {
  readonly api: string;
  readonly version: number;
  readonly broker: number;
  readonly connection: number;
  readonly clientId: string | null;
}

import {
  fingerprintOf,
  type Lock,
  type LockedContract,
  type LockedVersion,
} from "../../codegen/model/lock.ts";

/** What an event promises, for lock files made by hand. */
export function contractOf(subject: string, policy: Partial<LockedContract["policy"]> = {}): LockedContract {
  return {
    format: "avro",
    subject,
    policy: {
      ...{ type: "t", topic: "t", compatibility: "BACKWARD", retry: { delaysMs: [] }, deadLetter: "t-dlq" },
      ...{ ordered: false, sensitive: [] },
      ...policy,
    },
  };
}

/** A released Avro schema. */
export function versionOf(schema: string, rest: Partial<LockedVersion> = {}): LockedVersion {
  return { fingerprint: fingerprintOf(schema), index: [], references: [], schema, ...rest };
}

/** A lock file that knows one version of one event. */
export function releasedLock(event: string): Lock {
  const schema = JSON.stringify({ type: "record", name: event, fields: [] });
  const entry = { released: contractOf(`${event}-value`), versions: [versionOf(schema)] };
  return { events: new Map([[event, entry]]) };
}

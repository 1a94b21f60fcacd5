import type { Decoded } from "../../serde/deserializer.ts";
import { classifyDecode, nameFailure } from "./classify.ts";
import type { Pass, Settlement, Step } from "./pass.ts";

/** Turns the value into an event, or finds out why it is none. A null value is a tombstone, which has no event. */
export function createDecode(onUnhandled: "deadLetter" | "skip"): Step {
  const unhandled = (pass: Pass, name: string): Settlement | undefined => {
    if (onUnhandled === "skip") return { kind: "skip", reason: "unhandled-event" };
    pass.failure = nameFailure("unhandled-event", "unhandled-event", `No handler takes ${name}`);
    return undefined;
  };

  const found = (pass: Pass, decoded: Decoded): Settlement | undefined => {
    pass.schemaId = decoded.schemaId;
    const name = decoded.kind === "decoded" ? decoded.event.name : decoded.name;
    pass.known = pass.work.partition.route.events.get(name);
    pass.eventType = pass.known?.event.type ?? name;
    const isHandled = pass.known?.handler !== undefined || pass.known?.batch !== undefined;
    if (!isHandled || decoded.kind === "unhandled")
      return unhandled(pass, `${name} on ${pass.work.partition.route.topic}`);
    pass.value = decoded.value;
    return undefined;
  };

  const failed = (pass: Pass, error: unknown): undefined => {
    pass.thrown = { error, where: "decode" };
    return undefined;
  };

  return (pass) => {
    const { record, partition } = pass.work;
    if (record.value === null) {
      pass.value = null;
      return partition.route.tombstone
        ? undefined
        : unhandled(pass, `tombstones on ${partition.route.topic}`);
    }
    try {
      const decoded = partition.route.deserializer.decode(record);
      if (!(decoded instanceof Promise)) return found(pass, decoded);
      return { kind: "pending", until: decoded, resolved: found, rejected: failed };
    } catch (error) {
      return failed(pass, error);
    }
  };
}

/** Gives a decode failure its class; a registry that cannot be asked holds the partition instead. */
export function createClassify(report: (pass: Pass, reason: string) => void): Step {
  return (pass) => {
    const { thrown } = pass;
    if (!thrown) return undefined;
    const failure = classifyDecode(thrown.error);
    if (!failure) return { kind: "hold", cause: "registry", error: thrown.error };
    pass.failure = failure;
    pass.schemaId ??= readSchemaId(pass.work.record.value);
    report(pass, failure.code);
    return undefined;
  };
}

// The frame of a value that could not be decoded: magic byte 0, then the id in four bytes.
function readSchemaId(value: Uint8Array | null): number | undefined {
  if (!value || value.length < 5 || value[0] !== 0) return undefined;
  return new DataView(value.buffer, value.byteOffset).getUint32(1);
}

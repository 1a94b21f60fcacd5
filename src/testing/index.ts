// What a test imports from "keryx/testing".
export type { Clock } from "../core/clock.ts";
export type { Fault, FaultList } from "../core/fault-list.ts";
export type { FaultEffect, FaultMatch, Faults } from "../embedded/broker/faults.ts";
export { createDevBroker, type DevBroker } from "../embedded/broker/index.ts";
export type { PartitionLag } from "../embedded/broker/lag.ts";
export type {
  DevBrokerOptions,
  ListenerOptions,
  ListenerSasl,
  ListenerTls,
  NewTopic,
} from "../embedded/broker/options.ts";
export type { BrokerSignal } from "../embedded/broker/signals.ts";
export type { GroupView } from "../embedded/broker/verbs.ts";
export type {
  RegistryFaultEffect,
  RegistryFaultMatch,
  RegistryFaults,
} from "../embedded/registry/faults.ts";
export { createDevRegistry, type DevRegistry } from "../embedded/registry/index.ts";
export type { DevRegistryOptions } from "../embedded/registry/options.ts";
export type { TestClock } from "./clock.ts";
export type { ProcessedOptions } from "./processed.ts";
export type {
  ChaosProxyOptions,
  ProxyEvent,
  ProxyFault,
  ProxyStream,
  RuleEffect,
  RuleMatch,
  RuleOptions,
  Toxic,
  ToxicScope,
} from "./proxy/options.ts";
export { type ChaosProxy, createChaosProxy } from "./proxy/proxy.ts";
export type { TestRecord } from "./records.ts";
export { findViolations } from "./reliability/checker.ts";
export {
  createEffectLog,
  type Effect,
  type EffectLog,
  type NewEffect,
  readEffectLog,
  toEffect,
} from "./reliability/effect-log.ts";
export {
  type FinalOffset,
  type FinalPartition,
  type FinalRead,
  type FinalRecord,
  readFinal,
  toDigest,
} from "./reliability/final-read.ts";
export {
  type CollectedHistory,
  collectHistory,
  createHistoryLog,
  type HistoryEntry,
  type HistoryLog,
  type HistoryRecord,
  type MessageRef,
  type Place,
  type Result,
  readHistories,
} from "./reliability/history.ts";
export { type FlowPolicy, type RunPolicy, toFlowPolicy, topicsOf } from "./reliability/policy.ts";
export { type Residue, recordResidue, recordSend, recordSignals } from "./reliability/recorder.ts";
export type { Invariant, Violation } from "./reliability/violations.ts";
export { startTestServers, type TestServers, type TestServersOptions } from "./servers.ts";

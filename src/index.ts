// What a service imports from "keryx". What generated code imports stands in runtime/v1.
export type {
  App,
  Consumer,
  ConsumerOptions,
  OrderMode,
  ProducerStats,
  SendOptions,
  SendResult,
  TopicProducer,
} from "./core/app.ts";
export { BatchFailure, type BatchHandler, type BatchItem, type BatchOptions } from "./core/batch.ts";
export type { Clock } from "./core/clock.ts";
export { type ErrorCode, errorTable, KeryxError } from "./core/errors.ts";
export type { Codec, CompatibilityLevel, EventPolicy, EventType, TopicDefinition } from "./core/event.ts";
export {
  compose,
  type Delivery,
  type Handler,
  type HandlerResult,
  type Middleware,
  type Outcome,
  type ShippedStep,
  type Stage,
  type TombstoneHandler,
} from "./core/handler.ts";
export type {
  AppHealth,
  ConsumerHealth,
  ExpectedState,
  HealthState,
  PartitionHealth,
} from "./core/health.ts";
export type { LogFields, Logger, LogValue } from "./core/logger.ts";
export type { Header } from "./core/record.ts";
export type { ReplayOptions, ReplayRange, ReplayResult } from "./core/replay.ts";
export type { Observe, OutcomeLabel, RecordRef, Signal } from "./core/signals.ts";
export {
  type ConnectOptions,
  type CountName,
  type Counts,
  connect,
  createCounts,
  type KeryxApp,
  type Series,
} from "./keryx.ts";
export { filter } from "./middleware/filter.ts";
export { timeout } from "./middleware/timeout.ts";
export type { HealthOptions } from "./observe/options.ts";
export type { DeadLetterCallback, ProducerDeadLetter, ProducerOptions } from "./producer/options.ts";
export type { RegistryAuth, RegistryOptions } from "./registry/options.ts";
export type { SchemaRegistry } from "./registry/port.ts";
export type { OauthToken, SaslOptions, TlsOptions, TransportOptions } from "./transport/options.ts";

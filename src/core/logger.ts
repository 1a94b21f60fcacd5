/** Values of a log line's fields. Objects are not logged: payloads do not belong in logs. */
export type LogValue = string | number | bigint | boolean | null | undefined | Error;

/** Fields of a log line by name. Values of fields with a secret's name are masked. */
export type LogFields = Readonly<Record<string, LogValue>>;

/** Writes structured log lines. Inside a handler each line carries the ids of the record under way. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

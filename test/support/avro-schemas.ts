// Avro schemas as JSON, in few words.

export const record = (name: string, fields: readonly unknown[] = [], more: object = {}): object => ({
  type: "record",
  name,
  fields,
  ...more,
});

export const field = (name: string, type: unknown, more: object = {}): object => ({ name, type, ...more });

export const enumOf = (name: string, symbols: readonly string[], more: object = {}): object => ({
  type: "enum",
  name,
  symbols,
  ...more,
});

export const fixed = (name: string, size: number, more: object = {}): object => ({
  type: "fixed",
  name,
  size,
  ...more,
});

export const array = (items: unknown): object => ({ type: "array", items });

export const map = (values: unknown): object => ({ type: "map", values });

export const logical = (type: string, logicalType: string): object => ({ type, logicalType });

export const decimal = (precision: number, scale: number): object => ({
  type: "bytes",
  logicalType: "decimal",
  precision,
  scale,
});

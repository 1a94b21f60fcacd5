declare const brand: unique symbol;

/** A calendar day as text, `YYYY-MM-DD`; years outside 0–9999 carry a sign and six digits or more. */
export type LocalDate = string & { readonly [brand]: "LocalDate" };

/**
 * An RFC 9562 UUID as text, for example `123e4567-e89b-12d3-a456-426614174000`. What `crypto.randomUUID()` gives is
 * one by its type; other text goes through `uuid()`. Encoding validates either.
 */
export type Uuid =
  | (string & { readonly [brand]: "Uuid" })
  | `${string}-${string}-${string}-${string}-${string}`;

/** An exact decimal number: `unscaled / 10 ** scale`. */
export interface Decimal {
  readonly unscaled: bigint;
  /** Digits after the decimal point; must equal the schema's. */
  readonly scale: number;
}

/** An Avro duration; each part is an unsigned 32-bit number. */
export interface Duration {
  readonly months: number;
  readonly days: number;
  readonly milliseconds: number;
}

import { z } from "zod";
import { KeryxError } from "../core/errors.ts";

/** Names files rather than contents, so that a rotated certificate is picked up by the next connection. */
export interface TlsOptions {
  /** PEM file of the authorities to trust. Default: those that Node trusts. */
  readonly caPath?: string;
  /** PEM file of the client certificate, for brokers that ask for one. Needs `keyPath`. */
  readonly certPath?: string;
  /** PEM file of the client key. Needs `certPath`. */
  readonly keyPath?: string;
  /** Opens an encrypted client key. */
  readonly keyPassphrase?: string;
  /** Host name that the broker's certificate must bear. Default: the host that is connected to. */
  readonly serverName?: string;
  /** Default true. False accepts any certificate and so any attacker in between; it is reported loudly. */
  readonly rejectUnauthorized?: boolean;
  /** Default TLSv1.2. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
}

/** A bearer token and, where known, when it ends (epoch milliseconds). */
export interface OauthToken {
  readonly value: string;
  readonly expiresAtMs?: number;
}

/** How to log in to the brokers. */
export type SaslOptions =
  | {
      readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
      readonly username: string;
      readonly password: string;
    }
  | {
      readonly mechanism: "aws";
      readonly authorizationIdentity: string;
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken?: string;
    }
  | {
      readonly mechanism: "oauthbearer";
      /** Asked before each login. Only code can give it: a function has no place in a file. */
      readonly token: () => Promise<OauthToken>;
    };

/** How to reach the Kafka cluster: one set of options for all clients of an app. */
export interface TransportOptions {
  /** `host:port` of one or more brokers; the others are learnt from them. Default `127.0.0.1:9092`. */
  readonly brokers: readonly string[];
  /** Name of this client in the brokers' logs and quotas. Default `keryx`. */
  readonly clientId: string;
  /** `true` for TLS with Node's own authorities. Default false. */
  readonly tls: boolean | TlsOptions;
  /** Default: no login. */
  readonly sasl?: SaslOptions;
  /** Lets PLAIN and OAUTHBEARER send their secret without TLS. Default false: such a set-up is refused. */
  readonly allowInsecure: boolean;
  /** Longest wait for a connection, milliseconds. Default 3000: far enough for a handshake across continents. */
  readonly connectionTimeoutMs: number;
  /** Longest wait for an answer of metadata and administration requests, milliseconds. Default 15000. */
  readonly requestTimeoutMs: number;
  /** Largest output of one decompressed batch, bytes. Default 64 MiB: a bomb fails instead of filling memory. */
  readonly maxDecompressedBytes: number;
  /** Largest ratio of output to input of a compressed batch. Default 1000; small outputs (1 MiB) are exempt. */
  readonly maxDecompressionRatio: number;
}

export const transportDefaults: TransportOptions = {
  brokers: ["127.0.0.1:9092"],
  clientId: "keryx",
  tls: false,
  allowInsecure: false,
  connectionTimeoutMs: 3_000,
  requestTimeoutMs: 15_000,
  maxDecompressedBytes: 64 * 1024 * 1024,
  maxDecompressionRatio: 1_000,
};

const text = z.string().min(1);

const tlsSchema: z.ZodType<TlsOptions> = z.strictObject({
  caPath: text.exactOptional(),
  certPath: text.exactOptional(),
  keyPath: text.exactOptional(),
  keyPassphrase: z.string().exactOptional(),
  serverName: text.exactOptional(),
  rejectUnauthorized: z.boolean().exactOptional(),
  minVersion: z.enum(["TLSv1.2", "TLSv1.3"]).exactOptional(),
});

const saslSchema: z.ZodType<SaslOptions> = z.discriminatedUnion("mechanism", [
  z.strictObject({
    mechanism: z.enum(["plain", "scram-sha-256", "scram-sha-512"]),
    username: text,
    password: text,
  }),
  z.strictObject({
    mechanism: z.literal("aws"),
    authorizationIdentity: text,
    accessKeyId: text,
    secretAccessKey: text,
    sessionToken: text.exactOptional(),
  }),
  z.strictObject({
    mechanism: z.literal("oauthbearer"),
    token: z.custom<() => Promise<OauthToken>>((value) => typeof value === "function", {
      error: "must be a function that returns a token; set it in code",
    }),
  }),
]);

const brokerAddress = z.string().regex(/^[^\s:/]+:[1-9][0-9]{0,4}$/, "must be host:port");

/** Shape of the transport's part of the configuration. */
export const transportSchema: z.ZodType<TransportOptions> = z.strictObject({
  brokers: z.array(brokerAddress).min(1),
  clientId: text,
  tls: z.union([z.boolean(), tlsSchema]),
  sasl: saslSchema.exactOptional(),
  allowInsecure: z.boolean(),
  connectionTimeoutMs: z.int().min(100).max(120_000),
  requestTimeoutMs: z.int().min(500).max(300_000),
  maxDecompressedBytes: z.int().min(1024),
  maxDecompressionRatio: z.number().min(10),
});

/**
 * Fills in defaults and refuses what cannot be right.
 * @throws `config_invalid` with the path of each wrong setting in `details.issues`.
 */
export function resolveTransportOptions(given: Partial<TransportOptions> = {}): TransportOptions {
  const parsed = transportSchema.safeParse({ ...transportDefaults, ...given });
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
    throw refusal(issues.map(({ path, message }) => `${path}: ${message}`).join("; "), issues);
  }
  const options = parsed.data;
  const isTls = options.tls !== false;
  const mechanism = options.sasl?.mechanism;
  if ((mechanism === "plain" || mechanism === "oauthbearer") && !isTls && !options.allowInsecure) {
    throw refusal(
      `sasl.mechanism: ${mechanism} sends its secret in the clear without TLS; set \`tls\`, choose scram-sha-512, or accept it with \`allowInsecure: true\``,
    );
  }
  if (
    typeof options.tls === "object" &&
    (options.tls.certPath === undefined) !== (options.tls.keyPath === undefined)
  ) {
    throw refusal("tls: certPath and keyPath belong together; one of them is missing");
  }
  return options;
}

function refusal(message: string, issues: readonly unknown[] = []): KeryxError {
  return new KeryxError("config_invalid", message, { details: { issues } });
}

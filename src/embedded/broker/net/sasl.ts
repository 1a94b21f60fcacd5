import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import type { ListenerSasl, SaslMechanism } from "../options.ts";

const allMechanisms: readonly SaslMechanism[] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

/** What one step of an authentication comes to. */
export type SaslStep =
  | { readonly kind: "more"; readonly answer: Buffer }
  | { readonly kind: "done"; readonly answer: Buffer; readonly user: string }
  | { readonly kind: "refused"; readonly message: string };

/** Who a connection has proved to be. */
export interface Session {
  /** Mechanisms to choose from; empty where the listener asks for none. */
  readonly mechanisms: readonly SaslMechanism[];
  /** 0: it holds for ever. */
  readonly lifetimeMs: number;
  /** True while requests other than those of authentication are served. */
  isOpen(nowMs: number): boolean;
  /** False for an unknown mechanism. */
  choose(mechanism: string): boolean;
  step(token: Buffer, nowMs: number): SaslStep;
  /** The connection is to be closed behind the answer. */
  readonly isFailed: () => boolean;
}

/** The session of a new connection. */
export function createSession(sasl: ListenerSasl | undefined): Session {
  const mechanisms = sasl === undefined ? [] : (sasl.mechanisms ?? allMechanisms);
  const lifetimeMs = sasl?.sessionLifetimeMs ?? 0;
  let exchange: ((token: Buffer) => SaslStep) | undefined;
  let openUntilMs = sasl === undefined ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  let isFailed = false;
  return {
    mechanisms,
    lifetimeMs,
    isOpen: (nowMs) => nowMs < openUntilMs,
    choose(mechanism) {
      const chosen = mechanisms.find((one) => one === mechanism);
      if (chosen === undefined || sasl === undefined) return false;
      exchange = startExchange(chosen, sasl.users);
      return true;
    },
    step(token, nowMs) {
      const step = exchange?.(token) ?? { kind: "refused", message: "no mechanism was chosen" };
      if (step.kind === "refused") isFailed = true;
      if (step.kind === "done")
        openUntilMs = lifetimeMs === 0 ? Number.POSITIVE_INFINITY : nowMs + lifetimeMs;
      return step;
    },
    isFailed: () => isFailed,
  };
}

type Users = Readonly<Record<string, string>>;

const wrong: SaslStep = { kind: "refused", message: "Authentication failed: Invalid username or password" };

function startExchange(mechanism: SaslMechanism, users: Users): (token: Buffer) => SaslStep {
  const passwordOf = (user: string): string | undefined =>
    Object.hasOwn(users, user) ? users[user] : undefined;
  if (mechanism === "PLAIN") return (token) => plain(token, passwordOf);
  if (mechanism === "OAUTHBEARER") return oauth;
  return startScram(mechanism === "SCRAM-SHA-256" ? "sha256" : "sha512", passwordOf);
}

/** RFC 4616: authorization id, user and password, parted by zero bytes. */
function plain(token: Buffer, passwordOf: (user: string) => string | undefined): SaslStep {
  const [, user = "", password] = token.toString().split("\0");
  const expected = passwordOf(user);
  const isRight =
    expected !== undefined && password !== undefined && isEqual(Buffer.from(password), Buffer.from(expected));
  return isRight ? { kind: "done", answer: Buffer.alloc(0), user } : wrong;
}

/** RFC 7628 with an unsecured token (RFC 7519, section 6), for tests: only its subject is read. */
function oauth(token: Buffer): SaslStep {
  const claims = /auth=Bearer [\w-]+\.([\w-]+)\./.exec(token.toString())?.[1];
  try {
    const { sub } = JSON.parse(Buffer.from(claims ?? "", "base64url").toString());
    if (typeof sub === "string") return { kind: "done", answer: Buffer.alloc(0), user: sub };
  } catch {
    // Told below: whatever is wrong with a token, it is refused.
  }
  return { kind: "refused", message: '{"status":"invalid_token"}' };
}

const iterations = 4096;

/** RFC 5802, without channel binding. */
function startScram(
  hash: "sha256" | "sha512",
  passwordOf: (user: string) => string | undefined,
): (token: Buffer) => SaslStep {
  const hmac = (key: Buffer, text: Buffer | string): Buffer => createHmac(hash, key).update(text).digest();
  let first:
    | { readonly user: string; readonly bare: string; readonly server: string; readonly salt: Buffer }
    | undefined;
  return (token) => {
    const text = token.toString();
    if (first === undefined) {
      const found = /^[ny],[^,]*,(n=([^,]*),r=([^,]+).*)$/.exec(text);
      const [, bare, name, nonce] = found ?? [];
      if (bare === undefined || name === undefined)
        return { kind: "refused", message: "malformed SCRAM message" };
      const salt = randomBytes(16);
      const server = `r=${nonce}${randomBytes(18).toString("base64")},s=${salt.toString("base64")},i=${iterations}`;
      first = { user: name.replaceAll("=2C", ",").replaceAll("=3D", "="), bare, server, salt };
      return { kind: "more", answer: Buffer.from(server) };
    }
    const { user, bare, server, salt } = first;
    const found = /^(c=[^,]*,r=([^,]+)),p=(.+)$/.exec(text);
    const password = passwordOf(user);
    if (found === null || !server.startsWith(`r=${found[2]},`) || password === undefined) return wrong;
    const salted = pbkdf2Sync(password, salt, iterations, hash === "sha256" ? 32 : 64, hash);
    const clientKey = hmac(salted, "Client Key");
    const authMessage = `${bare},${server},${found[1]}`;
    const signature = hmac(createHash(hash).update(clientKey).digest(), authMessage);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    if (!isEqual(proof, Buffer.from(found[3] ?? "", "base64"))) return wrong;
    const verifier = hmac(hmac(salted, "Server Key"), authMessage).toString("base64");
    return { kind: "done", answer: Buffer.from(`v=${verifier}`), user };
  };
}

function isEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

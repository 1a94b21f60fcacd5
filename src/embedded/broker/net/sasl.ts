import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import type { ListenerSasl, SaslMechanism } from "../options.ts";

const allMechanisms: readonly SaslMechanism[] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

/** What one step of an authentication comes to. */
export type SaslStep =
  | { readonly kind: "more" | "done"; readonly answer: Buffer }
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
      const step = exchange?.(token) ?? refused("no mechanism was chosen");
      if (step.kind === "refused") isFailed = true;
      if (step.kind === "done")
        openUntilMs = lifetimeMs === 0 ? Number.POSITIVE_INFINITY : nowMs + lifetimeMs;
      return step;
    },
    isFailed: () => isFailed,
  };
}

type PasswordOf = (user: string) => string | undefined;

const nothing = Buffer.alloc(0);
const refused = (message: string): SaslStep => ({ kind: "refused", message });
const wrong = refused("Authentication failed: Invalid username or password");

function startExchange(mechanism: SaslMechanism, users: ListenerSasl["users"]): (token: Buffer) => SaslStep {
  const passwordOf: PasswordOf = (user) => (Object.hasOwn(users, user) ? users[user] : undefined);
  if (mechanism === "PLAIN") return (token) => plain(token, passwordOf);
  if (mechanism === "OAUTHBEARER") return oauth;
  return startScram(mechanism === "SCRAM-SHA-256" ? "sha256" : "sha512", passwordOf);
}

/** RFC 4616: authorization id, user and password, parted by zero bytes. */
function plain(token: Buffer, passwordOf: PasswordOf): SaslStep {
  const [, user = "", password] = token.toString().split("\0");
  const expected = passwordOf(user);
  const isKnown = expected !== undefined && password !== undefined;
  return isKnown && isEqual(Buffer.from(password), Buffer.from(expected))
    ? { kind: "done", answer: nothing }
    : wrong;
}

/** RFC 7628 with an unsecured token (RFC 7519, section 6), for tests: only its subject is read. */
function oauth(token: Buffer): SaslStep {
  const claims = /auth=Bearer [\w-]+\.([\w-]+)\./.exec(token.toString())?.[1];
  try {
    const { sub } = JSON.parse(Buffer.from(claims ?? "", "base64url").toString());
    if (typeof sub === "string") return { kind: "done", answer: nothing };
  } catch {
    // Told below: whatever is wrong with a token, it is refused.
  }
  return refused('{"status":"invalid_token"}');
}

const iterations = 4096;

/** RFC 5802, without channel binding. */
function startScram(hash: "sha256" | "sha512", passwordOf: PasswordOf): (token: Buffer) => SaslStep {
  const hmac = (key: Buffer, text: Buffer | string): Buffer => createHmac(hash, key).update(text).digest();
  const salt = randomBytes(16);
  let first: { readonly user: string; readonly bare: string; readonly server: string } | undefined;
  return (token) => {
    const text = token.toString();
    if (first === undefined) {
      const [, bare, name, nonce] = /^[ny],[^,]*,(n=([^,]*),r=([^,]+).*)$/.exec(text) ?? [];
      if (bare === undefined || name === undefined) return refused("malformed SCRAM message");
      const own = randomBytes(18).toString("base64");
      const server = `r=${nonce}${own},s=${salt.toString("base64")},i=${iterations}`;
      first = { user: name.replaceAll("=2C", ",").replaceAll("=3D", "="), bare, server };
      return { kind: "more", answer: Buffer.from(server) };
    }
    const { user, bare, server } = first;
    const [, final, nonce, sent = ""] = /^(c=[^,]*,r=([^,]+)),p=(.+)$/.exec(text) ?? [];
    const password = passwordOf(user);
    if (final === undefined || !server.startsWith(`r=${nonce},`) || password === undefined) return wrong;
    const salted = pbkdf2Sync(password, salt, iterations, hash === "sha256" ? 32 : 64, hash);
    const clientKey = hmac(salted, "Client Key");
    const authMessage = `${bare},${server},${final}`;
    const signature = hmac(createHash(hash).update(clientKey).digest(), authMessage);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    if (!isEqual(proof, Buffer.from(sent, "base64"))) return wrong;
    const verifier = hmac(hmac(salted, "Server Key"), authMessage).toString("base64");
    return { kind: "done", answer: Buffer.from(`v=${verifier}`) };
  };
}

function isEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

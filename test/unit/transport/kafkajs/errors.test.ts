import { expect } from "chai";
import client from "kafkajs";
import { KeryxError } from "../../../../src/core/errors.ts";
import { hasErrorName, kafkaCodeOf, toKeryxError } from "../../../../src/transport/kafkajs/errors.ts";

// The package's types leave out some of its errors, and what their constructors take.
type ErrorClass = new (...args: unknown[]) => Error;
const kafkajs = client as unknown as Record<string, ErrorClass> & {
  readonly [Name in
    | "KafkaJSAggregateError"
    | "KafkaJSBrokerNotFound"
    | "KafkaJSConnectionClosedError"
    | "KafkaJSConnectionError"
    | "KafkaJSCreateTopicError"
    | "KafkaJSGroupCoordinatorNotFound"
    | "KafkaJSNotImplemented"
    | "KafkaJSNumberOfRetriesExceeded"
    | "KafkaJSProtocolError"
    | "KafkaJSRequestTimeoutError"
    | "KafkaJSSASLAuthenticationError"]: ErrorClass;
};

const protocolError = (code: number, type = "T"): Error =>
  new kafkajs.KafkaJSProtocolError({ type, code, retriable: false, message: "m", name: "n" });
const exhausted = (cause: Error): Error =>
  new kafkajs.KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 5, retryTime: 1 });
const connectionError = (code?: string): Error =>
  new kafkajs.KafkaJSConnectionError("Connection error", { broker: "b:1", ...(code && { code }) });

describe("errors of kafkajs", () => {
  for (const [what, thrown, code, action] of [
    ["a refused login", new kafkajs.KafkaJSSASLAuthenticationError("bad password"), "auth_failed", "connect"],
    ["a mechanism that is not offered", protocolError(33), "auth_failed", "connect"],
    ["a login where none is expected", protocolError(34), "auth_failed", "connect"],
    [
      "a foreign authority",
      exhausted(connectionError("UNABLE_TO_VERIFY_LEAF_SIGNATURE")),
      "tls_failed",
      "connect",
    ],
    ["an expired certificate", exhausted(connectionError("CERT_HAS_EXPIRED")), "tls_failed", "connect"],
    ["a wrong host name", connectionError("ERR_TLS_CERT_ALTNAME_INVALID"), "tls_failed", "connect"],
    ["an old TLS version", connectionError("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"), "tls_failed", "connect"],
    [
      "a missing client certificate",
      connectionError("ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE"),
      "tls_failed",
      "connect",
    ],
    ["nobody at the address", exhausted(connectionError("ECONNREFUSED")), "broker_unreachable", "connect"],
    [
      "an empty broker pool",
      exhausted(new kafkajs.KafkaJSBrokerNotFound("No brokers in the broker pool")),
      "broker_unreachable",
      "connect",
    ],
    ["a topic without rights", protocolError(29), "not_authorized", "produce"],
    ["a group without rights", protocolError(30), "not_authorized", "consume"],
    ["a missing topic", protocolError(3), "topic_missing", "produce"],
    ["a record that is too large", protocolError(10), "record_too_large", "produce"],
    ["a batch that is too large", protocolError(18), "record_too_large", "produce"],
    ["replicas that did not answer", protocolError(7), "send_timeout", "produce"],
    [
      "an unanswered produce",
      new kafkajs.KafkaJSRequestTimeoutError("timed out", {}),
      "send_timeout",
      "produce",
    ],
    [
      "another unanswered request",
      new kafkajs.KafkaJSRequestTimeoutError("timed out", {}),
      "kafka_unavailable",
      "metadata",
    ],
    ["a leader that moved", protocolError(6), "kafka_unavailable", "produce"],
    ["a generation that is over", protocolError(22), "fenced", "commit"],
    ["a fenced producer", protocolError(90), "fenced", "produce"],
    ["a request version that is gone", protocolError(35), "capability_missing", "produce"],
    ["a codec that is not there", new kafkajs.KafkaJSNotImplemented("zstd"), "capability_missing", "produce"],
    ["an invalid record", protocolError(87), "send_failed", "produce"],
    ["an unknown code", protocolError(4711), "kafka_error", "describe"],
    [
      "a coordinator that was not found",
      new kafkajs.KafkaJSGroupCoordinatorNotFound("none"),
      "kafka_unavailable",
      "consume",
    ],
    ["anything else", new Error("odd"), "kafka_error", "produce"],
    ["not even an error", "text", "kafka_error", "produce"],
  ] as const)
    it(`${what} is ${code}`, () => {
      const error = toKeryxError(thrown, { action });
      expect(error).to.be.instanceOf(KeryxError);
      expect(error.code).to.equal(code);
    });

  it("names the topic and the group that the request was about", () => {
    const error = toKeryxError(protocolError(29), {
      action: "produce",
      topics: ["orders"],
      group: "billing",
    });
    expect(error.message).to.contain("topic orders").and.to.contain("group billing").and.to.contain("29");
    expect(error.details).to.deep.include({
      topics: ["orders"],
      group: "billing",
      kafkaCode: 29,
      class: "authorization",
    });
  });

  it("finds the topic in an error that is made of several", () => {
    const inner = new kafkajs.KafkaJSCreateTopicError({ type: "T", code: 29, message: "m" }, "denied");
    const error = toKeryxError(new kafkajs.KafkaJSAggregateError("several", [inner]), {
      action: "create topics",
      topics: ["a", "denied"],
    });
    expect(error.code).to.equal("not_authorized");
    expect(error.details["topics"]).to.deep.equal(["denied"]);
  });

  it("an error of ours comes back as it is, also as a cause", () => {
    const own = new KeryxError("auth_failed", "no OAuth token");
    expect(toKeryxError(own, { action: "connect" })).to.equal(own);
    expect(toKeryxError(exhausted(own), { action: "connect" })).to.equal(own);
  });

  it("a connection that is closed at once says what to compare", () => {
    const error = toKeryxError(
      new kafkajs.KafkaJSConnectionClosedError("Closed connection", { host: "h", port: 1 }),
      { action: "connect" },
    );
    expect(error.code).to.equal("broker_unreachable");
    expect(error.help).to.contain("`tls` and `sasl`");
  });

  it("causes that point at each other end", () => {
    const [a, b] = [new Error("a"), new Error("b")];
    Object.assign(a, { cause: b });
    Object.assign(b, { cause: a, code: 6 });
    expect(kafkaCodeOf(a)).to.equal(6);
    expect(hasErrorName(a, "Nobody")).to.equal(false);
  });
});

import { expect } from "chai";
import type { KeryxError } from "../../../src/core/errors.ts";
import {
  resolveTransportOptions,
  type TransportOptions,
  transportDefaults,
} from "../../../src/transport/options.ts";

function refusalOf(options: Partial<TransportOptions>): KeryxError {
  try {
    resolveTransportOptions(options);
  } catch (error) {
    return error as KeryxError;
  }
  throw new Error("it was accepted");
}

const login = { username: "alice", password: "hunter2" };

describe("transport options", () => {
  it("nothing given is the defaults", () => {
    expect(resolveTransportOptions()).to.deep.equal(transportDefaults);
  });

  it("what is given wins over the defaults", () => {
    const options = resolveTransportOptions({
      brokers: ["a:1", "b:2"],
      clientId: "billing",
      requestTimeoutMs: 900,
    });
    expect(options).to.include({ clientId: "billing", requestTimeoutMs: 900, connectionTimeoutMs: 3_000 });
    expect(options.brokers).to.deep.equal(["a:1", "b:2"]);
  });

  for (const [what, options, path] of [
    ["no broker", { brokers: [] }, "brokers"],
    ["a broker without a port", { brokers: ["localhost"] }, "brokers.0"],
    ["a broker as URL", { brokers: ["kafka://localhost:9092"] }, "brokers.0"],
    ["port 0", { brokers: ["localhost:0"] }, "brokers.0"],
    ["an empty client id", { clientId: "" }, "clientId"],
    ["a request time-out of zero", { requestTimeoutMs: 0 }, "requestTimeoutMs"],
    ["a fraction of a millisecond", { connectionTimeoutMs: 100.5 }, "connectionTimeoutMs"],
    ["an unknown TLS setting", { tls: { ca: "inline" } as never }, "tls"],
    ["an unknown mechanism", { sasl: { mechanism: "gssapi" } as never }, "sasl.mechanism"],
    [
      "a login without a password",
      { tls: true, sasl: { mechanism: "plain", username: "a" } as never },
      "sasl.password",
    ],
    [
      "an OAuth token that is text",
      { tls: true, sasl: { mechanism: "oauthbearer", token: "t" } as never },
      "sasl.token",
    ],
    ["an unknown setting", { broker: "x" } as never, ""],
  ] as const)
    it(`${what} is refused, with its place`, () => {
      const error = refusalOf(options);
      expect(error.code).to.equal("config_invalid");
      const paths = (error.details["issues"] as { path: string }[]).map((issue) => issue.path);
      expect(paths).to.include(path);
    });

  for (const mechanism of ["plain", "oauthbearer"] as const) {
    const sasl =
      mechanism === "plain" ? { mechanism, ...login } : { mechanism, token: async () => ({ value: "t" }) };
    it(`${mechanism} without TLS is refused, and never prints the secret`, () => {
      const error = refusalOf({ sasl });
      expect(error.message).to.contain(mechanism).and.to.contain("allowInsecure");
      expect(error.message).not.to.contain("hunter2");
    });
    it(`${mechanism} is accepted with TLS, or when that risk is taken on purpose`, () => {
      expect(resolveTransportOptions({ sasl, tls: true }).sasl).to.deep.equal(sasl);
      expect(resolveTransportOptions({ sasl, tls: {} }).sasl).to.deep.equal(sasl);
      expect(resolveTransportOptions({ sasl, allowInsecure: true }).sasl).to.deep.equal(sasl);
    });
  }

  it("SCRAM and AWS need no TLS: they send no secret", () => {
    resolveTransportOptions({ sasl: { mechanism: "scram-sha-512", ...login } });
    resolveTransportOptions({
      sasl: { mechanism: "aws", authorizationIdentity: "i", accessKeyId: "a", secretAccessKey: "s" },
    });
  });

  it("a client certificate without its key is refused, and the reverse", () => {
    expect(refusalOf({ tls: { certPath: "c.pem" } }).message).to.contain("belong together");
    expect(refusalOf({ tls: { keyPath: "k.pem" } }).message).to.contain("belong together");
  });
});

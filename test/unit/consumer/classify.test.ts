import { expect } from "chai";
import { classifyDecode, classifyHandler } from "../../../src/consumer/steps/classify.ts";
import type { DecodeReason } from "../../../src/core/errors.ts";
import { decodeError, KeryxError } from "../../../src/core/errors.ts";

describe("Classes of decode failures", () => {
  const classes: Record<DecodeReason, string> = {
    "not-framed": "bad-bytes",
    malformed: "bad-bytes",
    "too-large": "bad-bytes",
    "too-deep": "bad-bytes",
    "type-mismatch": "bad-bytes",
    "invalid-text": "bad-bytes",
    "unknown-schema": "unknown-schema",
    incompatible: "incompatible-schema",
  };
  for (const [reason, expected] of Object.entries(classes))
    it(`call ${reason} ${expected}`, () => {
      const failure = classifyDecode(decodeError(reason as DecodeReason, "x"));
      expect([failure?.class, failure?.code]).to.deep.equal([expected, reason]);
    });

  it("follow the code where there is no reason", () => {
    const classOf = (error: unknown): string | undefined => classifyDecode(error)?.class;
    expect(classOf(new KeryxError("schema_not_found", "x"))).to.equal("unknown-schema");
    expect(classOf(new KeryxError("schema_invalid", "x"))).to.equal("incompatible-schema");
    expect(classOf(new KeryxError("encode_failed", "x"))).to.equal("invalid");
    expect(classOf(new KeryxError("usage", "x"))).to.equal("internal");
    expect(classOf(new RangeError("x"))).to.equal("internal");
    expect(classOf(new KeryxError("decode_failed", "x", { details: { reason: "toString" } }))).to.equal(
      "bad-bytes",
    );
  });

  it("say nothing about the record when the registry could not be asked", () => {
    for (const code of ["registry_unreachable", "registry_unauthorized", "registry_error"] as const)
      expect(classifyDecode(new KeryxError(code, "x"))).to.equal(undefined);
  });
});

describe("Classes of handler failures", () => {
  it("are transient for anything thrown, whatever it is", () => {
    const hostile = Object.create(null) as object;
    for (const thrown of [new Error("x"), "text", 7, undefined, null, {}, hostile, Symbol("s")])
      expect(classifyHandler(thrown, false, {}).class).to.equal("transient");
  });

  it("are never decided by the text of a message", () => {
    expect(classifyHandler(new Error("[encode_failed] not retriable"), false, {}).class).to.equal(
      "transient",
    );
  });

  it("are timeouts behind the deadline", () => {
    const failure = classifyHandler(new Error("aborted"), true, { nonRetriable: () => true });
    expect([failure.class, failure.code]).to.deep.equal(["timeout", "handler_timeout"]);
  });

  it("look along eight causes, also where these run in a circle", () => {
    const inner = new KeryxError("encode_failed", "x");
    expect(
      classifyHandler(new Error("a", { cause: new Error("b", { cause: inner }) }), false, {}).class,
    ).to.equal("non-retriable");
    let deep: Error = inner;
    for (let i = 0; i < 8; i++) deep = new Error("wrap", { cause: deep });
    expect(classifyHandler(deep, false, {}).class).to.equal("transient");
    const a = new Error("a");
    a.cause = new Error("b", { cause: a });
    expect(classifyHandler(a, false, {}).class).to.equal("transient");
  });

  it("ask the user first, and survive a predicate that throws", () => {
    const code = new KeryxError("encode_failed", "x");
    expect(classifyHandler(code, false, { retriable: () => true }).class).to.equal("transient");
    const both = { nonRetriable: () => true, retriable: () => true };
    expect(classifyHandler(new Error("x"), false, both).class).to.equal("non-retriable");
    const broken = {
      nonRetriable: () => {
        throw new Error("predicate");
      },
    };
    expect(classifyHandler(new Error("x"), false, broken).class).to.equal("transient");
  });

  it("carry the error's own code and name", () => {
    const failure = classifyHandler(Object.assign(new TypeError("no"), { code: 42 }), false, {});
    expect([failure.code, failure.error, failure.reason]).to.deep.equal(["42", "TypeError", "no"]);
  });
});

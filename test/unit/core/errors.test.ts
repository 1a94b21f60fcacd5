import { expect } from "chai";
import { BatchFailure } from "../../../src/core/batch.ts";
import { CodedError, decodeRefusal, encodeRefusal } from "../../../src/core/coded-error.ts";
import { errorTable, KeryxError } from "../../../src/core/errors.ts";

describe("an error of Keryx", () => {
  it("takes what it does not say itself from the table", () => {
    const cause = new Error("refused");
    const error = new KeryxError("broker_unreachable", "no answer", { cause });
    const { retriable, help } = errorTable.broker_unreachable;
    expect(error).deep.includes({ code: "broker_unreachable", retriable, help, details: {}, cause });
    expect(String(error)).equals("KeryxError: [broker_unreachable] no answer");
    expect(new KeryxError("closed", "over", { help: "Begin anew." }).help).equals("Begin anew.");
    expect(new KeryxError("closed", "over")).not.has.property("cause");
  });

  it("is what codecs raise, although they know nothing of the table", () => {
    const refusals = [encodeRefusal("no", { path: "a" }), decodeRefusal("no", { reason: "malformed" })];
    for (const refusal of refusals) {
      const { code, message, details, ...facts } = refusal;
      expect(refusal).instanceOf(KeryxError);
      expect(KeryxError.from(refusal)).equals(refusal);
      const known = new KeryxError(code, "no", { details });
      expect(String(refusal)).equals(String(known));
      expect(refusal.constructor.name).equals(known.constructor.name);
      expect({ ...facts }).deep.equals({ retriable: known.retriable, help: known.help, name: known.name });
    }
  });

  it("is told from other errors, and from those of a class of its own", () => {
    const failed = new BatchFailure(2, new Error("third"));
    expect(failed).instanceOf(BatchFailure).and.instanceOf(KeryxError).and.instanceOf(CodedError);
    expect(encodeRefusal("no", {})).not.instanceOf(BatchFailure);
    expect(new KeryxError("batch_failed", "no")).not.instanceOf(BatchFailure);
    for (const other of [new Error("no"), undefined, "no", { code: "closed" }])
      expect(other instanceof KeryxError).equals(false);
  });
});

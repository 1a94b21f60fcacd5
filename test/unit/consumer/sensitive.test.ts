import { expect } from "chai";
import fc from "fast-check";
import { collectSensitive, redactFailure } from "../../../src/consumer/hand-over/sensitive.ts";
import { toFailure } from "../../../src/consumer/steps/classify.ts";
import { createRedactor, maskShared } from "../../../src/core/redact.ts";
import { noteEvent } from "../../support/consumer-harness.ts";

describe("Sensitive values", () => {
  it("are found along their paths, through lists, maps and unions, in every spelling", () => {
    const value = {
      mail: "anna@example.org",
      items: [{ sku: "A-1111" }, { sku: "B-2222" }],
      byName: { x: { pin: 4711n } },
      payment: { kind: "card", value: { token: new Uint8Array([0xde, 0xad, 0xbe, 0xef]) } },
      born: new Date("1990-04-01T00:00:00Z"),
      deep: { own: { a: "inside" } },
      nothing: null,
    };
    const found = (path: string): readonly string[] => collectSensitive([path], value);
    expect(found("mail")).to.deep.equal(["anna@example.org"]);
    expect(found("items.sku")).to.deep.equal(["A-1111", "B-2222"]);
    expect(found("byName.pin")).to.deep.equal(["4711"]);
    expect(found("payment.token")).to.include.members(["deadbeef", "3q2+7w=="]);
    expect(found("born")).to.include.members(["1990-04-01T00:00:00.000Z", "638928000000"]);
    expect(found("deep")).to.deep.equal(["inside"]);
    for (const path of ["nothing", "missing", "mail.inside", "__proto__", "nothing.x"])
      expect(found(path)).to.deep.equal([]);
  });

  it("never leave four characters of themselves in a masked text", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 40 }),
        fc.array(fc.string({ maxLength: 12 }), { maxLength: 4 }),
        (noise, values) => {
          const text = values.reduce((sum, value, i) => `${sum}${value}${noise.slice(i)}`, noise);
          const masked = maskShared(text, values);
          for (const value of values)
            for (let i = 0; i + 4 <= value.length; i++) {
              const gram = value.slice(i, i + 4);
              if (!gram.includes("*"))
                expect(masked.split("***").some((part) => part.includes(gram))).to.equal(false);
            }
        },
      ),
    );
  });

  it("leave a failure as it is when there is nothing to hide", () => {
    const failure = toFailure("transient", new Error("card declined"));
    const event = noteEvent("Note", { sensitive: ["text"] });
    expect(redactFailure(failure, createRedactor(), event, { text: "anna" })).to.equal(failure);
    expect(redactFailure(failure, createRedactor(), undefined, undefined)).to.equal(failure);
  });

  it("are masked in what was thrown, even when that was no error", () => {
    const event = noteEvent("Note", { sensitive: ["text"] });
    const clean = redactFailure(toFailure("transient", "no anna here"), createRedactor(), event, {
      text: "anna",
    });
    expect(clean.reason).to.equal("no *** here");
    expect((clean.thrown as Error).message).to.equal("no *** here");
  });
});

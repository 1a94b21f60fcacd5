import { expect } from "chai";
import fc from "fast-check";
import { registerSecrets } from "../../../src/config/credentials.ts";
import { createRedactor } from "../../../src/core/redact.ts";

describe("registered secrets", () => {
  it("are masked in each spelling that they travel in", () => {
    const redactor = createRedactor();
    const values = {
      registry: { url: "http://x", auth: { kind: "basic", username: "ada", password: 'pä"ss/word' } },
      tls: { caPath: "/etc/ca.pem" },
    };
    registerSecrets(redactor, { values });
    const basic = Buffer.from('ada:pä"ss/word').toString("base64");
    for (const shown of ['pä"ss/word', "p%C3%A4%22ss%2Fword", 'pä\\"ss/word', basic])
      expect(redactor.redact(`before ${shown} after`), shown).to.equal("before *** after");
    expect(redactor.redact("no such file /etc/ca.pem")).to.equal("no such file /etc/ca.pem");
  });

  it("appear in no text, whatever stands around them", () => {
    const secret = fc.string({ minLength: 4, maxLength: 20 }).filter((text) => !text.includes("*"));
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (password, before, after) => {
        const redactor = createRedactor();
        registerSecrets(redactor, { values: { sasl: { mechanism: "plain", username: "u", password } } });
        // What surrounds a secret may itself hold it, or build it anew around the mask.
        expect(redactor.redact(`${before}${password}${after}`)).to.not.include(password);
      }),
      { numRuns: 2_000 },
    );
  });
});

import { expect } from "chai";
import { createRedactor } from "../../../src/core/redact.ts";

describe("The redactor", () => {
  it("masks registered secrets wherever they stand, the longer one first", () => {
    const redactor = createRedactor();
    for (const secret of ["hunter22", "hunter22-and-more", "abc"]) redactor.register(secret);
    expect(redactor.redact("a hunter22-and-more b xhunter22x abc")).to.equal("a *** b x***x abc");
  });

  const rows: readonly (readonly [string, string])[] = [
    ["password=x1y2", "password=***"],
    ['{"apiKey": "a b c", "n": 1}', '{"apiKey": ***, "n": 1}'],
    ["Authorization: Bearer abc.def", "Authorization: Bearer ***"],
    ["db_password: 'it is'", "db_password: ***"],
    ["https://user:pw@host/path", "https://***@host/path"],
    ["a token was refused", "a token was refused"],
  ];
  for (const [text, masked] of rows)
    it(`shows ${JSON.stringify(text)} as ${JSON.stringify(masked)}`, () => {
      expect(createRedactor().redact(text)).to.equal(masked);
    });

  it("takes no longer than seconds for a megabyte of anything", () => {
    const redactor = createRedactor();
    for (const part of ["a", "token", "token='", 'secret="', "http://", "password=", "a.b-"]) {
      const started = performance.now();
      redactor.redact(part.repeat(Math.ceil(1_048_576 / part.length)));
      expect(performance.now() - started, part).to.be.below(10_000);
    }
  });
});

import { expect } from "chai";
import { compareWith, fastavro } from "./avro-libraries.ts";

// Python takes its time.
const messages = Math.min(Number(process.env["KERYX_CODEC_MESSAGES"] ?? 300), 10_000);

describe("generated Avro codecs", function () {
  this.timeout(3_600_000);

  it(`write what ${fastavro.name} reads, and the same bytes as it for the same values`, async function () {
    const program = fastavro.program();
    if (program === undefined) {
      process.stderr.write(`No ${fastavro.name}: npm run test:peers installs it\n`);
      return this.skip();
    }
    const { count, problems } = await compareWith(program, messages);
    expect(problems).to.deep.equal([]);
    expect(count).to.be.at.least(5 * messages);
  });
});

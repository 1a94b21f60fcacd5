import { expect } from "chai";
import fc from "fast-check";
import { apis } from "../../../src/embedded/broker/api/all.ts";
import { apiVersions } from "../../../src/embedded/broker/versions.ts";
import { readHeader } from "../../../src/embedded/broker/wire/frame.ts";
import { createReader } from "../../../src/embedded/broker/wire/primitives.ts";
import { readRow, skipTags } from "../../../src/embedded/broker/wire/schema.ts";
import { rowOf } from "../../support/embedded-arbitraries.ts";
import { modeOf, requestFrame } from "../../support/embedded-wire.ts";

describe("messages of the embedded broker", () => {
  it("are those of the table of versions, no more and no fewer", () => {
    expect(apis.map(({ key, name }) => ({ key, name }))).to.deep.equal(
      apiVersions.map(({ key, name }) => ({ key, name })),
    );
    expect(new Set(apiVersions.map(({ key }) => key)).size).to.equal(29);
    for (const { min, max, listedMin } of apiVersions)
      expect([listedMin <= min, min <= max]).to.deep.equal([true, true]);
  });

  for (const { key, name, min, max } of apiVersions)
    for (let version = min; version <= max; version++)
      it(`${name} ${version} reads what it writes`, () => {
        const api = apis.find((one) => one.key === key);
        if (api === undefined) throw new Error(`no API ${key}`);
        const mode = modeOf(api, version);
        fc.assert(
          fc.property(rowOf(api.request, version), rowOf(api.response, version), (request, response) => {
            const { body } = readHeader(requestFrame(name, version, request).subarray(4));
            if (mode.isFlexible) skipTags(body);
            expect(api.read(body, version)).to.deep.equal(request);
            expect(body.remaining).to.equal(0);
            const reader = createReader(Buffer.concat(api.write(response, version)));
            expect(readRow(api.response, reader, mode)).to.deep.equal(response);
            expect(reader.remaining).to.equal(0);
          }),
          { numRuns: 30 },
        );
      });

  it("skip tagged fields that newer clients add", () => {
    const api = apis.find((one) => one.name === "TxnOffsetCommit");
    const frame = requestFrame("TxnOffsetCommit", 3, { transactionalId: "t", groupId: "g" });
    const tagged = Buffer.concat([frame.subarray(4, -1), Buffer.from([2, 0, 1, 9, 5, 2, 9, 9])]);
    const { body } = readHeader(tagged);
    skipTags(body);
    expect(api?.read(body, 3)).to.include({ transactionalId: "t", groupId: "g" });
    expect(body.remaining).to.equal(0);
  });
});

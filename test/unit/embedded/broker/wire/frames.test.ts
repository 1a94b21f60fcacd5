import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { readHeader } from "../../../../../src/embedded/broker/wire/frame.ts";
import { createWriter } from "../../../../../src/embedded/broker/wire/primitives.ts";
import { skipTags, writeRow } from "../../../../../src/embedded/broker/wire/schema.ts";
import { apiOf, modeOf, readAnswer, requestFrame } from "../../../../support/embedded-wire.ts";
import type { TappedFrame } from "../../../../support/frame-tap.ts";

const folder = new URL("../../../../golden/kafka-frames/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));

describe("frames of Kafka clients", () => {
  it("are there", () => {
    expect(files).to.include("kafkajs-2.2.4.jsonl");
  });

  for (const file of files) {
    const lines = readFileSync(new URL(file, folder), "utf8").trim().split("\n");
    const frames = lines.map((line) => JSON.parse(line) as TappedFrame);
    const groups = Map.groupBy(frames, ({ api, version }) => `${api} ${version}`);
    for (const [name, exchanges] of groups)
      it(`${file}: ${name} is read to its end and written again byte by byte`, () => {
        for (const { api: apiName, version, request, response } of exchanges) {
          const api = apiOf(apiName);
          const mode = modeOf(api, version);
          const { correlationId, clientId, body } = readHeader(Buffer.from(request, "hex"));
          if (mode.isFlexible) skipTags(body);
          const asked = api.read(body, version) as Readonly<Record<string, unknown>>;
          expect(body.remaining).to.equal(0);
          const again = requestFrame(apiName, version, asked, { correlationId, clientId });
          expect(again.subarray(4).toString("hex")).to.equal(request);
          if (response === null) continue;
          const told = readAnswer(apiName, version, Buffer.from(response, "hex"));
          const writer = createWriter();
          writer.int32(told.correlationId);
          if (mode.isFlexible && apiName !== "ApiVersions") writer.varuint(0);
          writeRow(api.response, told.answer, writer, mode);
          expect(Buffer.concat(writer.finish()).toString("hex")).to.equal(response);
        }
      });
  }
});

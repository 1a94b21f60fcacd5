import { expect } from "chai";
import { createWriter, type Writer } from "../../../../src/embedded/broker/wire/primitives.ts";
import { rewriteAnswer } from "../../../../src/testing/proxy/answers.ts";
import { knownApis } from "../../../../src/testing/proxy/versions.ts";

/** Bytes as the protocol guide describes them, by hand: what the proxy reads them with is on trial. */
function bytes(
  write: (writer: Writer, text: (value: string | null) => void, count: (size: number) => void) => void,
) {
  return (isFlexible: boolean): Buffer => {
    const writer = createWriter();
    const text = (value: string | null): void => {
      const raw = value === null ? undefined : Buffer.from(value);
      if (isFlexible) writer.varuint(raw === undefined ? 0 : raw.length + 1);
      else writer.int16(raw?.length ?? -1);
      if (raw !== undefined) writer.raw(raw);
    };
    const count = (size: number): void => (isFlexible ? writer.varuint(size + 1) : writer.int32(size));
    write(writer, text, count);
    return Buffer.concat(writer.finish());
  };
}

type Address = readonly [id: number, host: string, port: number];

const real: readonly Address[] = [
  [1, "kafka-1.example.org", 9092],
  [2, "kafka-2.example.org", 9093],
];
const instead: readonly Address[] = [
  [1, "127.0.0.1", 9192],
  [2, "127.0.0.1", 9193],
];
const redirect = async ({ id, port }: { readonly id: number; readonly port: number }) => {
  expect(real.map((one) => [one[0], one[2]])).to.deep.include([id, port]);
  return { host: "127.0.0.1", port: port + 100 };
};
const correlationId = 77;

function metadata(version: number, brokers: readonly Address[]): Buffer {
  const isFlexible = version >= 9;
  return bytes((writer, text, count) => {
    const tags = (): void => (isFlexible ? writer.varuint(0) : undefined);
    const numbers = (...all: readonly number[]): void => {
      count(all.length);
      for (const one of all) writer.int32(one);
    };
    writer.int32(correlationId);
    tags();
    if (version >= 3) writer.int32(5);
    count(brokers.length);
    for (const [id, host, port] of brokers) {
      writer.int32(id);
      text(host);
      writer.int32(port);
      if (version >= 1) text(id === 1 ? "rack-1" : null);
      tags();
    }
    if (version >= 2) text("cluster");
    if (version >= 1) writer.int32(1);
    count(1);
    writer.int16(0);
    text("orders");
    if (version >= 1) writer.int8(0);
    count(1);
    writer.int16(0);
    writer.int32(0);
    writer.int32(2);
    if (version >= 7) writer.int32(11);
    numbers(1, 2);
    numbers(2);
    if (version >= 5) numbers(1);
    tags();
    if (version >= 8) writer.int32(-2_147_483_648);
    tags();
    if (version >= 8) writer.int32(3);
    tags();
  })(isFlexible);
}

function coordinator(version: number, [id, host, port]: Address): Buffer {
  const isFlexible = version >= 3;
  return bytes((writer, text) => {
    writer.int32(correlationId);
    if (isFlexible) writer.varuint(0);
    if (version >= 1) writer.int32(0);
    writer.int16(id < 0 ? 15 : 0);
    if (version >= 1) text(null);
    writer.int32(id);
    text(host);
    writer.int32(port);
    if (isFlexible) writer.varuint(0);
  })(isFlexible);
}

function cluster(version: number, brokers: readonly Address[]): Buffer {
  return bytes((writer, text, count) => {
    writer.int32(correlationId);
    writer.varuint(0);
    writer.int32(0);
    writer.int16(0);
    text(null);
    if (version >= 1) writer.int8(1);
    text("cluster");
    writer.int32(1);
    count(brokers.length);
    for (const [id, host, port] of brokers) {
      writer.int32(id);
      text(host);
      writer.int32(port);
      text(null);
      if (version >= 2) writer.int8(0);
      writer.varuint(0);
    }
    writer.int32(-2_147_483_648);
    writer.varuint(0);
  })(true);
}

type Range = readonly [key: number, min: number, max: number];

function versions(version: number, ranges: readonly Range[], errorCode = 0): Buffer {
  const isFlexible = version >= 3;
  return bytes((writer, _, count) => {
    writer.int32(correlationId);
    writer.int16(errorCode);
    count(ranges.length);
    for (const range of ranges) {
      for (const one of range) writer.int16(one);
      if (isFlexible) writer.varuint(0);
    }
    if (version >= 1) writer.int32(0);
    if (isFlexible) writer.varuint(0);
  })(isFlexible);
}

describe("answers that name brokers, behind the chaos proxy", () => {
  for (let version = 0; version <= 9; version++)
    it(`Metadata ${version} names the proxy and is the same otherwise`, async () => {
      const rewritten = await rewriteAnswer(metadata(version, real), { key: 3, version }, redirect);
      expect(rewritten.toString("hex")).to.equal(metadata(version, instead).toString("hex"));
    });

  for (let version = 0; version <= 3; version++)
    it(`FindCoordinator ${version} names the proxy, and nobody where it failed`, async () => {
      const [broker, other] = [real[1], instead[1]];
      if (broker === undefined || other === undefined) throw new Error("no broker");
      const rewritten = await rewriteAnswer(coordinator(version, broker), { key: 10, version }, redirect);
      expect(rewritten.toString("hex")).to.equal(coordinator(version, other).toString("hex"));
      const failed = coordinator(version, [-1, "", -1]);
      expect((await rewriteAnswer(failed, { key: 10, version }, redirect)).equals(failed)).to.equal(true);
    });

  for (let version = 0; version <= 2; version++)
    it(`DescribeCluster ${version} names the proxy and is the same otherwise`, async () => {
      const rewritten = await rewriteAnswer(cluster(version, real), { key: 60, version }, redirect);
      expect(rewritten.toString("hex")).to.equal(cluster(version, instead).toString("hex"));
    });

  for (let version = 0; version <= 3; version++)
    it(`ApiVersions ${version} offers no version that the proxy does not read`, async () => {
      // 68 is not known at all, and of Fetch too little.
      const offered = versions(version, [
        [0, 0, 12],
        [1, 13, 17],
        [3, 0, 13],
        [10, 0, 6],
        [68, 0, 1],
      ]);
      const rewritten = await rewriteAnswer(offered, { key: 18, version }, redirect);
      const expected = versions(version, [
        [0, 0, 7],
        [3, 0, 9],
        [10, 0, 3],
      ]);
      expect(rewritten.toString("hex")).to.equal(expected.toString("hex"));
    });

  it("reads version 0 where the broker does not know the version of ApiVersions that it was asked in", async () => {
    const refused = versions(0, [[18, 0, 4]], 35);
    const rewritten = await rewriteAnswer(refused, { key: 18, version: 9 }, redirect);
    expect(rewritten.equals(versions(0, [[18, 0, 2]], 35))).to.equal(true);
  });

  it("passes every other answer as it is, the very bytes", async () => {
    for (const { key } of knownApis.values()) {
      if ([3, 10, 18, 60].includes(key)) continue;
      const frame = Buffer.from([0, 0, 0, 1, 255, 254, 253]);
      expect(await rewriteAnswer(frame, { key, version: 1 }, redirect)).to.equal(frame);
    }
  });

  it("fails every topic of Metadata with the code that a rule wants, beside true brokers", async () => {
    const asked = { key: 3, version: 0, failCode: 3 };
    const rewritten = await rewriteAnswer(metadata(0, real), asked, redirect);
    const expected = bytes((writer, text, count) => {
      writer.int32(correlationId);
      count(2);
      for (const [id, host, port] of instead) {
        writer.int32(id);
        text(host);
        writer.int32(port);
      }
      count(1);
      writer.int16(3);
      text("orders");
      count(0);
    })(false);
    expect(rewritten.toString("hex")).to.equal(expected.toString("hex"));
  });

  it("refuses an answer that is cut off or lies about its length", async () => {
    const whole = metadata(9, real);
    for (const frame of [
      whole.subarray(0, 30),
      Buffer.concat([whole.subarray(0, 9), Buffer.alloc(5, 255)]),
    ]) {
      const error = await rewriteAnswer(frame, { key: 3, version: 9 }, redirect).catch((one: unknown) => one);
      expect(error).to.have.property("code", "frame_malformed");
    }
  });
});

import { connect, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import type { KeryxError } from "../../src/core/errors.ts";
import { createDevRegistry } from "../../src/embedded/registry/index.ts";
import {
  avroText,
  embeddedRegistries,
  idField,
  noteField,
  type RawRegistry,
} from "../support/embedded-registry.ts";

const first = { schema: avroText("Paid", idField) };
const second = { schema: avroText("Paid", idField, noteField) };
const log = (): void => {};

describe("The embedded registry bears", () => {
  const start = embeddedRegistries();
  let registry: RawRegistry;
  beforeEach(async () => {
    registry = await start({ maxBodyBytes: 200_000 });
  });
  // Whatever came before: the next request is served.
  const isServing = async (): Promise<boolean> =>
    (await registry.post("/subjects/after/versions", first)).status === 200;

  it("bodies that are too large, told or streamed, without reading them to the end", async () => {
    const body = JSON.stringify({ schema: "x".repeat(300_000) });
    const answer = await registry.post("/subjects/s/versions", body);
    expect([answer.status, (answer.body as { error_code: number }).error_code]).to.deep.equal([413, 413]);
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const init = { method: "POST", body: stream, duplex: "half" } as RequestInit;
    const streamed = await fetch(`${registry.server.url}/subjects/s/versions`, init).then(
      ({ status }) => status,
      () => 413,
    );
    expect(streamed).to.equal(413);
    expect(await isServing()).to.equal(true);
  });

  for (const [what, body] of [
    ["no JSON", "{"],
    ["a list", "[]"],
    ["text", '"a"'],
    ["null", "null"],
    ["nothing", ""],
    ["a number for a schema", '{"schema":1}'],
    ["references that are no list", '{"schema":"\\"int\\"","references":{}}'],
    ["an id that is no number", '{"schema":"\\"int\\"","id":"7"}'],
    ["100,000 brackets", "[".repeat(100_000)],
    ["deep nesting", `${'{"a":'.repeat(1000)}1${"}".repeat(1000)}`],
  ] as const)
    it(`a body that is ${what}`, async () => {
      const { status, body: told } = await registry.post("/subjects/s/versions", body);
      expect(status).to.be.within(400, 422);
      expect(told).to.have.property("error_code").that.is.a("number");
      expect(await isServing()).to.equal(true);
    });

  it("a content type of its own, and refuses others", async () => {
    const send = async (type: string): Promise<number> => {
      const body = JSON.stringify(first);
      const response = await fetch(`${registry.server.url}/subjects/s/versions`, {
        ...{ method: "POST", body, headers: { "content-type": type } },
      });
      await response.text();
      return response.status;
    };
    expect(await send("application/json; charset=utf-8")).to.equal(200);
    expect(await send("application/octet-stream")).to.equal(200);
    expect(await send("text/xml")).to.equal(415);
  });

  it("names that objects have by themselves", async () => {
    for (const subject of [
      "__proto__",
      "constructor",
      "toString",
      "..%2f",
      "%00",
      "a%00b",
      "💥",
      "a?b",
      "a#b",
      " ",
    ]) {
      const path = `/subjects/${subject.includes("%") ? subject : encodeURIComponent(subject)}/versions`;
      const { status } = await registry.post(path, first);
      expect([200, 422], subject).to.include(status);
      expect((await registry.get(path)).status, subject).to.equal(status === 200 ? 200 : 404);
    }
    const properties = JSON.parse('{"__proto__":"a","constructor":"b"}') as object;
    await registry.register("s", { ...first, metadata: { properties } });
    const shown = await (await fetch(`${registry.server.url}/subjects/s/versions/1`)).text();
    expect(shown).to.include('"properties":{"__proto__":"a","constructor":"b"}');
    await registry.put("/config/s", '{"__proto__":{"compatibility":"NONE"},"compatibility":"FULL"}');
    expect((await registry.get("/config/s")).body).to.deep.equal({ compatibilityLevel: "FULL" });
    expect(({} as Record<string, unknown>)["compatibility"]).to.equal(undefined);
  });

  it("subjects and paths that are too long", async () => {
    const long = "s".repeat(5_000);
    expect((await registry.post(`/subjects/${long}/versions`, first)).status).to.equal(422);
    expect((await registry.get(`/subjects/${"s".repeat(9_000)}/versions`)).status).to.equal(414);
  });

  it("too many references, and references in a circle of names", async () => {
    const many = Array.from({ length: 300 }, (_, at) => ({ name: `n${at}`, subject: "s", version: 1 }));
    expect((await registry.post("/subjects/s/versions", { ...first, references: many })).status).to.equal(
      422,
    );
    const texts = [0, 1, 2].map(
      (at) => `syntax = "proto3"; import "f${(at + 1) % 3}.proto"; message M${at} {}`,
    );
    await registry.register("f0", { schemaType: "PROTOBUF", schema: 'syntax = "proto3"; message M0 {}' });
    const circle = {
      schemaType: "PROTOBUF",
      schema: texts[1],
      references: [{ name: "f2.proto", subject: "f0", version: 1 }],
    };
    expect((await registry.post("/subjects/f1/versions", circle)).status).to.equal(200);
  });

  it("garbage instead of HTTP, and connections that say nothing", async () => {
    const port = Number(new URL(registry.server.url).port);
    const silent: Socket = connect(port, "127.0.0.1");
    const loud: Socket = connect(port, "127.0.0.1");
    loud.on("error", () => {});
    const ended = new Promise((resolve) => loud.once("close", resolve));
    loud.write(Buffer.from([0, 0, 0, 9, 0, 18, 0, 0, 1, 2, 3]));
    loud.resume();
    await ended;
    expect((await registry.get("/")).status).to.equal(200);
    const closed = new Promise((resolve) => silent.once("close", resolve));
    silent.resume();
    await registry.server.close();
    await closed;
  });

  it("a client that leaves in the middle of its body", async () => {
    const socket = connect(Number(new URL(registry.server.url).port), "127.0.0.1");
    socket.write("POST /subjects/s/versions HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{");
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    expect((await registry.get("/subjects")).body).to.deep.equal([]);
  });
});

describe("Embedded registries", () => {
  const start = embeddedRegistries();

  it("do not see each other", async () => {
    const [one, other] = [await start(), await start()];
    await one.register("s", first);
    await one.put("/config", { compatibility: "NONE" });
    expect((await other.get("/subjects")).body).to.deep.equal([]);
    expect((await other.get("/config")).body).to.deep.equal({ compatibilityLevel: "BACKWARD" });
    expect((await other.register("t", second)).id).to.equal(1);
  });

  it("go back to a snapshot, as often as wanted, and hand it to another one", async () => {
    const one = await start();
    await one.register("s", first);
    await one.put("/config/s", { compatibility: "FULL" });
    await one.put("/mode", { mode: "READONLY" });
    const snapshot = one.server.snapshot();
    await one.delete("/mode");
    for (let round = 0; round < 2; round++) {
      await one.register("s", second);
      await one.register(":.east:s", second);
      await one.delete("/subjects/s/versions/1");
      one.server.restore(snapshot);
      expect((await one.get("/subjects?deleted=true")).body).to.deep.equal(["s"]);
      expect((await one.get("/subjects/s/versions")).body).to.deep.equal([1]);
      expect((await one.get("/schemas/ids/2")).status).to.equal(404);
      expect((await one.get("/config/s")).body).to.deep.equal({ compatibilityLevel: "FULL" });
      expect((await one.get("/mode")).body).to.deep.equal({ mode: "READONLY" });
      await one.delete("/mode");
    }
    const other = await start();
    other.server.restore(snapshot);
    expect((await other.get("/schemas/ids/1")).body).to.include(first);
  });

  it("remember the last thousand requests", async () => {
    const one = await start();
    for (let at = 0; at < 1005; at++) await one.get("/subjects/none/versions");
    const notes = one.server.requests({ method: "GET", route: "/subjects/{subject}/versions" });
    expect(notes).to.have.length(1000);
    expect(notes[0]).to.deep.equal({
      ...{
        method: "GET",
        route: "/subjects/{subject}/versions",
        path: "/subjects/none/versions",
        status: 404,
      },
    });
  });

  it("say that a port is taken, that a dialect is not known, and that production is no place for them", async () => {
    const one = await start();
    const codeOf = (options: object): Promise<unknown> =>
      createDevRegistry({ log, ...options }).then(
        () => "started",
        (error: unknown) => (error as KeryxError).code,
      );
    expect(await codeOf({ port: one.server.port })).to.equal("port_taken");
    expect(await codeOf({ host: "256.0.0.1" })).to.equal("config_invalid");
    expect(await codeOf({ dialect: "apicurio-3" })).to.equal("config_invalid");
    const before = process.env["NODE_ENV"];
    process.env["NODE_ENV"] = "production";
    try {
      expect(await codeOf({})).to.equal("config_invalid");
      await (await createDevRegistry({ log, allowInProduction: true })).close();
    } finally {
      if (before === undefined) delete process.env["NODE_ENV"];
      else process.env["NODE_ENV"] = before;
    }
  });

  it("leave nothing behind after 200 starts and stops", async function () {
    this.timeout(60_000);
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const cycle = async (): Promise<void> => {
      const server = await createDevRegistry({ log });
      const response = await fetch(`${server.url}/subjects/s/versions`, {
        ...{ method: "POST", body: JSON.stringify(first) },
        headers: { "content-type": "application/json" },
      });
      expect(response.status).to.equal(200);
      await response.text();
      await Promise.all([server.close(), server.close()]);
    };
    const used = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const handles = (): number =>
      process.getActiveResourcesInfo().filter((one) => /TCP|Timeout/.test(one)).length;
    for (let at = 0; at < 30; at++) await cycle();
    const [bytes, open] = [used(), handles()];
    for (let at = 0; at < 200; at++) await cycle();
    expect(handles()).to.be.at.most(open);
    expect(used() - bytes).to.be.lessThan(5 * 1024 * 1024);
  });
});

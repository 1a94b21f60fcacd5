import { request as ask, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import type { AppHealth } from "../../../src/core/health.ts";
import type { Closable } from "../../../src/core/lifecycle.ts";
import type { Signal } from "../../../src/core/signals.ts";
import { openProbes, type ProbesDeps } from "../../../src/observe/probes.ts";

const healthy: AppHealth = {
  live: true,
  ready: true,
  state: "running",
  summary: "running",
  expected: "running",
  consumers: [],
  warnings: [],
};

describe("the probes", () => {
  let signals: Signal[] = [];
  let health: () => AppHealth;
  let probes: Closable | undefined;
  let port = 0;

  const open = async (more: Partial<ProbesDeps> = {}): Promise<Closable> =>
    openProbes({
      port: 0,
      host: "127.0.0.1",
      health: () => health(),
      observe: (signal) => signals.push(signal),
      redact: (text) => text.replaceAll("hunter22", "***"),
      ...more,
    });

  beforeEach(async () => {
    signals = [];
    health = () => healthy;
    probes = await open();
    const listening = signals.find((signal) => signal.kind === "health.listening");
    port = listening?.kind === "health.listening" ? listening.port : 0;
  });

  afterEach(() => probes?.close());

  const get = (path: string, method = "GET"): Promise<{ status: number; body: string; type: string }> =>
    new Promise((resolve, reject) => {
      const sent = ask({ host: "127.0.0.1", port, path, method, agent: false }, (response) => {
        let body = "";
        response.on("data", (chunk) => {
          body += chunk;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body, type: String(response.headers["content-type"]) }),
        );
      });
      sent.on("error", reject);
      sent.end();
    });

  it("answer 200 while the app is live and ready, and 503 with the reason where it is not", async () => {
    expect(await get("/livez")).to.include({ status: 200, body: "running\n" });
    expect(await get("/readyz?x=1")).to.include({ status: 200, body: "running\n" });
    health = () => ({ ...healthy, ready: false, summary: "paused: sink" });
    expect(await get("/livez")).to.include({ status: 200 });
    expect(await get("/readyz")).to.include({ status: 503, body: "paused: sink\n" });
    health = () => ({ ...healthy, live: false, ready: false, summary: "stuck: orders/3" });
    expect(await get("/livez")).to.include({ status: 503, body: "stuck: orders/3\n" });
  });

  it("show the whole of it as JSON, 64-bit numbers as text, and no secret", async () => {
    const partition = { group: "g", topic: "orders", partition: 3, paused: [], running: 1, lag: 2n ** 60n };
    const one = { group: "g", ...healthy, partitions: [partition] };
    health = () => ({ ...healthy, consumers: [one], warnings: ["the login is hunter22"] });
    const answer = await get("/health");
    expect(answer).to.include({ status: 200, type: "application/json" });
    const body = JSON.parse(answer.body);
    expect(body.consumers[0].partitions[0].lag).to.equal("1152921504606846976");
    expect(body.warnings).to.deep.equal(["the login is ***"]);
  });

  it("refuse other paths and other methods", async () => {
    expect((await get("/metrics")).status).to.equal(404);
    expect((await get("/livez", "POST")).status).to.equal(405);
    expect((await get("/livez", "DELETE")).status).to.equal(405);
  });

  it("answer although judging fails, and say so", async () => {
    health = () => {
      throw new Error("a defect");
    };
    expect((await get("/livez")).status).to.equal(500);
    expect(signals.at(-1)).to.include({ kind: "internal.error", where: "health probe" });
  });

  it("survive who sends no request, or one without end", async () => {
    const { connect } = await import("node:net");
    const idle = connect(port, "127.0.0.1");
    const endless = connect(port, "127.0.0.1");
    for (const socket of [idle, endless]) socket.on("error", () => {});
    await new Promise((resolve) => endless.once("connect", resolve));
    endless.write(`GET /livez HTTP/1.1\r\nhost: x\r\nx: ${"a".repeat(20_000)}`);
    expect((await get("/livez")).status).to.equal(200);
    idle.destroy();
    endless.destroy();
  });

  it("name the setting whose port is taken", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => squatter.once("listening", resolve));
    const { port: taken } = squatter.address() as AddressInfo;
    const error = await open({ port: taken }).catch((thrown: unknown) => thrown);
    squatter.close();
    expect(error).to.be.instanceOf(KeryxError);
    expect(error).to.include({ code: "port_taken" });
    expect((error as KeryxError).message)
      .to.include("health.port")
      .and.include(String(taken));
  });

  it("say when their answers change, and only then", async () => {
    const own: Signal[] = [];
    const looks: (() => void)[] = [];
    const original = globalThis.setInterval;
    globalThis.setInterval = ((run: () => void, ms: number) => {
      looks.push(run);
      return original(() => {}, ms);
    }) as typeof setInterval;
    const second = await open({ observe: (signal) => own.push(signal) }).finally(() => {
      globalThis.setInterval = original;
    });
    looks.at(-1)?.();
    health = () => ({ ...healthy, ready: false, summary: "disconnected" });
    looks.at(-1)?.();
    looks.at(-1)?.();
    await second.close();
    expect(own.filter(({ kind }) => kind === "health.changed")).to.deep.equal([
      { kind: "health.changed", live: true, ready: true, summary: "running" },
      { kind: "health.changed", live: true, ready: false, summary: "disconnected" },
    ]);
  });

  it("are gone once they are closed", async () => {
    await probes?.close();
    const error = await get("/livez").catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "ECONNREFUSED" });
  });
});

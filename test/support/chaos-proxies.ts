import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createFrameReader } from "../../src/embedded/broker/wire/frame.ts";
import type { ChaosProxyOptions } from "../../src/testing/proxy/options.ts";
import { type ChaosProxy, createChaosProxy } from "../../src/testing/proxy/proxy.ts";
import { withLength } from "./embedded-wire.ts";

/** A server that answers each frame as it is told, in place of a broker. */
export interface FrameServer {
  readonly address: string;
  readonly sockets: readonly Socket[];
}

/** Proxies and servers for the tests of one `describe`, closed behind each test. */
export interface ChaosProxies {
  proxy(options: ChaosProxyOptions): Promise<ChaosProxy>;
  /** `answer` gives the frames to write back; none where nothing is said. */
  server(answer: (frame: Buffer) => readonly Buffer[]): Promise<FrameServer>;
}

export function chaosProxies(): ChaosProxies {
  const proxies: ChaosProxy[] = [];
  const servers: { readonly server: Server; readonly sockets: Socket[] }[] = [];
  afterEach(async () => {
    await Promise.all(proxies.splice(0).map((one) => one.close()));
    for (const { server, sockets } of servers.splice(0)) {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });
  return {
    async proxy(options) {
      const proxy = await createChaosProxy(options);
      proxies.push(proxy);
      return proxy;
    },
    async server(answer) {
      const sockets: Socket[] = [];
      const server = createServer((socket) => {
        sockets.push(socket);
        socket.on("error", () => {});
        const frames = createFrameReader(1 << 30);
        socket.on("data", (chunk) => {
          frames.push(chunk);
          for (let frame = frames.next(); frame !== undefined; frame = frames.next())
            for (const one of answer(frame)) socket.write(withLength(one));
        });
      });
      servers.push({ server, sockets });
      await once(server.listen(0, "127.0.0.1"), "listening");
      const { port } = server.address() as { readonly port: number };
      return { address: `127.0.0.1:${port}`, sockets };
    },
  };
}

import { once } from "node:events";
import { createServer, type Server } from "node:net";

// Below the kernel's range for outgoing connections, so that no client socket takes a port between two starts.
const lowestPort = 10_240;
const highestPort = 32_767;

/** Finds free ports on 127.0.0.1: all are bound at once before they are released together. */
export async function findPorts(count: number): Promise<readonly number[]> {
  const servers: Server[] = [];
  const ports: number[] = [];
  try {
    for (let tries = 0; ports.length < count; tries++) {
      if (tries > count + 200)
        throw new Error(`no ${count} free ports between ${lowestPort} and ${highestPort}`);
      const port = lowestPort + Math.floor(Math.random() * (highestPort - lowestPort));
      const server = await bind(port);
      if (!server) continue;
      servers.push(server);
      ports.push(port);
    }
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
  return ports;
}

async function bind(port: number): Promise<Server | undefined> {
  const server = createServer();
  server.listen({ host: "127.0.0.1", port, exclusive: true });
  try {
    await once(server, "listening");
    return server;
  } catch {
    return undefined;
  }
}

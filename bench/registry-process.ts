// One embedded registry in a process of its own, so that its CPU time can be told from the client's.
const before = performance.now();
const { createDevRegistry } = await import("keryx/testing");
const registry = await createDevRegistry({ log: () => {} });
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000 });
});
process.on("disconnect", () => void registry.close());
process.send?.({ url: registry.url, startMs: performance.now() - before });

/** Processor time that `run` takes, in milliseconds: what else the machine does then does not count. */
export function cpuTimeMs(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

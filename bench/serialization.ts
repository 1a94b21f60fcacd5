import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

interface Report {
  readonly event: string;
  readonly rows: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly gzipBytes: number;
    readonly zstdBytes: number;
    readonly encodeNs: number;
    readonly decodeNs: number;
  }[];
}

const events = ["order.placed", "user.logged_in", "payment.captured", "system.alert"];

/** `keryx bench codec` on sample events of both formats, a process each, as lines of a table. */
export function benchSerialization(): string {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const command = ["--conditions=@keryx/source", "bin/keryx.mjs", "bench", "codec"];
  return events
    .flatMap((event) => {
      const { stdout, stderr, status } = spawnSync(process.execPath, [...command, event, "--json"], {
        cwd: root,
        encoding: "utf8",
      });
      if (status !== 0) throw new Error(stderr);
      const { rows } = JSON.parse(stdout) as Report;
      console.log(
        `${event}: ${rows.map(({ name, encodeNs, decodeNs }) => `${name} ${encodeNs}/${decodeNs} ns`).join(", ")}`,
      );
      return rows.map(
        (row) =>
          `| \`${event}\` | ${row.name} | ${row.bytes} | ${row.gzipBytes} | ${row.zstdBytes} | ${row.encodeNs.toLocaleString("en")} | ${row.decodeNs.toLocaleString("en")} |`,
      );
    })
    .join("\n");
}

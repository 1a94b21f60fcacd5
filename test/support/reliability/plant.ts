// Plants a defect into the product's source as it is loaded, in a process of its own: the product knows nothing of it.
//   KERYX_PLANT='[{"file":"src/…","find":"…","replace":"…"}]' node --import plant.ts …
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** A line that is changed; it must stand in the file exactly once. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const patches: readonly Patch[] = JSON.parse(process.env["KERYX_PLANT"] ?? "[]");
const root = fileURLToPath(new URL("../../../", import.meta.url));
const waiting = new Set(patches);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const own = url.startsWith("file:")
      ? patches.filter(({ file }) => fileURLToPath(url) === root + file)
      : [];
    if (own.length === 0) return loaded;
    let source = Buffer.from(loaded.source as Uint8Array).toString();
    for (const patch of own) {
      const count = source.split(patch.find).length - 1;
      if (count !== 1) throw new Error(`planted nothing: ${patch.file} has ${count} times: ${patch.find}`);
      source = source.replace(patch.find, () => patch.replace);
      waiting.delete(patch);
    }
    return { ...loaded, source };
  },
});

process.on("exit", (code) => {
  if (waiting.size === 0 || code !== 0) return;
  process.stderr.write(
    `planted nothing: ${[...waiting].map(({ file }) => file).join(", ")} was never loaded\n`,
  );
  process.exitCode = 3;
});

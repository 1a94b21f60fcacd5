import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const root = join(import.meta.dirname, "../..");

/** The descriptors that buf makes of these texts, in base64, by import path; those of their imports included. */
export function buildDescriptors(texts: ReadonlyMap<string, string>): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "keryx-descriptors-"));
  try {
    for (const [path, text] of texts) {
      const file = join(folder, "proto", path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    const image = join(folder, "image.binpb");
    const buf = join(root, "node_modules", "@bufbuild", "buf", "bin", "buf");
    const source = join(folder, "proto");
    const result = spawnSync(
      process.execPath,
      [buf, "build", source, "-o", image, "--as-file-descriptor-set", "--exclude-source-info"],
      { encoding: "utf8" },
    );
    if (result.status !== 0) throw new Error(result.stderr);
    const set = fromBinary(FileDescriptorSetSchema, readFileSync(image));
    return new Map(
      set.file.map((file) => [
        file.name,
        Buffer.from(toBinary(FileDescriptorProtoSchema, file)).toString("base64"),
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

import type { FileDescriptorProto, SourceCodeInfo_Location } from "@bufbuild/protobuf/wkt";
import type { Span } from "../diagnostics.ts";
import { linesOf, offsetOfColumn } from "./proto/columns.ts";

/** Finds the places of a file's declarations in its text. */
export interface Places {
  /** The place of a declaration by its descriptor path; the start of the file when it has none. */
  readonly at: (path: readonly number[]) => Span;
  /** The path itself, or the first below it that has a place; undefined when there is none. */
  readonly nearest: (path: readonly number[]) => readonly number[] | undefined;
  /** The comment in front of a declaration, without comment marks. */
  readonly commentOf: (path: readonly number[]) => string | undefined;
  /** Every location, with its start as UTF-16 offset; undefined where the column cannot be followed. */
  readonly all: () => readonly {
    readonly path: readonly number[];
    readonly line: number;
    readonly offset: number | undefined;
  }[];
}

export function placesOf(file: FileDescriptorProto, text: string): Places {
  const lines = linesOf(text);
  const byPath = new Map<string, SourceCodeInfo_Location>();
  for (const location of file.sourceCodeInfo?.location ?? []) {
    const key = location.path.join(",");
    if (!byPath.has(key)) byPath.set(key, location);
  }
  const startOf = (location: SourceCodeInfo_Location): { line: number; offset: number | undefined } => {
    const [line = 0, column = 0] = location.span;
    const found = lines[line];
    const offset = found === undefined ? undefined : offsetOfColumn(found.text, column);
    return { line, offset: offset === undefined || found === undefined ? undefined : found.start + offset };
  };
  return {
    at(path) {
      const location = byPath.get(path.join(","));
      if (location === undefined) return { file: file.name, line: 1, column: 1 };
      const { line, offset } = startOf(location);
      const start = lines[line]?.start ?? 0;
      return { file: file.name, line: line + 1, column: offset === undefined ? 1 : offset - start + 1 };
    },
    nearest: (path) =>
      byPath.has(path.join(","))
        ? path
        : file.sourceCodeInfo?.location.find((one) => path.every((step, at) => one.path[at] === step))?.path,
    commentOf(path) {
      const comment = byPath.get(path.join(","))?.leadingComments;
      return comment === undefined || comment === "" ? undefined : plainComment(comment);
    },
    all: () =>
      (file.sourceCodeInfo?.location ?? []).map((location) => ({
        path: location.path,
        ...startOf(location),
      })),
  };
}

/** Descriptors keep the blank behind each comment mark. */
function plainComment(comment: string): string {
  const lines = comment
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => line.replace(/^ /, "").trimEnd());
  return lines.join("\n").trim();
}

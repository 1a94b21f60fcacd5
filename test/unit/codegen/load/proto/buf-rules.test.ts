import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type BufComplaint, lintWithBuf } from "../../../../../codegen/load/proto/buf-rules.ts";
import { KeryxError } from "../../../../../src/core/errors.ts";

describe("What buf answers about its rules", () => {
  let folder = "";
  before(function () {
    // The program in buf's place is a shell script.
    if (process.platform === "win32") this.skip();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keryx-buf-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Lints with a program that ends like this in buf's place. */
  const lint = (output: string, exitCode: number): Promise<readonly BufComplaint[]> => {
    const program = join(folder, "buf");
    writeFileSync(program, `#!/bin/sh\ncat <<'END'\n${output}\nEND\nexit ${exitCode}\n`);
    chmodSync(program, 0o755);
    return lintWithBuf(program, folder, new Map([["a.proto", "message A {}\n"]]));
  };

  it("is read line by line", async () => {
    const line = { path: "a.proto", start_line: 1, start_column: 9, type: "RULE", message: "no" };
    expect(await lint(JSON.stringify(line), 100)).to.deep.equal([
      { rule: "RULE", message: "no", at: { file: "a.proto", line: 1, column: 9 } },
    ]);
    expect(await lint("", 0)).to.deep.equal([]);
  });

  for (const [what, output] of [
    ["says no without a reason", ""],
    ["is no JSON", "a.proto:1:1: no"],
    ["is no object", "null"],
  ] as const)
    it(`is an error where it ${what}, never a yes`, async () => {
      const error = await lint(output, 100).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(KeryxError);
      expect((error as KeryxError).code).to.equal("generate_failed");
    });
});

import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { type AskPlugin, generateMessages, printBy } from "../../../../codegen/emit/protobuf/messages.ts";
import { findPlugin } from "../../../../codegen/emit/protobuf/plugin.ts";
import { loadModel } from "../../../../codegen/index.ts";
import { repository } from "../../../support/generated-code.ts";

const preload = join(repository, "codegen/emit/protobuf/plugin-process.ts");

describe("protoc-gen-es in a hurry", function () {
  this.timeout(60_000);
  const plugin = findPlugin(repository) ?? { path: "", version: "" };

  it("prints what it prints by itself", async () => {
    const { model } = await loadModel({ root: repository, schemas: "schemas", settings: {} });
    const files = model.protobuf?.files ?? [];
    const plain: AskPlugin = async (request) => ({
      answer: spawnSync(process.execPath, [plugin.path], { input: request, maxBuffer: 2 ** 26 }).stdout,
      complaint: "",
    });
    const request = { files, extension: "ts", plugin } as const;
    const found = await generateMessages(request);
    expect(found.length).to.be.above(2);
    expect(found).deep.equals(await printBy(plain, request));
  });

  it("works the names of a file out once, and loads a compiler only when something of it is used", () => {
    const library = createRequire(plugin.path).resolve("@bufbuild/protoplugin");
    const names = join(dirname(library), "names.js");
    const compiler = createRequire(library).resolve("typescript");
    const script = `
      const { generatedDescName } = require(${JSON.stringify(names)});
      let looks = 0;
      const none = { enums: [], services: [], extensions: [] };
      const file = { kind: "file", name: "x", ...none, get messages() { looks += 1; return []; } };
      generatedDescName(file);
      const once = looks;
      generatedDescName(file);
      const compiler = require(${JSON.stringify(compiler)});
      const isLoaded = require("node:util").types.isProxy(compiler) ? "no" : "yes";
      console.log(JSON.stringify([once > 0 && looks === once, isLoaded, typeof compiler.createProgram]));`;
    const args = ["--import", pathToFileURL(preload).href, "--eval", script];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(stdout, stderr).equals('[true,"no","function"]\n');
  });
});

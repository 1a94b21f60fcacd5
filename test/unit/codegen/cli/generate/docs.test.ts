import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Parser } from "@asyncapi/parser";
import { expect } from "chai";
import { runCommand } from "../../../../support/command.ts";
import { repository } from "../../../../support/generated-code.ts";
import { writeTree } from "../../../../support/schema-tree.ts";

const schema = JSON.stringify({
  ...{ type: "record", name: "a.v1.Paid", doc: "Money | came." },
  keryx: { topic: "payments", key: "k", serialization: "JSON", owner: "team-pay" },
  fields: [
    { name: "k", type: "string", doc: "The key." },
    {
      name: "by",
      type: [
        "null",
        {
          type: "record",
          name: "Payer",
          fields: [{ name: "name", type: "string", keryx: { sensitive: true } }],
        },
      ],
      default: null,
    },
    { name: "big", type: "long", default: 0 },
  ],
}).replace('"default":0', '"default":9007199254740993');

describe("keryx generate --docs", function () {
  this.timeout(60_000);
  const pages = ["docs/reference/events.md", "docs/reference/asyncapi.yaml"] as const;
  const read = (root: string, path: string): Promise<string> => readFile(join(root, path), "utf8");

  it("writes what each event is, promises and holds, with the types that it uses", async () => {
    const root = await writeTree({ "schemas/a.avsc": schema });
    const { exit, out } = await runCommand(root, ["generate", "--docs"]);
    expect(exit).to.equal(0);
    for (const page of pages) expect(out).to.include(`written ${page}\n`);
    const text = await read(root, pages[0]);
    expect(text).to.include("Money \\| came.");
    expect(text).to.include("| Written as | JSON, without a registry |");
    expect(text).to.include("| Owner | team-pay |");
    expect(text).to.include("| `by` | null or [a.v1.Payer](#a.v1.Payer), has a default |");
    expect(text).to.include("| `name` | string | **Sensitive.** |");
    expect(text).to.not.include("Subject");
  });

  it("writes an AsyncAPI document that the parser takes, exact to the last digit", async () => {
    const root = await writeTree({ "schemas/a.avsc": schema });
    await runCommand(root, ["generate", "--docs"]);
    const text = await read(root, pages[1]);
    expect(text).to.include("default: 9007199254740993");
    const { document, diagnostics } = await new Parser().parse(text);
    expect(diagnostics.filter(({ severity }) => severity < 2)).to.deep.equal([]);
    const message = document?.messages().all()[0];
    expect(message?.name()).to.equal("a.v1.Paid");
    expect(message?.contentType()).to.equal("application/json");
  });

  it("has valid pages for the samples, of both formats", async () => {
    const { document, diagnostics } = await new Parser().parse(await read(repository, pages[1]));
    expect(diagnostics.filter(({ severity }) => severity < 2)).to.deep.equal([]);
    expect(document?.channels().all()).to.have.length(7);
    expect(document?.messages().all()).to.have.length(11);
    const page = await read(repository, pages[0]);
    expect(page).to.include("| `token` | string | **Sensitive.** The provider's token for the card. |");
    expect(page).to.include("map of string to int64");
  });

  it("checks its pages, writes none twice, and leaves somebody's own alone", async () => {
    const root = await writeTree({ "schemas/a.avsc": schema });
    await runCommand(root, ["generate"]);
    const check = (): ReturnType<typeof runCommand> => runCommand(root, ["generate", "--docs", "--check"]);
    expect(await check()).to.deep.include({
      exit: 3,
      out: pages
        .toSorted()
        .map((one) => `missing ${one}\n`)
        .join(""),
    });
    await runCommand(root, ["generate", "--docs"]);
    expect((await check()).exit).to.equal(0);
    expect((await runCommand(root, ["generate", "--docs"])).out).to.equal("");
    const path = join(root, pages[0]);
    await writeFile(path, (await read(root, pages[0])).replace("Money", "Gold"));
    expect(await check()).to.deep.include({ exit: 3, out: `changed ${pages[0]}\n` });
    await writeFile(path, "# My own page\n");
    const refused = await runCommand(root, ["generate", "--docs"]);
    expect(refused.exit).to.equal(1);
    expect(refused.note).to.include("was not written by Keryx");
    expect(await read(root, pages[0])).to.equal("# My own page\n");
    await rm(path);
    expect((await runCommand(root, ["generate", "--docs"])).out).to.equal(`written ${pages[0]}\n`);
  });
});

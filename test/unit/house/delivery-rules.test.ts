import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";

const root = new URL("../../../", import.meta.url);

describe("The table of delivery rules in docs/design.md", () => {
  it("names only places that exist, below src/consumer unless it says more", () => {
    const text = readFileSync(new URL("docs/design.md", root), "utf8");
    const [, rest = ""] = text.split("\n## Delivery rules\n");
    const rows = (rest.split("\n## ")[0] ?? "")
      .split("\n")
      .filter((line) => /^\| [a-z]/i.test(line))
      .slice(1);
    expect(rows.length).to.be.greaterThan(20);
    const missing: string[] = [];
    for (const row of rows) {
      const places = [...row.matchAll(/`([\w/-]+(?:\.ts|\/)|src\/[\w/-]+)`/g)].map(([, place = ""]) => place);
      expect(places, row).not.to.have.length(0);
      for (const place of places)
        if (![place, `src/consumer/${place}`].some((path) => existsSync(new URL(path, root))))
          missing.push(place);
    }
    expect(missing).to.deep.equal([]);
  });
});

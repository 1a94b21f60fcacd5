import { expect } from "chai";
import { compatibilityLevels } from "../../src/core/event.ts";
import {
  avroText,
  embeddedRegistries,
  idField,
  noteField,
  type RawRegistry,
} from "../support/embedded-registry.ts";

const first = { schema: avroText("Paid", idField) };
const second = { schema: avroText("Paid", idField, noteField) };
const refused = { schema: avroText("Paid", { name: "id", type: "int" }) };

const codeOf = ({ status, body }: { status: number; body: unknown }): readonly unknown[] => [
  status,
  (body as { error_code?: number }).error_code,
];

describe("The life of a subject in the embedded registry", () => {
  const start = embeddedRegistries();
  let registry: RawRegistry;
  beforeEach(async () => {
    registry = await start();
  });

  it("goes from registering over soft and hard deletion back to version 1", async () => {
    const { id } = await registry.register("paid-value", first);
    expect(await registry.register("paid-value", first)).to.include({ id, version: 1 });
    expect(await registry.register("refunded-value", first)).to.include({ id, version: 1 });
    expect(await registry.register("paid-value", second)).to.include({ id: id + 1, version: 2 });

    expect((await registry.delete("/subjects/paid-value/versions/1")).body).to.equal(1);
    expect((await registry.get("/subjects/paid-value/versions")).body).to.deep.equal([2]);
    expect((await registry.get("/subjects/paid-value/versions?deleted=true")).body).to.deep.equal([1, 2]);
    expect((await registry.get(`/schemas/ids/${id}`)).status, "ids outlive soft deletion").to.equal(200);

    expect((await registry.delete("/subjects/paid-value")).body).to.deep.equal([2]);
    expect((await registry.get("/subjects")).body).to.deep.equal(["refunded-value"]);
    expect((await registry.get("/subjects?deleted=true")).body).to.deep.equal([
      "paid-value",
      "refunded-value",
    ]);
    expect((await registry.get("/subjects?deletedOnly=true")).body).to.deep.equal(["paid-value"]);
    expect(codeOf(await registry.get("/subjects/paid-value/versions"))).to.deep.equal([404, 40401]);

    expect(
      await registry.register("paid-value", refused),
      "numbers go on, what is deleted is no history",
    ).to.include({
      version: 3,
    });
    expect((await registry.delete("/subjects/paid-value/versions/3")).body).to.equal(3);
    expect((await registry.delete("/subjects/paid-value?permanent=true")).body).to.deep.equal([1, 2, 3]);
    expect((await registry.get("/subjects?deleted=true")).body).to.deep.equal(["refunded-value"]);
    expect(await registry.register("paid-value", first)).to.include({ id, version: 1 });
  });

  it("gives a schema that returns from a soft deletion its id and a new version, in the place of the old one", async () => {
    const { id } = await registry.register("paid-value", first);
    await registry.delete("/subjects/paid-value");
    expect(await registry.register("paid-value", first)).to.include({ id, version: 2 });
    expect((await registry.get("/subjects/paid-value/versions?deleted=true")).body).to.deep.equal([2]);
  });

  it("forgets the id of a schema that nothing holds any more", async () => {
    const { id } = await registry.register("paid-value", first);
    await registry.delete("/subjects/paid-value");
    await registry.delete("/subjects/paid-value?permanent=true");
    expect(codeOf(await registry.get(`/schemas/ids/${id}`))).to.deep.equal([404, 40403]);
    expect((await registry.register("paid-value", first)).id).to.equal(id + 1);
  });

  it("does not end while others refer to it", async () => {
    await registry.register("money", { schema: avroText("Money", idField) });
    const total = { name: "total", type: "test.v1.Money" };
    const references = [{ name: "test.v1.Money", subject: "money", version: 1 }];
    const { id } = await registry.register("order-value", { schema: avroText("Order", total), references });
    expect((await registry.get("/subjects/money/versions/1/referencedby")).body).to.deep.equal([id]);
    expect(codeOf(await registry.delete("/subjects/money"))).to.deep.equal([422, 42206]);
    expect(codeOf(await registry.delete("/subjects/money/versions/1"))).to.deep.equal([422, 42206]);
    await registry.delete("/subjects/order-value");
    expect((await registry.delete("/subjects/money")).body).to.deep.equal([1]);
  });

  it("says which deletions come too early and which too late", async () => {
    await registry.register("paid-value", first);
    await registry.register("paid-value", second);
    expect(codeOf(await registry.delete("/subjects/paid-value?permanent=true"))).to.deep.equal([404, 40405]);
    expect(codeOf(await registry.delete("/subjects/paid-value/versions/1?permanent=true"))).to.deep.equal([
      404, 40407,
    ]);
    await registry.delete("/subjects/paid-value/versions/1");
    expect(codeOf(await registry.delete("/subjects/paid-value/versions/1"))).to.deep.equal([404, 40406]);
    expect((await registry.delete("/subjects/paid-value/versions/1?permanent=true")).body).to.equal(1);
    expect(codeOf(await registry.delete("/subjects/paid-value/versions/1"))).to.deep.equal([404, 40402]);
    await registry.delete("/subjects/paid-value");
    expect(codeOf(await registry.delete("/subjects/paid-value"))).to.deep.equal([404, 40404]);
    expect(codeOf(await registry.delete("/subjects/never"))).to.deep.equal([404, 40401]);
    expect(codeOf(await registry.delete("/subjects/paid-value/versions/zero"))).to.deep.equal([422, 42202]);
  });

  it("takes its level and mode with it", async () => {
    await registry.register("paid-value", first);
    await registry.put("/config/paid-value", { compatibility: "FULL" });
    await registry.put("/mode/paid-value", { mode: "READWRITE" });
    await registry.delete("/subjects/paid-value");
    expect(codeOf(await registry.get("/config/paid-value"))).to.deep.equal([404, 40408]);
    expect(codeOf(await registry.get("/mode/paid-value"))).to.deep.equal([404, 40409]);
  });

  it("has ids of its own in each context", async () => {
    await registry.register("other-value", second);
    const here = await registry.register("paid-value", first);
    const there = await registry.register(":.east:paid-value", first);
    expect([here.id, there.id]).to.deep.equal([2, 1]);
    expect((await registry.get("/contexts")).body).to.deep.equal([".", ".east"]);
    expect((await registry.get("/subjects")).body).to.deep.equal([
      ":.east:paid-value",
      "other-value",
      "paid-value",
    ]);
    expect((await registry.get("/subjects?subjectPrefix=:.east:")).body).to.deep.equal([":.east:paid-value"]);
    expect((await registry.get("/subjects?subjectPrefix=p")).body).to.deep.equal(["paid-value"]);
    expect((await registry.get("/schemas/ids/1")).body).to.include(second);
    expect((await registry.get("/schemas/ids/1?subject=:.east:")).body).to.include(first);
    expect((await registry.get("/contexts/.east/schemas/ids/1")).body).to.include(first);
    expect((await registry.get("/contexts/:.east:/subjects/paid-value/versions")).body).to.deep.equal([1]);
    expect((await registry.get(`/schemas/guids/${there.guid}/ids`)).body).to.deep.equal([
      { context: ".", id: 2 },
      { context: ".east", id: 1 },
    ]);
    expect(codeOf(await registry.delete("/contexts/.east"))).to.deep.equal([422, 42211]);
    await registry.delete("/subjects/:.east:paid-value");
    await registry.delete("/subjects/:.east:paid-value?permanent=true");
    expect((await registry.delete("/contexts/.east")).status).to.equal(204);
    expect((await registry.get("/contexts")).body).to.deep.equal(["."]);
  });

  it("is refused writes by its mode", async () => {
    await registry.register("paid-value", first);
    for (const mode of ["READONLY", "READONLY_OVERRIDE"]) {
      await registry.put("/mode/paid-value", { mode });
      expect(codeOf(await registry.post("/subjects/paid-value/versions", second)), mode).to.deep.equal([
        422, 42205,
      ]);
      expect(codeOf(await registry.delete("/subjects/paid-value")), mode).to.deep.equal([422, 42205]);
      expect(codeOf(await registry.put("/config/paid-value", { compatibility: "FULL" })), mode).to.deep.equal(
        [422, 42205],
      );
      expect((await registry.post("/subjects/paid-value", first)).status, "reading goes on").to.equal(200);
    }
    await registry.delete("/mode/paid-value");
    await registry.put("/mode", { mode: "READONLY_OVERRIDE" });
    await registry.put("/mode/paid-value", { mode: "READWRITE" });
    expect(codeOf(await registry.post("/subjects/paid-value/versions", second))).to.deep.equal([422, 42205]);
    await registry.delete("/mode");
    expect((await registry.post("/subjects/paid-value/versions", second)).status).to.equal(200);
  });

  it("takes ids and versions of another registry in the mode IMPORT only", async () => {
    const copied = { ...first, id: 700, version: 4 };
    expect(codeOf(await registry.post("/subjects/paid-value/versions", copied))).to.deep.equal([422, 42205]);
    expect((await registry.put("/mode/paid-value", { mode: "IMPORT" })).body).to.deep.equal({
      mode: "IMPORT",
    });
    expect(codeOf(await registry.post("/subjects/paid-value/versions", first))).to.deep.equal([422, 42205]);
    expect(await registry.register("paid-value", copied)).to.include({ id: 700, version: 4 });
    expect(
      await registry.register("paid-value", { ...refused, id: 701, version: 2 }),
      "nothing is judged",
    ).to.include({
      id: 701,
      version: 2,
    });
    expect((await registry.get("/subjects/paid-value/versions")).body).to.deep.equal([2, 4]);
    const clash = { ...second, id: 700 };
    expect(codeOf(await registry.post("/subjects/paid-value/versions", clash))).to.deep.equal([422, 42205]);
    const other = { ...first, id: 702 };
    expect(codeOf(await registry.post("/subjects/paid-value/versions", other))).to.deep.equal([422, 42207]);
    expect(codeOf(await registry.put("/mode", { mode: "IMPORT" })), "ids would clash").to.deep.equal([
      422, 42205,
    ]);
    expect((await registry.put("/mode?force=true", { mode: "IMPORT" })).status).to.equal(200);
    await registry.delete("/mode");
    await registry.delete("/mode/paid-value");
    expect((await registry.register("next-value", second)).id).to.equal(702);
  });

  const dropped = { schema: avroText("Paid", noteField) };
  const required = { schema: avroText("Paid", idField, { name: "more", type: "string" }) };
  const takes: Record<(typeof compatibilityLevels)[number], readonly boolean[]> = {
    NONE: [true, true, true],
    BACKWARD: [true, false, false],
    BACKWARD_TRANSITIVE: [true, false, false],
    FORWARD: [false, true, false],
    FORWARD_TRANSITIVE: [false, true, false],
    FULL: [false, false, false],
    FULL_TRANSITIVE: [false, false, false],
  };
  for (const level of compatibilityLevels)
    it(`is refused at ${level} what the level forbids`, async () => {
      await registry.put("/config", { compatibility: level });
      for (const [at, body] of [dropped, required, refused].entries()) {
        const subject = `s${at}-value`;
        await registry.register(subject, first);
        const answer = await registry.post(`/subjects/${subject}/versions`, body);
        expect(answer.status, `${at}`).to.equal(takes[level][at] ? 200 : 409);
        const asked = await registry.post(`/compatibility/subjects/${subject}/versions/1`, body);
        expect(asked.body, `${at}`).to.deep.equal({ is_compatible: takes[level][at] });
      }
    });

  it("is judged over its whole history at a transitive level only", async () => {
    for (const level of ["BACKWARD", "BACKWARD_TRANSITIVE"]) {
      const subject = `${level}-value`;
      await registry.put(`/config/${subject}`, { compatibility: "NONE" });
      await registry.register(subject, refused);
      await registry.register(subject, first);
      await registry.put(`/config/${subject}`, { compatibility: level });
      const isTaken = level === "BACKWARD";
      expect((await registry.post(`/compatibility/subjects/${subject}/versions`, second)).body).to.deep.equal(
        {
          is_compatible: isTaken,
        },
      );
      expect(
        (await registry.post(`/compatibility/subjects/${subject}/versions/latest`, second)).body,
      ).to.deep.equal({
        is_compatible: true,
      });
      const { status } = await registry.post(`/subjects/${subject}/versions`, second);
      expect(status).to.equal(isTaken ? 200 : 409);
    }
  });
});

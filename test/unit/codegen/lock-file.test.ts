import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { emit, loadModel } from "../../../codegen/index.ts";
import { changeLockFile } from "../../../codegen/lock-file.ts";
import { emptyLock, formatLock, type Lock, maxLockBytes, updateLock } from "../../../codegen/model/lock.ts";
import { parseLock } from "../../../codegen/model/lock-parse.ts";
import { releaseEvents } from "../../../codegen/model/lock-release.ts";
import { releasedLock } from "../../support/locks.ts";
import { writeTree } from "../../support/schema-tree.ts";
import { rejection } from "../registry/rejection.ts";

const name = "schemas.lock.json";
const withEvent = (lock: Lock, event: string): Lock => ({
  events: new Map([...lock.events, ...releasedLock(event).events]),
});

describe("writing the lock file", () => {
  const read = async (root: string): Promise<Lock> => {
    const { lock, diagnostics } = parseLock(await readFile(join(root, name), "utf8"), name);
    expect(diagnostics).to.deep.equal([]);
    return lock;
  };

  it("starts from the file as it is at that moment, and from nothing where there is none", async () => {
    const root = await writeTree({});
    expect(await changeLockFile(root, (lock) => withEvent(lock, "a.A"))).to.equal("written");
    expect(await changeLockFile(root, (lock) => withEvent(lock, "b.B"))).to.equal("written");
    expect([...(await read(root)).events.keys()]).to.deep.equal(["a.A", "b.B"]);
    expect(await readdir(root)).to.deep.equal([name]);
  });

  it("writes nothing when nothing changes, whatever the line ends", async () => {
    const root = await writeTree({ [name]: formatLock(emptyLock).replaceAll("\n", "\r\n") });
    expect(await changeLockFile(root, (lock) => lock)).to.equal("same");
    expect(await readFile(join(root, name), "utf8")).to.contain("\r\n");
  });

  it("loses nothing when many runs write at once", async () => {
    const root = await writeTree({});
    const events = Array.from({ length: 20 }, (_, at) => `a.E${at}`);
    await Promise.all(events.map((event) => changeLockFile(root, (lock) => withEvent(lock, event))));
    expect([...(await read(root)).events.keys()]).to.have.members(events);
    expect(await readdir(root)).to.deep.equal([name]);
  });

  it("writes no file that it could not read again, and says how events come to need less room", async () => {
    const root = await writeTree({});
    const draft = releasedLock("a.A").events.get("a.A");
    const [version] = draft?.versions ?? [];
    const large = { ...version!, schema: " ".repeat(maxLockBytes / 2) };
    const twice: Lock = { events: new Map([["a.A", { ...draft!, versions: [large, large] }]]) };
    const thrown = await rejection(changeLockFile(root, () => twice));
    expect(thrown.code).to.equal("generate_failed");
    expect(thrown.message).to.include("would be larger");
    expect(await readdir(root)).to.deep.equal([]);
  });

  it("keeps what was released between reading the schemas and generating", async () => {
    const schema = JSON.stringify({ type: "record", name: "a.A", keryx: { topic: "a-events" }, fields: [] });
    const root = await writeTree({ "schemas/a/A.avsc": schema });
    const project = { root, schemas: "schemas", settings: {} };
    const checked = await loadModel(project);
    await changeLockFile(root, (lock) => releaseEvents(updateLock(lock, checked.model), [["a.A"]]).lock);
    await emit(project, checked, { out: "generated", generator: "keryx 0" });
    const entry = (await read(root)).events.get("a.A");
    expect(entry?.versions).to.have.length(1);
    expect(entry?.draft?.subject).to.equal("a-events-value");
  });

  it("leaves the file as it was when the change fails, and the next run is free to write", async () => {
    const root = await writeTree({});
    await changeLockFile(root, (lock) => withEvent(lock, "a.A"));
    const text = await readFile(join(root, name), "utf8");
    const failing = changeLockFile(root, () => {
      throw new Error("no");
    });
    expect(await failing.catch((error: unknown) => String(error))).to.equal("Error: no");
    expect(await readFile(join(root, name), "utf8")).to.equal(text);
    expect(await changeLockFile(root, (lock) => withEvent(lock, "b.B"))).to.equal("written");
  });

  it("does not write over a file that cannot be read, and says where and what to do", async () => {
    const text = `<<<<<<< HEAD\n${formatLock(emptyLock)}`;
    const root = await writeTree({ [name]: text });
    const error = await rejection(changeLockFile(root, () => emptyLock));
    expect(error).to.include({ code: "generate_failed" });
    expect(error.message).to.contain(`${name}:1:1 Git left a merge conflict`);
    expect(error.help).to.contain("keryx lock merge");
    expect(await readFile(join(root, name), "utf8")).to.equal(text);
  });

  it("names the file that a killed run left behind, and does not take it away from one that still runs", async () => {
    const root = await writeTree({});
    const pending = join(root, `${name}.pending`);
    await writeFile(pending, "half");
    const error = await rejection(changeLockFile(root, (lock) => withEvent(lock, "a.A"), { waitMs: 60 }));
    expect(error.help).to.contain(`delete ${name}.pending`);
    expect(existsSync(pending)).to.equal(true);
    expect(existsSync(join(root, name))).to.equal(false);
  });
});

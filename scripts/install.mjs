// Installs what the lock file names, where it is not there yet. Plain JavaScript: any Node from 20 on.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");
export const modules = join(root, "node_modules");
export const node = join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node");

const stamp = join(modules, ".keryx-stamp");
const claim = join(root, ".tmp", "install.lock");
const lookEveryMs = 200;

/** Returns when everything is there. Ends the process when it cannot be had. */
export function install() {
  if (isInstalled()) return;
  claimInstallation();
  try {
    // Another command may have installed it all meanwhile.
    if (!isInstalled()) installAll();
  } finally {
    rmSync(claim, { force: true });
  }
}

function hashOfLockFile() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

function isInstalled() {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === hashOfLockFile() && existsSync(node);
}

// Two installations at once would delete each other's files.
function claimInstallation() {
  mkdirSync(dirname(claim), { recursive: true });
  for (let isTold = false; ; ) {
    try {
      writeFileSync(claim, String(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (!isClaimed()) rmSync(claim, { force: true });
    else {
      if (!isTold) process.stderr.write(`Waiting for another command that installs (${claim}) …\n`);
      isTold = true;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lookEveryMs);
    }
  }
}

// Who claimed it may have been killed.
function isClaimed() {
  try {
    const pid = Number(readFileSync(claim, "utf8"));
    // It is being written.
    if (pid === 0) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function installAll() {
  process.stderr.write("Installing the dependencies of the lock file …\n");
  // What an interrupted installation leaves must not count as whole.
  rmSync(stamp, { force: true });
  if (!npm("ci", "--ignore-scripts")) fail("npm could not install them: what it says stands above.");
  if (!existsSync(node)) npm("rebuild", "node", "--ignore-scripts=false");
  if (!existsSync(node))
    fail("The project's own Node could not be installed: run `npm rebuild node --ignore-scripts=false`.");
  writeFileSync(stamp, hashOfLockFile());
}

function npm(...args) {
  const isWindows = process.platform === "win32";
  const { error, status } = spawnSync(isWindows ? "npm.cmd" : "npm", [...args, "--loglevel=error"], {
    cwd: root,
    shell: isWindows,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (error) throw error;
  return status === 0;
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  rmSync(claim, { force: true });
  process.exit(1);
}

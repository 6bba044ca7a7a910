import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, realpath, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { nodeFiles } from "../../../lib/runtime/node_files.ts";
import { test } from "../../harness.ts";

test("nodeFiles.write() that fails at the last step leaves no draft", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-files-"));
  await mkdir(join(folder, "taken", "below"), { recursive: true });
  await assert.rejects(nodeFiles.write(join(folder, "taken"), "x"), (thrown) => {
    assert.match(String(thrown), /Cannot write ".*taken": /);
    return true;
  });
  assert.deepEqual(await nodeFiles.list(folder), ["taken"]);
  await rm(folder, { recursive: true });
});

test("nodeFiles.write() leaves a file to its owner when told so, for nobody else to read", async () => {
  if (process.platform === "win32") return; // permissions there are inherited from the folder
  const folder = await mkdtemp(join(tmpdir(), "sallyport-files-"));
  const path = join(folder, "file");
  const modeOf = async () => (await stat(path)).mode & 0o777;
  await nodeFiles.write(path, "new", { mode: 0o600, keepsOwner: true });
  assert.equal(await modeOf(), 0o600);
  await chmod(path, 0o640);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await chown(path, 12_345, 12_346);
  await nodeFiles.write(path, "newer", { mode: 0o600, keepsOwner: true });
  assert.equal(await modeOf(), 0o600);
  if (isRoot) {
    const { uid, gid } = await stat(path);
    assert.deepEqual([uid, gid], [12_345, 12_346]);
  }
  await nodeFiles.write(path, "newest");
  assert.equal(await modeOf(), 0o600);
  await rm(folder, { recursive: true });
});

test("nodeFiles.readBytes() gives exactly the file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-files-"));
  const data = crypto.getRandomValues(new Uint8Array(3_000));
  await nodeFiles.write(join(folder, "data"), data);
  const read = await nodeFiles.readBytes(join(folder, "data"));
  assert.deepEqual([...read], [...data]);
  assert.equal(Object.getPrototypeOf(read), Uint8Array.prototype);
  await rm(folder, { recursive: true });
});

test("nodeFiles.swap() gives the draft the permissions of what it replaces", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-files-"));
  const [draft, target, kept] = ["draft", "program", "kept"].map((name) => join(folder, name));
  await nodeFiles.write(target, "old");
  await chmod(target, 0o755);
  await nodeFiles.write(draft, "new");
  await nodeFiles.swap(draft, target, kept);
  if (process.platform !== "win32") assert.equal((await stat(target)).mode & 0o777, 0o755);
  assert.equal(await nodeFiles.readText(kept), "old");
  // a name that cannot be given up: nothing has changed
  await nodeFiles.write(draft, "newer");
  await mkdir(join(folder, "taken"));
  await assert.rejects(nodeFiles.swap(draft, target, join(folder, "taken")));
  assert.equal(await nodeFiles.readText(target), "new");
  assert.equal(await nodeFiles.readText(draft), "newer");
  await rm(folder, { recursive: true });
});

test("nodeFiles.open() follows no link in the last place, and waits for no pipe", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-files-"));
  await nodeFiles.write(join(folder, "file"), "x");
  await symlink("file", join(folder, "link"));
  execFileSync("mkfifo", [join(folder, "pipe")]);
  for (const [name, found] of [["link", /it is a link/], ["pipe", /it is no file/]] as const) {
    await assert.rejects(nodeFiles.open(join(folder, name)), found);
  }
  await rm(folder, { recursive: true });
});

test("nodeFiles.realPath() and entries() know links", async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "sallyport-files-")));
  await nodeFiles.write(join(folder, "file"), "x");
  await symlink("file", join(folder, "link"));
  assert.equal(await nodeFiles.realPath(join(folder, "link")), join(folder, "file"));
  assert.deepEqual(await nodeFiles.entries(folder), [
    { name: "file", kind: "file" },
    { name: "link", kind: "link" },
  ]);
  await rm(folder, { recursive: true });
});

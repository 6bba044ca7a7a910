import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

test("nodeFiles.readBytes() gives exactly the file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-files-"));
  const data = crypto.getRandomValues(new Uint8Array(3_000));
  await nodeFiles.write(join(folder, "data"), data);
  const read = await nodeFiles.readBytes(join(folder, "data"));
  assert.deepEqual([...read], [...data]);
  assert.equal(Object.getPrototypeOf(read), Uint8Array.prototype);
  await rm(folder, { recursive: true });
});

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { edit, editorOf } from "../../../lib/cli/editor.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

test("editorOf() is what the user chose, with its arguments, else what systems have", () => {
  const of = (env: Record<string, string>) => editorOf(memoryRuntime({ host: { env } }).host);
  assert.deepEqual(of({ EDITOR: "code --wait" }), ["code", "--wait"]);
  assert.deepEqual(of({ VISUAL: "vi", EDITOR: "ed" }), ["vi"]);
  assert.deepEqual(of({ EDITOR: " " }), ["nano"]);
});

test("edit() hands the path over as it is, and waits", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-editor-"));
  try {
    const path = join(folder, "$(touch x) y.yml");
    await writeFile(path, "a");
    await edit(["sed", "-i", "s/a/b/"], path);
    assert.equal(await readFile(path, "utf8"), "b");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("edit() says what to do about an editor that is not there, and about one that fails", async () => {
  await assert.rejects(edit(["no-such-editor-at-all"], "x"), {
    code: "not_found",
    message: /there is no such program; set EDITOR to one$/,
  });
  await assert.rejects(edit(["false"], "x"), { code: "io_failed", message: /ended with 1/ });
});

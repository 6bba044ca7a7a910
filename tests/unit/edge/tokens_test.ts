/** @module */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { createSigner, loadSigner } from "../../../lib/edge/tokens.ts";
import { MemoryFiles } from "../../fakes/files.ts";
import { test } from "../../harness.ts";

const key = new Uint8Array(32).fill(7);

test("Signer gives back what it sealed, and the same text for the same payload", async () => {
  const signer = await createSigner(key);
  const payload = { i: "id", h: "grüße.example.com", o: 443 };
  const note = await signer.seal("bind", payload);
  assert.equal(note, await signer.seal("bind", payload));
  assert.deepEqual(await signer.open("bind", note), {
    status: "valid",
    payload,
  });
});

test("Signer takes no cookie for a bind token", async () => {
  const signer = await createSigner(key);
  const cookie = await signer.seal("cookie", { c: "1" });
  assert.deepEqual(await signer.open("bind", cookie), { status: "forged" });
});

test("Signer calls a note with any character changed forged or foreign, never valid", async () => {
  const signer = await createSigner(key);
  const note = await signer.seal("bind", { i: "id", a: "ac_1" });
  for (let at = 0; at < note.length; at++) {
    const other = note[at] === "a" ? "b" : "a";
    const changed = note.slice(0, at) + other + note.slice(at + 1);
    const opened = await signer.open("bind", changed);
    // The last character of base64 holds bits that mean nothing.
    if (at === note.length - 1 && opened.status === "valid") continue;
    assert.notEqual(opened.status, "valid", `character ${at}`);
  }
});

test("Signer tells another edge's note from a forged one", async () => {
  const here = await createSigner(key);
  const elsewhere = await createSigner(new Uint8Array(32).fill(8));
  const note = await elsewhere.seal("bind", { i: "id" });
  assert.deepEqual(await here.open("bind", note), { status: "foreign" });
  // With our key's fingerprint in front, a note of another key is a forgery.
  const ours = await here.seal("bind", { i: "id" });
  const mixed = ours.slice(0, 8) + note.slice(8);
  assert.deepEqual(await here.open("bind", mixed), { status: "forged" });
});

test("Signer survives any text", async () => {
  const signer = await createSigner(key);
  await fc.assert(fc.asyncProperty(fc.string(), async (text) => {
    assert.equal((await signer.open("cookie", text)).status, "forged");
  }));
  assert.equal(
    (await signer.open("cookie", "a".repeat(1_000_000))).status,
    "forged",
  );
});

test("loadSigner() keeps its key in the data folder, for the owner's eyes only", async () => {
  const files = new MemoryFiles();
  const first = await loadSigner(files, "/data");
  assert.equal(files.modes.get("/data/session.key"), 0o600);
  const note = await first.seal("bind", { i: "id" });
  const second = await loadSigner(files, "/data");
  assert.equal((await second.open("bind", note)).status, "valid");
  assert.equal(files.writes, 1);
});

test("loadSigner() refuses a damaged key instead of making a weak one", async () => {
  const files = new MemoryFiles();
  await files.write("/data/session.key", "abc");
  await assert.rejects(
    loadSigner(files, "/data"),
    (error: TunnelError) => error.code === "config_invalid" && /session\.key/.test(error.message),
  );
});

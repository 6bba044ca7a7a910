import assert from "node:assert/strict";
import fc from "fast-check";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { createSealer, loadSealer } from "../../../lib/store/seal.ts";
import { test } from "../../harness.ts";

const key = (fill: number) => new Uint8Array(32).fill(fill);

test("createSealer() opens what it sealed, whatever the text", async () => {
  const sealer = await createSealer(key(1));
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: "binary", maxLength: 300 }),
      async (secret) => {
        // lone surrogates are no text that UTF-8 can hold
        fc.pre(secret.isWellFormed());
        const sealed = await sealer.seal(secret, "secrets/1");
        assert.match(sealed, /^[0-9A-Za-z+/=]+$/);
        assert.equal(await sealer.open(sealed, "secrets/1"), secret);
      },
    ),
  );
});

test("createSealer() opens neither another row's secret, nor another key's, nor a changed one", async () => {
  const sealer = await createSealer(key(1));
  const sealed = await sealer.seal("hush", "secrets/1");
  const refused = (error: TunnelError) => error.code === "config_invalid";
  await assert.rejects(sealer.open(sealed, "secrets/2"), refused);
  await assert.rejects(
    (await createSealer(key(2))).open(sealed, "secrets/1"),
    refused,
  );
  for (let at = 0; at < sealed.length - 2; at += 5) {
    const changed = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") +
      sealed.slice(at + 1);
    await assert.rejects(sealer.open(changed, "secrets/1"), refused);
  }
  await assert.rejects(sealer.open("", "secrets/1"), refused);
});

test("createSealer() never gives the same text twice", async () => {
  const sealer = await createSealer(key(1));
  assert.notEqual(
    await sealer.seal("hush", "x"),
    await sealer.seal("hush", "x"),
  );
});

test("loadSealer() makes a key on first start, keeps it, and lets the environment win", async () => {
  const { host } = memoryRuntime();
  const options = { files: host.files, dataDir: "/data" };
  const sealed = await (await loadSealer(options)).seal("hush", "x");
  assert.equal(await (await loadSealer(options)).open(sealed, "x"), "hush");
  const other = await loadSealer({ ...options, masterKey: "ab".repeat(32) });
  await assert.rejects(other.open(sealed, "x"));
  await assert.rejects(
    loadSealer({ ...options, masterKey: "short" }),
    /64 hexadecimal digits/,
  );
});

/**
 * Signed notes that the edge hands to agents and gets back after a reconnect: the session cookie
 * and the bind token. They carry what the edge needs to restore a session or an address, so nothing
 * has to be remembered, and they survive a restart because the key lies in the data folder.
 *
 * Used by `agents.ts` (cookies) and `bind.ts` (bind tokens).
 *
 * @module
 */
import { fromBase64, toBase64Url } from "../base/base64.ts";
import { decodeText, encodeText, toHex } from "../base/bytes.ts";
import { TunnelError } from "../base/errors.ts";
import type { Files } from "../runtime/host.ts";

/** What a note is good for; a note of one kind is never accepted as another. */
export type NoteKind = "cookie" | "bind";

/** What {@linkcode Signer.open} found. */
export type OpenedNote =
  /** Ours, and unchanged. */
  | { readonly status: "valid"; readonly payload: Record<string, unknown> }
  /** Signed with a key that this edge does not have: another edge's, or from before its data was lost. */
  | { readonly status: "foreign" }
  /** No note at all, or one of ours that was changed. */
  | { readonly status: "forged" };

/** Signs notes and checks them. */
export interface Signer {
  /**
   * Makes a note. The same payload gives the same text.
   *
   * @param kind what it is good for
   * @param payload plain data; it is signed, not hidden, so no secrets
   */
  seal(kind: NoteKind, payload: Record<string, unknown>): Promise<string>;
  /** Reads a note that came back. */
  open(kind: NoteKind, text: string): Promise<OpenedNote>;
}

const KEY_BYTES = 32;

/** Hexadecimal digits of the key's fingerprint in front of each note. */
const KEY_ID_CHARS = 8;

/** Longer texts are not ours; refused before any work. */
const MAX_NOTE_CHARS = 4096;

/**
 * Makes a signer.
 *
 * @param key 32 random bytes
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createSigner } from "./tokens.ts";
 *
 * const signer = await createSigner(crypto.getRandomValues(new Uint8Array(32)));
 * const note = await signer.seal("cookie", { client: "c1" });
 * assert.deepEqual(await signer.open("cookie", note), { status: "valid", payload: { client: "c1" } });
 * assert.equal((await signer.open("bind", note)).status, "forged");
 * ```
 */
export async function createSigner(key: Uint8Array): Promise<Signer> {
  const raw = new Uint8Array(key);
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const handle = await crypto.subtle.importKey("raw", raw, hmac, false, ["sign", "verify"]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", raw));
  const keyId = toHex(digest).slice(0, KEY_ID_CHARS);
  return {
    async seal(kind, payload) {
      const body = toBase64Url(encodeText(JSON.stringify(payload)));
      const mac = await crypto.subtle.sign("HMAC", handle, signedBytes(kind, body));
      return `${keyId}.${body}.${toBase64Url(new Uint8Array(mac))}`;
    },
    async open(kind, text) {
      const match = text.length <= MAX_NOTE_CHARS
        ? /^([0-9a-f]{8})\.([0-9A-Za-z_-]+)\.([0-9A-Za-z_-]{43})$/.exec(text)
        : null;
      if (!match) return { status: "forged" };
      if (match[1] !== keyId) return { status: "foreign" };
      const mac = fromBase64(match[3]);
      // `verify` compares in constant time.
      if (!mac || !await crypto.subtle.verify("HMAC", handle, mac, signedBytes(kind, match[2]))) {
        return { status: "forged" };
      }
      const payload = JSON.parse(decodeText(fromBase64(match[2])!));
      return { status: "valid", payload };
    },
  };
}

/** The kind is signed with the body, so that a cookie is no bind token. */
function signedBytes(kind: NoteKind, body: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(encodeText(`${kind}\n${body}`));
}

/**
 * The signer whose key lies in the data folder; the key is made on first start.
 *
 * @param files the file system
 * @param dataDir the data folder
 * @throws {TunnelError} config_invalid when the key file is damaged; io_failed, permission_denied
 */
export async function loadSigner(files: Files, dataDir: string): Promise<Signer> {
  const path = `${dataDir}/session.key`;
  if (await files.stat(path) === undefined) {
    const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    await files.makeDir(dataDir);
    await files.write(path, `${toHex(key)}\n`, { mode: 0o600 });
    return createSigner(key);
  }
  const text = (await files.readText(path)).trim();
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new TunnelError(
      "config_invalid",
      `Cannot read the key in "${path}": it must be 64 hexadecimal digits; delete the file to get a new one`,
    );
  }
  const key = new Uint8Array(KEY_BYTES);
  for (let at = 0; at < KEY_BYTES; at++) key[at] = parseInt(text.slice(at * 2, at * 2 + 2), 16);
  return createSigner(key);
}

/**
 * Secrets at rest: private keys, vault values and credentials of event targets lie in the database
 * sealed with AES-256-GCM. What a secret belongs to is bound into the seal, so a sealed value that
 * is moved to another row does not open.
 *
 * @module
 */
import { fromBase64, toBase64 } from "../base/base64.ts";
import { decodeText, encodeText, toHex } from "../base/bytes.ts";
import { TunnelError } from "../base/errors.ts";
import type { Files } from "../runtime/host.ts";

/** Seals secrets and opens them. */
export interface Sealer {
  /**
   * Seals text.
   *
   * @param secret the text
   * @param owner what it belongs to: table and id
   * @returns printable text
   */
  seal(secret: string, owner: string): Promise<string>;
  /**
   * Opens what was sealed.
   *
   * @throws {TunnelError} config_invalid when the key is another one or the text was changed
   */
  open(sealed: string, owner: string): Promise<string>;
}

const KEY_BYTES = 32;
/** NIST SP 800-38D 8.2.1: 96 bits. */
const NONCE_BYTES = 12;
/** The first byte: a later way of sealing gets another. */
const FORMAT = 1;

/**
 * Makes a sealer.
 *
 * @param key 32 bytes
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createSealer } from "./seal.ts";
 *
 * const sealer = await createSealer(crypto.getRandomValues(new Uint8Array(32)));
 * const sealed = await sealer.seal("hush", "secrets/1");
 * assert.equal(await sealer.open(sealed, "secrets/1"), "hush");
 * await assert.rejects(sealer.open(sealed, "secrets/2"));
 * ```
 */
export async function createSealer(key: Uint8Array): Promise<Sealer> {
  const handle = await crypto.subtle.importKey("raw", new Uint8Array(key), "AES-GCM", false, [
    "encrypt",
    "decrypt",
  ]);
  return {
    async seal(secret, owner) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const body = await crypto.subtle.encrypt(parameters(nonce, owner), handle, bytes(secret));
      const whole = new Uint8Array(1 + NONCE_BYTES + body.byteLength);
      whole[0] = FORMAT;
      whole.set(nonce, 1);
      whole.set(new Uint8Array(body), 1 + NONCE_BYTES);
      return toBase64(whole);
    },
    async open(sealed, owner) {
      try {
        const whole = fromBase64(sealed);
        if (!whole) throw new RangeError("It is no base64");
        if (whole[0] !== FORMAT) throw new RangeError(`Unknown format ${whole[0]}`);
        const nonce = whole.slice(1, 1 + NONCE_BYTES);
        const body = whole.slice(1 + NONCE_BYTES);
        return decodeText(
          new Uint8Array(await crypto.subtle.decrypt(parameters(nonce, owner), handle, body)),
        );
      } catch (cause) {
        throw new TunnelError(
          "config_invalid",
          `Cannot open the secret of "${owner}": it was sealed with another master key, or changed`,
          { cause },
        );
      }
    },
  };
}

function parameters(nonce: Uint8Array<ArrayBuffer>, owner: string): AesGcmParams {
  return { name: "AES-GCM", iv: nonce, additionalData: bytes(owner) };
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(encodeText(text));
}

/** Where the master key comes from. */
export interface SealerOptions {
  /** The file system. */
  readonly files: Files;
  /** The data folder. */
  readonly dataDir: string;
  /** `SALLYPORT_MASTER_KEY`: 64 hexadecimal digits. It wins over the file. */
  readonly masterKey?: string;
}

/**
 * The sealer of a data folder: with the key given, or the one in `master.key`, made on first start.
 *
 * @throws {TunnelError} config_invalid when the key is no key
 */
export async function loadSealer(options: SealerOptions): Promise<Sealer> {
  const { files, dataDir, masterKey } = options;
  if (masterKey !== undefined) {
    return await createSealer(parseKey(masterKey, "SALLYPORT_MASTER_KEY"));
  }
  const path = `${dataDir}/master.key`;
  if (await files.stat(path) !== undefined) {
    return await createSealer(parseKey((await files.readText(path)).trim(), `"${path}"`));
  }
  const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  await files.makeDir(dataDir);
  await files.write(path, `${toHex(key)}\n`, { mode: 0o600 });
  return await createSealer(key);
}

function parseKey(text: string, where: string): Uint8Array {
  if (!/^[0-9a-fA-F]{64}$/.test(text)) {
    throw new TunnelError(
      "config_invalid",
      `Cannot use the master key in ${where}: it must be 64 hexadecimal digits`,
    );
  }
  return Uint8Array.from(
    { length: KEY_BYTES },
    (_, at) => parseInt(text.slice(at * 2, at * 2 + 2), 16),
  );
}

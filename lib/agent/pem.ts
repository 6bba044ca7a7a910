/**
 * Certificates and keys as a person names them: the path of a PEM file, or the PEM text itself.
 *
 * @module
 */
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Files } from "../runtime/host.ts";

/**
 * Reads the certificates of a PEM file or text. All of them are trusted (wire-protocol 1.1).
 *
 * @param value path or PEM text
 * @param files where paths are read
 * @param what names the option in the error: `connectCas`
 * @returns one PEM text for each certificate
 * @throws {TunnelError} not_found, permission_denied, io_failed, config_invalid
 */
export async function readCertificates(
  value: string,
  files: Files,
  what: string,
): Promise<readonly string[]> {
  const isText = isPem(value);
  const text = isText ? value : await readFile(value, files, what, "certificates");
  const found = text.match(
    /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g,
  );
  if (!found) {
    const where = isText ? "the text" : `"${value}"`;
    throw new TunnelError(
      "config_invalid",
      `Cannot read certificates for "${what}": ${where} contains none in PEM form`,
    );
  }
  return found;
}

/**
 * Reads the private key of a PEM file or text.
 *
 * @param value path or PEM text
 * @param files where paths are read
 * @param what names the option in the error: `privateKey`
 * @returns the PEM text of the first key
 * @throws {TunnelError} not_found, permission_denied, io_failed, config_invalid
 */
export async function readPrivateKey(value: string, files: Files, what: string): Promise<string> {
  const text = isPem(value) ? value : await readFile(value, files, what, "a private key");
  const found = /-----BEGIN ((?:[A-Z]+ )*PRIVATE KEY)-----[\s\S]+?-----END \1-----/.exec(text);
  if (found) return found[0] + "\n";
  // The text itself may hold half a key: it is never shown.
  const where = isPem(value) ? "the text" : `"${value}"`;
  throw new TunnelError(
    "config_invalid",
    `Cannot read a private key for "${what}": ${where} contains none in PEM form`,
  );
}

function isPem(value: string): boolean {
  return value.includes("-----BEGIN ");
}

async function readFile(
  path: string,
  files: Files,
  what: string,
  wanted: string,
): Promise<string> {
  try {
    return await files.readText(path);
  } catch (thrown) {
    const error = toTunnelError(thrown, "io_failed");
    const found = error.message.replace(/^.*": /s, "");
    throw new TunnelError(
      error.code,
      `Cannot read ${wanted} for "${what}" from "${path}": ${found}`,
      { cause: error },
    );
  }
}

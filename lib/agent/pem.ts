/**
 * Certificate authorities as a person names them: the path of a PEM file, or the PEM text itself.
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
  const isText = value.includes("-----BEGIN ");
  const text = isText ? value : await readFile(value, files, what);
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

async function readFile(
  path: string,
  files: Files,
  what: string,
): Promise<string> {
  try {
    return await files.readText(path);
  } catch (thrown) {
    const error = toTunnelError(thrown, "io_failed");
    throw new TunnelError(
      error.code,
      `Cannot read certificates for "${what}" from "${path}": ${error.message}`,
      { cause: error },
    );
  }
}

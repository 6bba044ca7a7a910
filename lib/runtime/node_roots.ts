/**
 * The roots of "the system": what the operating system trusts, and what `SSL_CERT_FILE` and
 * `NODE_EXTRA_CA_CERTS` say, on every runtime alike.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import * as tls from "node:tls";

let cached: readonly string[] | undefined;

/** The system's roots as PEM texts, read once; empty where there are none. */
export function systemRoots(): readonly string[] {
  return cached ??= readSystemRoots(envOrNothing);
}

/**
 * Reads them.
 *
 * @param env looks up a variable
 */
export function readSystemRoots(
  env: (name: string) => string | undefined,
): readonly string[] {
  // As OpenSSL and Go have it: SSL_CERT_FILE stands in place of the system's file.
  const replacement = readPems(env("SSL_CERT_FILE"));
  const system = replacement.length > 0 ? replacement : tls.getCACertificates("system");
  return [...system, ...readPems(env("NODE_EXTRA_CA_CERTS"))];
}

function readPems(path: string | undefined): string[] {
  if (!path) return [];
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return []; // as node does: a variable that points nowhere must not stop every connection
  }
  return text.match(
    /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g,
  ) ?? [];
}

function envOrNothing(name: string): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined; // Deno without permission to look
  }
}

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

/** The system's roots as PEM texts, read once: never empty, so that nothing is trusted by accident. */
export function systemRoots(): readonly string[] {
  return cached ??= readSystemRoots(envOrNothing);
}

/** What older runtimes lack: Deno 2.5, Bun 1.3. */
interface MaybeSystem {
  getCACertificates?: (kind: "system") => string[];
}

/**
 * Reads them.
 *
 * @param env looks up a variable
 */
export function readSystemRoots(env: (name: string) => string | undefined): readonly string[] {
  // As OpenSSL and Go have it: SSL_CERT_FILE stands in place of the system's file.
  let roots: readonly string[] = readPems(env("SSL_CERT_FILE"));
  if (roots.length === 0) roots = (tls as MaybeSystem).getCACertificates?.("system") ?? [];
  // A bare container has no file of roots: those that come with the runtime, then.
  if (roots.length === 0) roots = tls.rootCertificates;
  return [...roots, ...readPems(env("NODE_EXTRA_CA_CERTS"))];
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

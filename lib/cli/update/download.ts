/**
 * Gets what a channel offers: the small signed list, and the program itself, which goes to the disk as
 * it comes. `updater.ts` calls it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type Clock, deadline } from "../../base/clock.ts";
import { decodeText } from "../../base/bytes.ts";
import { toTunnelError, TunnelError } from "../../base/errors.ts";
import { VERSION } from "../../base/version.ts";
import type { Files, FileWriter } from "../../runtime/host.ts";
import type { Fetch } from "../policy_source.ts";
import { MAX_MANIFEST_BYTES, type ReleaseFile } from "./manifest.ts";

/** How long the other side may say nothing. */
const SILENCE_MS = 30_000;

/** What downloading takes. */
export interface DownloadTools {
  /** Time. */
  readonly clock: Clock;
  /** Gets what is at a URL. */
  readonly fetch: Fetch;
}

/**
 * Gets a small text.
 *
 * @param tools time and network
 * @param url where
 * @throws {TunnelError} refused, timed_out, connection_refused …
 */
export async function fetchText(tools: DownloadTools, url: string): Promise<string> {
  const bytes: Uint8Array[] = [];
  let total = 0;
  await pull(tools, url, `Cannot look for updates at "${url}"`, (chunk) => {
    total += chunk.length;
    if (total > MAX_MANIFEST_BYTES) {
      throw new Error(`it is larger than ${MAX_MANIFEST_BYTES} bytes`);
    }
    bytes.push(chunk);
  });
  const whole = new Uint8Array(total);
  let at = 0;
  for (const chunk of bytes) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return decodeText(whole);
}

/** Where a program goes, and who is told of it. */
export interface DownloadOptions {
  /** The manifest that named it. */
  readonly manifestUrl: string;
  /** The file to make. */
  readonly draft: string;
  /** The file system. */
  readonly files: Files;
  /** Is told how much has come. */
  readonly onProgress: (receivedBytes: number) => void;
}

/**
 * Gets a program and holds it against what was signed. What is not the very same is removed.
 *
 * @param tools time and network
 * @param file what was signed
 * @param options where it goes
 * @throws {TunnelError} signature_invalid; refused, timed_out …; permission_denied, io_failed
 */
export async function download(
  tools: DownloadTools,
  file: ReleaseFile,
  options: DownloadOptions,
): Promise<void> {
  const { files, draft } = options;
  const url = new URL(file.path, options.manifestUrl).href;
  const writer = await files.create(draft, { mode: 0o700 });
  try {
    await receive(tools, file, url, writer, options.onProgress);
    await writer.close();
  } catch (thrown) {
    // what went wrong first is what counts
    await writer.close().catch(() => undefined);
    await files.remove(draft).catch(() => undefined);
    throw thrown;
  }
}

async function receive(
  tools: DownloadTools,
  file: ReleaseFile,
  url: string,
  writer: FileWriter,
  onProgress: (receivedBytes: number) => void,
): Promise<void> {
  const wrong = (found: string) =>
    new TunnelError("signature_invalid", `Cannot trust the program of "${url}": ${found}`);
  const hash = createHash("sha256");
  let received = 0;
  await pull(tools, url, `Cannot fetch "${url}"`, async (chunk) => {
    received += chunk.length;
    if (received > file.sizeBytes) {
      throw wrong(`it is larger than the ${file.sizeBytes} bytes that were signed`);
    }
    hash.update(chunk);
    await writer.write(chunk);
    onProgress(received);
  });
  if (received !== file.sizeBytes) {
    throw wrong(`it has ${received} bytes, and ${file.sizeBytes} were signed`);
  }
  const sha256 = hash.digest("hex");
  if (sha256 !== file.sha256) throw wrong("its SHA-256 is not the one that was signed");
}

/** Hands out a body piece by piece; whoever is silent too long is given up. */
async function pull(
  { clock, fetch }: DownloadTools,
  url: string,
  tried: string,
  take: (chunk: Uint8Array) => void | Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const patient = <T>(work: Promise<T>) => {
    work.catch(() => undefined); // it may fail when nobody waits for it any more
    return deadline(clock, work, SILENCE_MS, `${tried}: the server said nothing`);
  };
  try {
    const headers = { "user-agent": `sallyport/${VERSION}` };
    const answer = await patient(fetch(url, { headers, signal: stop.signal }));
    if (!answer.ok) {
      throw new TunnelError("refused", `${tried}: the server answered ${answer.status}`);
    }
    const reader = answer.body?.getReader();
    for (;;) {
      const next = reader && await patient(reader.read());
      if (!next || next.done) return;
      await take(next.value);
    }
  } catch (thrown) {
    if (thrown instanceof TunnelError) throw thrown;
    const { message } = toTunnelError(thrown);
    throw new TunnelError("refused", `${tried}: ${message}`, { cause: thrown });
  } finally {
    stop.abort();
  }
}

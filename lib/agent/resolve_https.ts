/**
 * DNS over HTTPS (RFC 8484): the addresses of a name from a server that is reached like any web
 * site, where port 53 is blocked or lied to. `resolve.ts` calls it.
 *
 * @module
 */
import { toBase64Url } from "../base/base64.ts";
import { abortError, type Clock, deadline } from "../base/clock.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import { askHttp } from "../http/ask.ts";
import type { Conn } from "../runtime/net.ts";
import { type AddressType, decodeAnswer, encodeQuestion, type NameAnswer } from "./dns_message.ts";

/** Opens a TLS connection to a host, for one question. */
export type OpenWeb = (
  host: string,
  port: number,
  isSecure: boolean,
  timeoutMs: number,
  signal: AbortSignal,
) => Promise<Conn>;

/** The longest answer: far more than the addresses of a name need. */
const MAX_BYTES = 65_535;

/**
 * Asks several servers, one after the other, until one knows.
 *
 * @param clock times it
 * @param open opens the connections
 * @param urls the servers
 * @param name what to look up
 * @param timeoutMs limit of all of it
 * @param signal cancels it
 * @throws {TunnelError} host_not_found, and whatever kept the last server from answering
 */
export async function resolveOverHttps(
  clock: Clock,
  open: OpenWeb,
  urls: readonly string[],
  name: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string[]> {
  const untilMs = clock.steady() + timeoutMs;
  let failure: TunnelError | undefined;
  for (const [index, url] of urls.entries()) {
    // Each server may take its share of the time that is left.
    const limitMs = Math.max(1, (untilMs - clock.steady()) / (urls.length - index));
    try {
      const both = await Promise.allSettled(
        (["AAAA", "A"] as const).map((type) => ask(clock, open, url, name, type, limitMs, signal)),
      );
      const known = both.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
      const found = known.flatMap(({ addresses }) => addresses);
      if (found.length > 0) return found;
      if (known.length === 0) throw (both[0] as PromiseRejectedResult).reason;
      throw new TunnelError("host_not_found", `Cannot resolve "${name}" by ${url}: ${why(known)}`);
    } catch (thrown) {
      if (signal.aborted) throw abortError(signal);
      failure = toTunnelError(thrown, "connection_closed");
    }
  }
  throw failure ??
    new TunnelError("host_not_found", `Cannot resolve "${name}": there is no server to ask`);
}

function why(answers: readonly NameAnswer[]): string {
  const code = Math.max(...answers.map((one) => one.code));
  if (code === 0) return "the name has no address";
  return code === 3 ? "the name does not resolve" : `the name server failed (${code})`;
}

async function ask(
  clock: Clock,
  open: OpenWeb,
  text: string,
  name: string,
  type: AddressType,
  limitMs: number,
  signal: AbortSignal,
): Promise<NameAnswer> {
  const url = new URL(text);
  url.searchParams.set("dns", toBase64Url(encodeQuestion(name, type)));
  const headers = { Accept: "application/dns-message" };
  const body = await fetchWhole(clock, open, url, headers, MAX_BYTES, limitMs, signal);
  return decodeAnswer(body, type);
}

/**
 * Fetches something small.
 *
 * @param clock times it
 * @param open opens the connection
 * @param url http or https
 * @param headers further fields
 * @param maxBytes the longest answer
 * @param limitMs limit of all of it
 * @param signal cancels it
 * @throws {TunnelError} http_invalid when the answer is not 200, and what ended the connection
 */
export async function fetchWhole(
  clock: Clock,
  open: OpenWeb,
  url: URL,
  headers: Readonly<Record<string, string>>,
  maxBytes: number,
  limitMs: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const isSecure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const startedMs = clock.steady();
  const conn = await open(
    host,
    Number(url.port || (isSecure ? 443 : 80)),
    isSecure,
    limitMs,
    signal,
  );
  const onAbort = () => conn.abort(abortError(signal));
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const asked = askHttp(conn, { method: "GET", url, headers, maxBytes });
    const leftMs = Math.max(1, limitMs - (clock.steady() - startedMs));
    const { head, body } = await deadline(clock, asked, leftMs, `"${url.origin}" did not answer`);
    if (head.status === 200) return body;
    throw new TunnelError("http_invalid", `"${url.origin}" answered with status ${head.status}`);
  } finally {
    signal.removeEventListener("abort", onAbort);
    conn.abort();
  }
}

/**
 * A way through an HTTP proxy: CONNECT (RFC 9110, 9.3.6). `reach.ts` calls it on a connection to the
 * proxy, which carries the edge's bytes afterwards.
 *
 * @module
 */
import { toBase64 } from "../base/base64.ts";
import { encodeText } from "../base/bytes.ts";
import type { Duplex } from "../base/duplex.ts";
import { VERSION } from "../base/version.ts";
import type { TunnelError } from "../base/errors.ts";
import { HttpError } from "../http/fault.ts";
import { readResponseHead, type ResponseHead } from "../http/head.ts";
import { formatHostPort } from "./address.ts";
import { type Proxy, proxyFailed } from "./proxy.ts";

/** Further heads before the answer: a proxy may say 100 or 103 first, but not for ever. */
const MAX_INTERIM = 8;

/**
 * Asks the proxy to connect.
 *
 * @param carrier to the proxy, fresh
 * @param proxy who it is, and who we are to it
 * @param host where to
 * @param port where to
 * @throws {TunnelError} proxy_failed with what the proxy said; connection_closed, http_invalid
 */
export async function connectOverHttp(
  carrier: Duplex,
  proxy: Proxy,
  host: string,
  port: number,
): Promise<void> {
  const target = formatHostPort(host, port);
  const lines = [
    `CONNECT ${target} HTTP/1.1`,
    `Host: ${target}`,
    `User-Agent: sallyport/${VERSION}`,
    ...proxyAuthorization(proxy),
  ];
  await carrier.write(encodeText(`${lines.join("\r\n")}\r\n\r\n`));
  for (let heads = 0; heads <= MAX_INTERIM; heads++) {
    const head = await readAnswer(carrier, (found) => proxyFailed(proxy, target, found));
    if (!head) throw proxyFailed(proxy, target, "it closed the connection without an answer");
    // A body of a 2xx would be the tunnel itself, whatever its fields say (RFC 9110, 9.3.6).
    if (head.status >= 200 && head.status < 300) return;
    if (head.status >= 200) {
      throw proxyFailed(proxy, target, words(head.status, head.reason, proxy));
    }
  }
  throw proxyFailed(proxy, target, "it does not come to an answer");
}

async function readAnswer(
  carrier: Duplex,
  fail: (found: string) => TunnelError,
): Promise<ResponseHead | undefined> {
  try {
    return await readResponseHead(carrier);
  } catch (thrown) {
    if (!(thrown instanceof HttpError)) throw thrown;
    throw fail("it does not speak HTTP; for a SOCKS5 proxy write socks5://host:port");
  }
}

function words(status: number, reason: string, proxy: Proxy): string {
  if (status === 407) {
    return proxy.user + proxy.password === ""
      ? "it wants credentials; write them into its URL, as in http://user:password@host:port"
      : "it does not accept the credentials of its URL";
  }
  return `it answered ${status}${reason === "" ? "" : ` ${reason}`}`;
}

/**
 * The line that says who we are to a proxy (RFC 7617, in UTF-8); none for nobody.
 *
 * @param proxy which
 */
export function proxyAuthorization({ user, password }: Proxy): readonly string[] {
  if (user + password === "") return [];
  return [`Proxy-Authorization: Basic ${toBase64(encodeText(`${user}:${password}`))}`];
}

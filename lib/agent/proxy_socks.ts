/**
 * A way through a SOCKS5 proxy: RFC 1928, with the user names of RFC 1929. `reach.ts` calls it on a
 * connection to the proxy, which carries the edge's bytes afterwards. Names are resolved by the
 * proxy: where one is needed, the name servers on this side often know nothing.
 *
 * @module
 */
import { concat, encodeText } from "../base/bytes.ts";
import type { Duplex } from "../base/duplex.ts";
import type { TunnelError } from "../base/errors.ts";
import { parseIp } from "../http/ip_address.ts";
import { formatHostPort } from "./address.ts";
import { type Proxy, proxyFailed } from "./proxy.ts";

const VERSION = 5;
const CONNECT = 1;
const NO_CREDENTIALS = 0;
const USER_NAME = 2;
const NONE_ACCEPTABLE = 0xff;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

/** What a proxy may answer (RFC 1928, 6). */
const REPLIES: Readonly<Record<number, string>> = {
  1: "the proxy failed",
  2: "its rules do not allow it",
  3: "the network is unreachable from there",
  4: "the host is unreachable from there",
  5: "connection refused",
  6: "the time to live has expired",
  7: "it cannot connect",
  8: "it does not know that kind of address",
};

/**
 * Asks the proxy to connect.
 *
 * @param carrier to the proxy, fresh
 * @param proxy who it is, and who we are to it
 * @param host where to
 * @param port where to
 * @throws {TunnelError} proxy_failed with what the proxy said; connection_closed
 */
export async function connectOverSocks(
  carrier: Duplex,
  proxy: Proxy,
  host: string,
  port: number,
): Promise<void> {
  const target = formatHostPort(host, port);
  const fail = (found: string) => proxyFailed(proxy, target, found);
  const hasUser = proxy.user + proxy.password !== "";
  const methods = hasUser ? [NO_CREDENTIALS, USER_NAME] : [NO_CREDENTIALS];
  await carrier.write(Uint8Array.from([VERSION, methods.length, ...methods]));
  const [version, method] = await take(carrier, 2, fail);
  if (version !== VERSION) throw fail("it does not speak SOCKS5");
  if (method === USER_NAME && hasUser) await logIn(carrier, proxy, fail);
  else if (method === NONE_ACCEPTABLE) {
    throw fail(
      hasUser
        ? "it accepts neither nobody nor a user with a password"
        : "it wants credentials; write them into its URL, as in socks5://user:password@host:port",
    );
  } else if (method !== NO_CREDENTIALS) {
    throw fail(`it chose method ${method}, which was not offered`);
  }

  const tail = [port >> 8, port & 0xff];
  await carrier.write(
    Uint8Array.from([VERSION, CONNECT, 0, ...addressBytes(host, fail), ...tail]),
  );
  const [answered, reply, , kind] = await take(carrier, 4, fail);
  if (answered !== VERSION) throw fail("it does not speak SOCKS5");
  if (reply !== 0) throw fail(REPLIES[reply] ?? `it answered ${reply}`);
  // Where it dials from: nobody asks, but it stands before the first byte of the edge.
  const length = kind === IPV4 ? 4 : kind === IPV6 ? 16 : (await take(carrier, 1, fail))[0];
  await take(carrier, length + 2, fail);
}

function addressBytes(host: string, fail: (found: string) => TunnelError): number[] {
  const ip = parseIp(host);
  if (ip) return [ip.length === 4 ? IPV4 : IPV6, ...ip];
  const name = encodeText(host);
  if (name.length > 255) throw fail("the name is too long for it");
  return [NAME, name.length, ...name];
}

/** RFC 1929. */
async function logIn(
  carrier: Duplex,
  { user, password }: Proxy,
  fail: (found: string) => TunnelError,
): Promise<void> {
  const [name, secret] = [encodeText(user), encodeText(password)];
  if (name.length > 255 || secret.length > 255) throw fail("the credentials are too long for it");
  await carrier.write(Uint8Array.from([1, name.length, ...name, secret.length, ...secret]));
  const [, status] = await take(carrier, 2, fail);
  if (status !== 0) throw fail("it does not accept the credentials of its URL");
}

/** Exactly so many bytes; what came beyond them is given back. */
async function take(
  carrier: Duplex,
  count: number,
  fail: (found: string) => TunnelError,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  while (size < count) {
    const chunk = await carrier.read();
    if (chunk === undefined) throw fail("it closed the connection in the middle of its answer");
    parts.push(chunk.slice());
    size += chunk.length;
  }
  const all = concat(parts, size);
  if (size > count) carrier.unread(all.subarray(count));
  return all.subarray(0, count);
}

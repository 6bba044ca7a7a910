/**
 * The PROXY header that the edge puts in front of a visitor's bytes, taken off where something else
 * has to come first: TLS, towards the visitor or towards the service.
 *
 * @module
 */
import type { Duplex } from "../base/duplex.ts";
import { parseProxyHeader, type ProxyHeader, readProxyHeader } from "../http/proxy_protocol.ts";

/**
 * Takes the PROXY header off a visitor's bytes if they begin with one; what has none passes as it is
 * (wire-protocol 7).
 *
 * @param visitor the stream; what is not the header stays in it
 */
export async function takeProxyHeader(
  visitor: Duplex,
): Promise<ProxyHeader | undefined> {
  const chunk = await visitor.read();
  if (chunk === undefined) return undefined;
  visitor.unread(chunk);
  try {
    parseProxyHeader(chunk);
  } catch {
    return undefined; // the parser is the judge: these bytes are the visitor's own
  }
  return await readProxyHeader(visitor);
}

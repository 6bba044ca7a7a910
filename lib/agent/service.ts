/**
 * A service inside of this program: visitors' connections are handed to a function, and no port is
 * opened. `relay.ts` enters it where it would dial another; `listen.ts` and `serve.ts` are the two
 * that exist; `file_server.ts` is one of the latter.
 *
 * @module
 */
import { type Duplex, pair } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import type { Address, Conn } from "../runtime/net.ts";
import { parseHostPort } from "./address.ts";
import type { Upstream, UpstreamKind } from "./upstream.ts";

/** What a service learns about a visitor. */
export interface ServiceVisitor {
  /** Who it is. */
  readonly remote: Address;
  /** The public URL it came to. */
  readonly url: string;
}

/** Takes visitors' connections. It must not throw; what it does not want it aborts. */
export type Service = (conn: Duplex, visitor: ServiceVisitor) => void;

/** What the edge is told when nobody says where traffic goes. */
const APP_URL = "app://localhost";

/**
 * A service in this program, in the place of an upstream.
 *
 * @param kind what visitors speak
 * @param display what logs, events and the edge are told
 */
export function serviceUpstream(kind: UpstreamKind, display: string = APP_URL): Upstream {
  const scheme = kind;
  return { kind, scheme, host: "localhost", port: kind === "http" ? 80 : 0, display };
}

/**
 * Connects to a service in this program.
 *
 * @param service who takes it
 * @param clientAddr the visitor's `ip:port`, as the edge said it
 * @param url the public URL it came to
 * @returns our end
 */
export function enterService(service: Service, clientAddr: string, url: string): Conn {
  const [ours, theirs] = pair();
  const remote = addressOf(clientAddr);
  service(theirs, { remote, url });
  const here: Address = { host: "localhost", port: 0 };
  return Object.assign(ours, { remote: here, local: here, tls: undefined });
}

/** An edge that says it in another way is not worth a visitor. */
function addressOf(clientAddr: string): Address {
  const error = (reason: string) => new TunnelError("address_invalid", reason);
  try {
    const { host, port = 0 } = parseHostPort(clientAddr, error);
    return { host, port };
  } catch {
    return { host: clientAddr, port: 0 }; // as it was said
  }
}

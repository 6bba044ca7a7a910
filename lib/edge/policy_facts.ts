/**
 * What policies are told of a visitor and of the endpoint it came to. Used by the HTTP path and by
 * the raw doors, for endpoints with a policy alone.
 *
 * @module
 */
import type { LogFields, Logger } from "../base/log.ts";
import type { BaseContext, ConnectContext } from "../policy/context.ts";
import type { Conn } from "../runtime/net.ts";
import type { Endpoint } from "./endpoint.ts";

/**
 * What all phases of one connection or request have in common.
 *
 * @param conn the visitor
 * @param endpoint where it came to; a member, when that is a pool
 * @param logger where notes of the policy go
 */
export function policyFacts(conn: Conn, endpoint: Endpoint, logger: Logger): BaseContext {
  const { remote, local, tls } = conn;
  const { id, url, proto, host, port } = endpoint;
  // A link-local address comes with the zone it is valid in (RFC 4007 section 11).
  const [clientIp] = remote.host.split("%");
  return {
    connection: {
      clientIp,
      clientPort: remote.port,
      serverIp: local.host,
      serverPort: local.port,
      tls,
    },
    endpoint: { id, url, proto, host, port },
    results: new Map(),
    vars: new Map(),
    note: (metadata) => {
      const fields: LogFields = { url, clientIp, metadata };
      logger.log("info", "traffic policy", fields);
    },
  };
}

/** The same, for the first phase. */
export function connectContext(conn: Conn, endpoint: Endpoint, logger: Logger): ConnectContext {
  return { ...policyFacts(conn, endpoint, logger), phase: "on_tcp_connect" };
}

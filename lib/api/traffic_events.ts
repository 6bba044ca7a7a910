/**
 * What an edge tells, as events of the form that destinations get: sessions that start and stop,
 * requests and connections that are over (spec edge O). What has no documented type gives nothing.
 *
 * @module
 */
import { ksuid } from "../base/ids.ts";
import type { EdgeEvent } from "../edge/events.ts";
import type { EventEnvelope } from "./event_pipeline.ts";
import { formatTime } from "./events.ts";
import type { Json } from "./resource.ts";

/**
 * The envelope of an event of the edge.
 *
 * @param event what happened
 * @param isWanted whether anybody hears an account's events of a type; others are not made
 * @returns `undefined` when it is nobody's, of no documented type, or not wanted
 */
export function trafficEvent(
  event: EdgeEvent,
  isWanted: (accountId: string, type: string) => boolean = () => true,
): EventEnvelope | undefined {
  const type = typeOf(event);
  const { accountId } = event as { readonly accountId?: string };
  if (type === undefined || accountId === undefined || !isWanted(accountId, type)) return undefined;
  switch (event.type) {
    case "session_started":
      return envelope(type, accountId, event.atMs, {
        session: { id: event.sessionId },
        agent_ip: hostOf(event.remote),
        credential: { id: event.tokenId },
        user_agent: event.userAgent,
        agent_version: event.agentVersion,
        os: event.os,
        arch: event.arch,
        metadata: event.metadata,
        resumed: event.resumed,
        started_at: formatTime(event.atMs),
      });
    case "session_ended":
      return envelope(type, accountId, event.atMs, {
        session: { id: event.sessionId },
        stopped_at: formatTime(event.atMs),
        error: event.reason ?? "",
      });
    case "exchange_ended":
      return envelope(type, accountId, event.atMs, {
        endpoint: { id: `ep_${event.endpointId}` },
        conn: {
          ...ends(event),
          start_ts: formatTime(event.atMs - event.durationMs),
          end_ts: formatTime(event.atMs),
        },
        http: {
          request: {
            version: event.protocol,
            method: event.method,
            url: { scheme: event.scheme, host: event.host, path: event.path },
            user_agent: event.userAgent ?? "",
            body_length: event.requestBytes,
          },
          response: { status_code: event.status ?? 0, body_length: event.responseBytes },
        },
        tls: { version: event.tlsVersion ?? "" },
        policy_outcome: event.policyOutcome ?? "",
        duration_ms: event.durationMs,
        error_code: event.ngrokCode === undefined ? "" : `ERR_NGROK_${event.ngrokCode}`,
        error: event.error ?? "",
      });
    case "connection_ended":
      return envelope(type, accountId, event.atMs, {
        endpoint: { id: `ep_${event.endpointId}` },
        conn: {
          ...ends(event),
          start_ts: formatTime(event.atMs - event.durationMs),
          end_ts: formatTime(event.atMs),
          bytes_in: event.inBytes,
          bytes_out: event.outBytes,
        },
        duration_ms: event.durationMs,
        error: event.error ?? "",
      });
    default:
      return undefined;
  }
}

/** The documented type, if there is one. */
function typeOf(event: EdgeEvent): string | undefined {
  switch (event.type) {
    case "session_started":
      return "agent_session_start.v0";
    case "session_ended":
      return "agent_session_stop.v0";
    case "exchange_ended":
      return "http_request_complete.v0";
    case "connection_ended":
      return "tcp_connection_closed.v0";
    default:
      return undefined;
  }
}

function envelope(type: string, accountId: string, atMs: number, object: Json): EventEnvelope {
  return {
    event_id: `ev_${ksuid(atMs)}`,
    event_type: type,
    event_timestamp: formatTime(atMs),
    account_id: accountId,
    object,
    principal: null,
  };
}

/** Who came, and where to: what filters of sources may look at. */
function ends(event: { clientAddr: string; serverAddr: string; host: string }): Json {
  return {
    client_ip: hostOf(event.clientAddr),
    server_ip: hostOf(event.serverAddr),
    server_name: event.host,
    server_port: event.serverAddr.slice(event.serverAddr.lastIndexOf(":") + 1),
  };
}

/** The host of `ip:port`, without the brackets of IPv6. */
function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

/**
 * The lines an edge's log has about what happens at it: addresses that come and go, and, for whoever
 * asks for debug lines, each visitor. `edge_server.ts` hands it the edge's events.
 *
 * @module
 */
import type { Logger } from "../base/log.ts";
import type { EdgeEvent } from "../edge/events.ts";

/**
 * A listener that logs. Sessions have lines of the edge's own and are left out.
 *
 * @param logger where lines go
 */
export function logEdgeEvents(logger: Logger): (event: EdgeEvent) => void {
  return (event) => {
    switch (event.type) {
      case "endpoint_started":
        return logger.log("info", "endpoint online", { url: event.url, session: event.sessionId });
      case "endpoint_moved":
        return logger.log("info", "endpoint moved", { url: event.url, session: event.sessionId });
      case "endpoint_ended":
        return logger.log("info", "endpoint offline", { url: event.url });
      case "exchange_ended":
        return logger.log("debug", "request", {
          remote: event.clientAddr,
          method: event.method,
          url: `${event.scheme}://${event.host}${event.path}`,
          status: event.status,
          code: event.ngrokCode,
          in: event.requestBytes,
          out: event.responseBytes,
          ms: Math.round(event.durationMs),
          err: event.error,
        });
      case "connection_ended":
        return logger.log("debug", "connection", {
          remote: event.clientAddr,
          endpoint: event.endpointId,
          in: event.inBytes,
          out: event.outBytes,
          ms: Math.round(event.durationMs),
          err: event.error,
        });
    }
  };
}

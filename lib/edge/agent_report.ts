/**
 * How agents say that they cannot reach their service. Ours says it with a code; the others answer
 * with a 502 of their own making, each of which has its shape. Whoever has another member of a pool
 * to ask wants to know it from a 502 of the service itself.
 *
 * Called by the HTTP exchange, and by `forward_head.ts` for the code alone.
 *
 * @module
 */
import { decodeText } from "../base/bytes.ts";
import type { ResponseHead } from "../http/head.ts";

/** The header that says an answer is not the service's own. */
export const ERROR_CODE = "ngrok-error-code";
/** The one value of it that may come from behind: the agent reports a service it cannot reach. */
const AGENT_ERROR = "ERR_NGROK_8012";

/** The 502 of the agent of the second generation: a page, and nothing a server would say besides. */
const SECOND_GENERATION = "Content-Length,Connection,Content-Type";
/** Of the SDKs in Rust, for JavaScript and others: one line of text without a type. */
const RUST = "connection,content-length,date";
/** Of the second Go SDK: its reverse proxy says nothing at all. */
const GO = "Date,Content-Length";

/** Whether the agent says, in the one way that is meant for us, that it cannot reach its service. */
export function isAgentReport(response: ResponseHead): boolean {
  const codes = response.all(ERROR_CODE);
  return response.status === 502 && codes.length === 1 && codes[0] === AGENT_ERROR;
}

/**
 * Whether an answer comes from an agent that cannot reach its service: ours, or one of the others
 * (wire-protocol 7). A service that happens to write one of these 502s itself is down as well.
 *
 * @param response the head of an answer
 */
export function saysUnreachable(response: ResponseHead): boolean {
  if (response.status !== 502) return false;
  // The first Go SDK never sets a version.
  if (decodeText(response.bytes.subarray(0, 8)) === "HTTP/0.0") return true;
  if (isAgentReport(response)) return true;
  const names: string[] = [];
  for (let index = 0; index < response.count; index++) names.push(response.nameAt(index));
  switch (names.join()) {
    case GO:
      return response.contentLength === 0;
    case RUST:
      return response.connectionIs("close");
    case SECOND_GENERATION:
      return response.connectionIs("close") && response.get("content-type") === "text/html";
    default:
      return false;
  }
}

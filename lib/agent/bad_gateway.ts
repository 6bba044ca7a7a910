/**
 * What a visitor of an http endpoint sees when the service behind the agent cannot be reached: a
 * page for browsers, two lines for programs, with status 502 and code 8012 (agent.md O).
 *
 * @module
 */
import { escapeHtml } from "../base/html.ts";
import { encodeText } from "../base/bytes.ts";
import { ERROR_CODES, type ErrorCode, formatNgrokError, type TunnelError } from "../base/errors.ts";
import type { Upstream } from "./upstream.ts";

/** The number after `ERR_NGROK_` for "agent could not reach the upstream". */
export const UPSTREAM_UNREACHABLE_CODE = 8012;

/** For whom the answer is. */
export interface BadGatewayOptions {
  /** A page for a browser; otherwise plain text. */
  readonly html: boolean;
  /** `false` leaves the body away: the answer to HEAD. */
  readonly body: boolean;
}

/** What the user can do, by what was found. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  connection_refused: "Start the service, or give the agent the address at which it listens",
  host_not_found: "Correct the host name in the address that the agent was given",
  network_unreachable: "Check that this machine has a route to the service",
  timed_out: "Check that the service is running and that no firewall drops the connection",
  loop: "Give the agent the address of the service itself, not the public URL of the endpoint",
  tls_failed: "Check that the service speaks TLS; if it does not, use http:// or tcp://",
  tls_protocol:
    "Say what it speaks with --upstream-protocol: http2 if that is all it knows, http1 if it knows no HTTP/2",
  tls_untrusted: "Give the authority of its certificate with upstream_tls_verify_cas",
  tls_name_mismatch: "Use a name that is in its certificate",
  tls_expired: "Renew its certificate",
  not_found: "Start the service, or correct the path of its socket",
  permission_denied: "Allow the agent to use the socket or the network",
};

/** One line about what failed, for logs, events and the answer. */
export function describeFailure(
  upstream: Upstream,
  error: TunnelError,
): string {
  const reason = ERROR_CODES[error.code];
  return `Cannot reach the upstream "${upstream.display}": ${reason[0].toLowerCase()}${
    reason.slice(1)
  }`;
}

/**
 * The whole response.
 *
 * @param upstream what was dialled
 * @param error why it failed
 * @param options for whom
 */
export function badGatewayResponse(
  upstream: Upstream,
  error: TunnelError,
  options: BadGatewayOptions,
): Uint8Array {
  const message = describeFailure(upstream, error);
  const advice = ADVICE[error.code] ??
    "Look at the log of the agent for the whole reason";
  const text = options.html
    ? page(message, advice)
    : formatNgrokError(`${message}.\r\n${advice}.`, UPSTREAM_UNREACHABLE_CODE);
  const body = encodeText(text);
  const head = "HTTP/1.1 502 Bad Gateway\r\n" +
    `Content-Type: ${options.html ? "text/html" : "text/plain"}; charset=utf-8\r\n` +
    `Content-Length: ${body.length}\r\n` +
    "Cache-Control: no-store\r\n" +
    `ngrok-error-code: ERR_NGROK_${UPSTREAM_UNREACHABLE_CODE}\r\n` +
    "Connection: close\r\n\r\n";
  return encodeText(options.body ? head + text : head);
}

function page(message: string, advice: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex">
<title>The service does not answer (ERR_NGROK_${UPSTREAM_UNREACHABLE_CODE})</title>
<style>
:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:1rem/1.55 system-ui,sans-serif}
main{max-width:36rem;padding:2rem}
h1{margin:0 0 .5rem;font-size:1.5rem}
p{overflow-wrap:anywhere}
footer{margin-top:2rem;opacity:.65;font:.8125rem ui-monospace,monospace}
</style>
</head>
<body>
<main>
<h1>The service does not answer</h1>
<p>The tunnel works: the agent got your request. ${escapeHtml(message)}.</p>
<p><strong>What to do</strong>: ${escapeHtml(advice)}, then reload this page.</p>
<footer>HTTP 502 &middot; ERR_NGROK_${UPSTREAM_UNREACHABLE_CODE}</footer>
</main>
</body>
</html>
`;
}

/**
 * Turns a {@linkcode Problem} into the bytes of an HTTP response: a page for people, two lines for
 * programs. The HTTP relay and the TLS door call it.
 *
 * The page stands alone (no script, no font, no image from anywhere, and a policy that forbids
 * them), follows the visitor's light or dark setting, and marks the station of the trip at which
 * the request stopped. Every text that came from outside is escaped.
 *
 * @module
 */
import { encodeText } from "../base/bytes.ts";
import { formatNgrokError } from "../base/errors.ts";
import type { HeaderLine } from "../http/edit.ts";
import { formatResponse } from "../http/response.ts";
import type { Fault, Problem } from "./problem.ts";

/** How the answer is given. */
export interface RenderOptions {
  /** A page for a browser; otherwise plain text. */
  readonly html: boolean;
  /** `false` leaves the body away: the answer to HEAD. */
  readonly body: boolean;
  /** Says `Connection: close`. */
  readonly close: boolean;
  /** The time for the `Date` header, milliseconds since 1970. */
  readonly nowMs: number;
}

/** The stations of the trip, in order, as the page names them. */
const STATIONS: readonly { readonly fault: Fault; readonly name: string }[] = [
  { fault: "visitor", name: "You" },
  { fault: "edge", name: "Edge" },
  { fault: "agent", name: "Agent" },
  { fault: "service", name: "Service" },
];

/** Nothing is fetched, run or framed; only the page's own style applies. */
const CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";

/** Who has to act, in words. */
const FAULTS: Readonly<Record<Fault, string>> = {
  visitor: "The request has to change; the service itself may be fine.",
  edge: "The edge is at fault: neither you nor the service can mend it.",
  agent: "The agent is at fault: the edge works, but nothing answers behind it.",
  service: "The service is at fault: the tunnel to it works.",
};

/**
 * The whole response to a visitor.
 *
 * @param problem what went wrong
 * @param options for whom, and what happens to the connection
 * @returns head and body in one piece
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { endpointOffline } from "./problem.ts";
 * import { renderProblem } from "./error_page.ts";
 *
 * const bytes = renderProblem(endpointOffline("a.example.com"), {
 *   html: false, body: true, close: false, nowMs: 0,
 * });
 * const text = new TextDecoder().decode(bytes);
 * assert.match(text, /^HTTP\/1\.1 404 Not Found\r\n/);
 * assert.match(text, /\r\nngrok-error-code: ERR_NGROK_3200\r\n/);
 * ```
 */
export function renderProblem(problem: Problem, options: RenderOptions): Uint8Array {
  const { html } = options;
  const headers: HeaderLine[] = [
    ["Content-Type", html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8"],
    ["Cache-Control", "no-store"],
    ["X-Content-Type-Options", "nosniff"],
    ["ngrok-error-code", `ERR_NGROK_${problem.ngrokCode}`],
  ];
  if (html) headers.push(["Content-Security-Policy", CONTENT_POLICY]);
  if (problem.location !== undefined) headers.push(["Location", headerText(problem.location)]);
  if (problem.headers) headers.push(...problem.headers);
  return formatResponse({
    status: problem.status,
    headers,
    body: html ? page(problem) : formatNgrokError(problem.message, problem.ngrokCode),
    toHead: !options.body,
    close: options.close,
    dateMs: options.nowMs,
  });
}

/**
 * Whether a visitor with this `Accept` header is looking at a page.
 *
 * @param accept the value, or `undefined` when there is none
 */
export function wantsHtml(accept: string | undefined): boolean {
  return accept !== undefined && /\btext\/html\b/i.test(accept);
}

/** Text that cannot end a header line: what is not printable ASCII is percent-encoded. */
function headerText(text: string): string {
  let safe = "";
  for (const byte of encodeText(text)) {
    safe += byte > 0x20 && byte < 0x7f
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return safe;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text that means nothing but itself in HTML, in an element or in a quoted attribute. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ESCAPES[char]);
}

const STYLE = `:root{color-scheme:light dark;--bg:#f6f4ef;--card:#fff;--ink:#1d2430;--soft:#5d6675;
--line:#dcd7cc;--good:#2f7d5b;--bad:#b3402a}
@media(prefers-color-scheme:dark){:root{--bg:#14171c;--card:#1c2128;--ink:#e8e6e1;--soft:#9aa3b1;
--line:#323943;--good:#5cc295;--bad:#f0806a}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:2rem 1rem;background:var(--bg);
color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:40rem;padding:2rem;background:var(--card);border:1px solid var(--line);
border-radius:14px}
h1{margin:0 0 .5rem;font-size:1.6rem;line-height:1.25}
h2{margin:1.75rem 0 .25rem;font-size:1rem}
p{margin:.25rem 0;overflow-wrap:anywhere}
ol.trip{display:flex;margin:1.75rem 0;padding:0;list-style:none;text-align:center;font-size:.875rem}
.trip li{position:relative;flex:1;color:var(--soft)}
.trip li::before{content:"";display:block;width:1rem;height:1rem;margin:0 auto .4rem;border-radius:50%;
border:2px solid var(--line);background:var(--card);position:relative;z-index:1}
.trip li+li::after{content:"";position:absolute;top:calc(.5rem - 1px);right:50%;width:100%;height:2px;
background:var(--line)}
.trip .ok{color:var(--ink)}.trip .ok::before{background:var(--good);border-color:var(--good)}
.trip .stop{color:var(--bad);font-weight:600}
.trip .stop::before{background:var(--bad);border-color:var(--bad);box-shadow:0 0 0 4px var(--card),0 0 0 6px var(--bad)}
ul{margin:.25rem 0;padding-left:1.25rem}
footer{margin-top:2rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);
font:.8125rem ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}`;

/** The page. One string, no template file: it has to work when nothing else does. */
function page(problem: Problem): string {
  const stop = STATIONS.findIndex((station) => station.fault === problem.fault);
  const trip = STATIONS.map((station, at) => {
    const state = at < stop ? "ok" : at === stop ? "stop" : "";
    const words = at < stop ? "works" : at === stop ? "the request stopped here" : "not reached";
    return `<li class="${state}" aria-label="${station.name}: ${words}">${station.name}</li>`;
  }).join("");
  const advice = problem.advice.map((line) => `<li>${escapeHtml(line)}</li>`).join("");
  const go = problem.location === undefined
    ? ""
    : `<p><a href="${escapeHtml(problem.location)}">Go there</a></p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(problem.title)} (ERR_NGROK_${problem.ngrokCode})</title>
<style>
${STYLE}
</style>
</head>
<body>
<main>
<h1>${escapeHtml(problem.title)}</h1>
<p>${escapeHtml(problem.message)}</p>${go}
<ol class="trip" aria-label="The way of the request">${trip}</ol>
<h2>Whose turn it is</h2>
<p>${FAULTS[problem.fault]}</p>
<h2>What to do</h2>
<ul>${advice}</ul>
<footer>HTTP ${problem.status} &middot; ERR_NGROK_${problem.ngrokCode}</footer>
</main>
</body>
</html>
`;
}

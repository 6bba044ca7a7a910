/**
 * Turns a {@linkcode Problem} into the bytes of an HTTP response: a page for people, an object for
 * programs that ask for JSON, two lines for all others. The HTTP relay and the TLS door call it.
 *
 * The page marks the station of the trip at which the request stopped, and says whose turn it is.
 * Every text that came from outside is escaped.
 *
 * @module
 */
import { encodeText } from "../base/bytes.ts";
import { formatNgrokError } from "../base/errors.ts";
import { escapeHtml } from "../base/html.ts";
import type { HeaderLine } from "../http/edit.ts";
import { formatResponse } from "../http/response.ts";
import { htmlPage, PAGE_POLICY } from "./page.ts";
import type { Fault, Problem } from "./problem.ts";

/** How the answer is given. */
export interface RenderOptions {
  /** A page for a browser; otherwise plain text. */
  readonly html: boolean;
  /** A JSON object instead. @default {false} */
  readonly json?: boolean;
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

/** Who has to act, in words. */
const FAULTS: Readonly<Record<Fault, string>> = {
  visitor: "The request has to change; the service itself may be fine.",
  edge: "The edge is at fault: neither you nor the service can mend it.",
  agent: "The agent is at fault: the edge works, but nothing answers behind it.",
  service: "The service is at fault: the tunnel to it works.",
};

/** For whom a piece of advice is, by the word before its colon. */
const READERS: Readonly<Record<string, string>> = {
  Visitors: "If you are visiting",
  Owners: "If this is your service",
  Operators: "If you run this edge",
};

/** Above the advice that is for everybody. */
const EVERYBODY = "What to do";

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
  const { html, json = false } = options;
  const type = json ? "application/json" : html ? "text/html" : "text/plain";
  const headers: HeaderLine[] = [
    ["Content-Type", json ? type : `${type}; charset=utf-8`],
    ["Cache-Control", "no-store"],
    ["X-Content-Type-Options", "nosniff"],
    ["ngrok-error-code", `ERR_NGROK_${problem.ngrokCode}`],
  ];
  if (html && !json) headers.push(["Content-Security-Policy", PAGE_POLICY]);
  if (problem.location !== undefined) headers.push(["Location", headerText(problem.location)]);
  if (problem.headers) headers.push(...problem.headers);
  return formatResponse({
    status: problem.status,
    headers,
    body: json
      ? object(problem)
      : html
      ? page(problem, options.nowMs)
      : formatNgrokError(problem.message, problem.ngrokCode),
    toHead: !options.body,
    close: options.close,
    dateMs: options.nowMs,
  });
}

/**
 * What a visitor with this `Accept` header is answered with, to hand on to {@linkcode renderProblem}:
 * the form it likes better of a page and JSON, or plain text when it names neither.
 *
 * @param accept the value, or `undefined` when there is none
 */
export function preferredForm(
  accept: string | undefined,
): { readonly html: boolean; readonly json: boolean } {
  let html = 0;
  let json = 0;
  for (const part of (accept ?? "").split(",")) {
    const [type, ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    const weight = q === undefined ? 1 : Number(q.slice(2)) || 0;
    if (type === "text/html" || type === "application/xhtml+xml") html = Math.max(html, weight);
    if (/^application\/(?:[\w.-]+\+)?json$/.test(type)) json = Math.max(json, weight);
  }
  // Who takes both alike is a browser with a wide Accept.
  return { html: html > 0 && html >= json, json: json > html };
}

/**
 * Whether a visitor with this `Accept` header is looking at a page.
 *
 * @param accept the value, or `undefined` when there is none
 */
export function wantsHtml(accept: string | undefined): boolean {
  return preferredForm(accept).html;
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

/** The problem for programs, in the form of the API's errors. */
function object(problem: Problem): string {
  const { ngrokCode, status, title, message, fault, advice } = problem;
  return JSON.stringify({
    error_code: `ERR_NGROK_${ngrokCode}`,
    status_code: status,
    msg: message,
    details: { title, fault, advice },
  }) + "\n";
}

/** The page. Strings alone, no template file: it has to work when nothing else does. */
function page(problem: Problem, nowMs: number): string {
  const stop = STATIONS.findIndex((station) => station.fault === problem.fault);
  const trip = STATIONS.map((station, at) => {
    const state = at < stop ? "ok" : at === stop ? "stop" : "";
    const words = at < stop ? "works" : at === stop ? "the request stopped here" : "not reached";
    return `<li class="${state}" aria-label="${station.name}: ${words}">${station.name}</li>`;
  }).join("");
  const go = problem.location === undefined
    ? ""
    : `<p><a class="button" href="${escapeHtml(problem.location)}">Go there</a></p>\n`;
  const todo = adviceByReader(problem.advice).map(([reader, lines]) =>
    `<section><h2>${escapeHtml(reader)}</h2><ul>${
      lines.map((line) => `<li>${escapeHtml(line)}</li>`).join("")
    }</ul></section>`
  ).join("\n");
  const when = new Date(nowMs).toISOString().replace(/\.\d+Z$/, "Z");
  return htmlPage(
    `${problem.title} (ERR_NGROK_${problem.ngrokCode})`,
    `<p class="code">HTTP ${problem.status} &middot; ERR_NGROK_${problem.ngrokCode}</p>
<h1>${escapeHtml(problem.title)}</h1>
<p class="lead">${escapeHtml(problem.message)}</p>
${go}<ol class="trip" aria-label="The way of the request">${trip}</ol>
<p class="fault">${FAULTS[problem.fault]}</p>
<div class="todo">
${todo}
</div>
<footer><p><span>From the edge of a Sallyport tunnel, not from the service.</span> <time datetime="${when}">${
      when.replace("T", " ").replace("Z", " UTC")
    }</time></p></footer>`,
  );
}

/** `Owners: start the agent` belongs to the owners; what has no such word is for everybody. */
function adviceByReader(advice: readonly string[]): [reader: string, lines: readonly string[]][] {
  const groups = new Map<string, string[]>();
  for (const line of advice) {
    const match = /^(\w+): (.+)$/s.exec(line);
    const reader = match ? READERS[match[1]] : undefined;
    const text = reader && match ? match[2][0].toUpperCase() + match[2].slice(1) : line;
    const lines = groups.get(reader ?? EVERYBODY);
    if (lines) lines.push(text);
    else groups.set(reader ?? EVERYBODY, [text]);
  }
  return [...groups];
}

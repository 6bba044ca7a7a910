/**
 * A page between a link and the service behind a tunnel, for edges whose endpoints anybody can open:
 * it says where the visitor is about to go, once a week for each host. Off unless the operator
 * wants it (edge J). The HTTP relay asks here before it looks at the endpoint's policy.
 *
 * Only browsers that navigate see it; programs, scripts, pictures and whoever sends
 * `ngrok-skip-browser-warning` do not.
 *
 * @module
 */
import { escapeHtml } from "../base/html.ts";
import type { HeaderLine } from "../http/edit.ts";
import type { RequestHead } from "../http/head.ts";
import { formatResponse } from "../http/response.ts";
import { htmlPage, PAGE_POLICY } from "./page.ts";

/** Where the button leads: on the endpoint's own host, for a cookie belongs to a host. */
export const CONTINUE_PATH = "/.well-known/sallyport/continue";

/** The cookie's name; its value is the host. */
const COOKIE = "abuse_interstitial";

/** Seven days. */
const COOKIE_SECONDS = 604_800;

/** The number of the page (edge K). */
export const INTERSTITIAL_CODE = 6024;

/** What else decides. */
export interface InterstitialOptions {
  /** What the visitor speaks with us. */
  readonly scheme: "http" | "https";
  /** Our address, which the page names: whoever reports abuse needs it. */
  readonly serverIp: string;
  /** Whether the connection ends with the answer. */
  readonly close: boolean;
  /** The time, milliseconds since 1970. */
  readonly nowMs: number;
}

/** An answer in the place of the service's. */
export interface InterstitialAnswer {
  /** Its status. */
  readonly status: number;
  /** The number after `ERR_NGROK_`; `undefined` for the redirect behind the button. */
  readonly ngrokCode: number | undefined;
  /** Head and body. */
  readonly bytes: Uint8Array;
}

/**
 * What stands between a visitor and an endpoint.
 *
 * @param head what it asks
 * @param options the rest
 * @returns `undefined` when nothing does
 */
export function interstitial(
  head: RequestHead,
  options: InterstitialOptions,
): InterstitialAnswer | undefined {
  const { close, nowMs: dateMs } = options;
  if (head.path === CONTINUE_PATH) return agreed(head, options);
  if (!isNavigation(head) || hasAgreed(head)) return undefined;
  const target = head.query === undefined ? head.path : `${head.path}?${head.query}`;
  const headers: HeaderLine[] = [
    ["Content-Type", "text/html; charset=utf-8"],
    ["Cache-Control", "no-store"],
    ["X-Content-Type-Options", "nosniff"],
    ["Referrer-Policy", "same-origin"],
    ["Content-Security-Policy", PAGE_POLICY],
    ["ngrok-error-code", `ERR_NGROK_${INTERSTITIAL_CODE}`],
  ];
  const body = interstitialPage(head.host, options.serverIp, target);
  const bytes = formatResponse({
    status: 200,
    headers,
    body,
    toHead: head.method === "HEAD",
    close,
    dateMs,
  });
  return { status: 200, ngrokCode: INTERSTITIAL_CODE, bytes };
}

/** Whether a person is about to see what comes: a page of its own, in a browser. */
function isNavigation(head: RequestHead): boolean {
  if (head.method !== "GET" && head.method !== "HEAD") return false;
  if (head.has("ngrok-skip-browser-warning") || head.hasUpgrade) return false;
  if (!/^Mozilla\//.test(head.get("user-agent") ?? "")) return false;
  // What browsers say themselves is better than a guess.
  const mode = head.get("sec-fetch-mode");
  if (mode !== undefined) return mode === "navigate";
  return /\btext\/html\b/i.test(head.all("accept").join(","));
}

function hasAgreed(head: RequestHead): boolean {
  return head.all("cookie").join(";").split(";").some((pair) => {
    const [name, value] = pair.trim().split("=");
    return name === COOKIE && value === head.host;
  });
}

/** The button was pressed. */
function agreed(head: RequestHead, options: InterstitialOptions): InterstitialAnswer {
  const { scheme, close, nowMs: dateMs } = options;
  const answer = (status: number, headers: readonly HeaderLine[]): InterstitialAnswer => ({
    status,
    ngrokCode: undefined,
    bytes: formatResponse({
      status,
      headers: [["Cache-Control", "no-store"], ...headers],
      toHead: head.method === "HEAD",
      close,
      dateMs,
    }),
  });
  if (head.method !== "POST") return answer(405, [["Allow", "POST"]]);
  // Another site must not press it for the visitor.
  if (!isSameOrigin(head, scheme)) return answer(403, []);
  const secure = scheme === "https" ? "; Secure" : "";
  return answer(303, [
    ["Location", targetOf(head.query)],
    [
      "Set-Cookie",
      `${COOKIE}=${head.host}; Path=/; Max-Age=${COOKIE_SECONDS}; HttpOnly; SameSite=Lax${secure}`,
    ],
  ]);
}

function isSameOrigin(head: RequestHead, scheme: "http" | "https"): boolean {
  const site = head.get("sec-fetch-site");
  if (site !== undefined) return site === "same-origin";
  return head.get("origin")?.toLowerCase() ===
    `${scheme}://${(head.hostHeader ?? head.host).toLowerCase()}`;
}

/** Where to go on: a path of this host, and nothing that a browser takes for another one. */
function targetOf(query: string | undefined): string {
  const target = new URLSearchParams(query ?? "").get("to") ?? "/";
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(target) ? target : "/";
}

/**
 * The page.
 *
 * @param host where the visitor is about to go
 * @param serverIp our address
 * @param target the path and query that were asked for
 */
export function interstitialPage(host: string, serverIp: string, target: string): string {
  const action = `${CONTINUE_PATH}?to=${encodeURIComponent(target)}`;
  return htmlPage(
    `You are about to visit ${host}`,
    `<p class="code">ERR_NGROK_${INTERSTITIAL_CODE}</p>
<h1>You are about to visit<br><span class="host">${escapeHtml(host)}</span></h1>
<p class="lead">This site is served from somebody's own computer through a tunnel. We do not know what it shows.</p>
<form method="post" action="${escapeHtml(action)}"><button>Visit the site</button></form>
<h2>Before you go on</h2>
<ul><li>Go on only if you trust the person who sent you the link.</li>
<li>Be careful with passwords, phone numbers and bank cards: nobody has looked at this site.</li></ul>
<h2>If this is your service</h2>
<ul><li>Visitors see this page once in seven days. Programs never see it.</li>
<li>To skip it, send the header <code>ngrok-skip-browser-warning</code> with any value, or a User-Agent that is no browser's.</li></ul>
<footer><p><span>From the edge of a Sallyport tunnel.</span> <span>Served at ${
      escapeHtml(serverIp)
    }</span></p></footer>`,
  );
}

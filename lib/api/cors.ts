/**
 * Pages of other origins may use the API (spec rest-api A16): it is guarded by keys that a browser
 * never adds by itself, so any origin may ask.
 *
 * @module
 */

/** How long a browser may remember the answer to a preflight. */
const MAX_AGE_S = 600;

const METHODS = "GET, HEAD, POST, PATCH, DELETE";

/** Whether a request only asks whether another one may be sent. */
export function isPreflight(request: Request): boolean {
  return request.method === "OPTIONS" && request.headers.has("origin") &&
    request.headers.has("access-control-request-method");
}

/** The answer to a preflight. */
export function preflightAnswer(request: Request): Response {
  const headers = new Headers({
    "access-control-allow-methods": METHODS,
    "access-control-max-age": String(MAX_AGE_S),
    vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
  });
  const wanted = request.headers.get("access-control-request-headers");
  if (wanted) headers.set("access-control-allow-headers", wanted);
  allow(headers, request);
  return new Response(null, { status: 204, headers });
}

/** Lets the page that asked read an answer. */
export function allowOrigin(headers: Headers, request: Request): void {
  if (!request.headers.has("origin")) return;
  headers.append("vary", "Origin");
  headers.set("access-control-expose-headers", "Retry-After");
  allow(headers, request);
}

function allow(headers: Headers, request: Request): void {
  headers.set("access-control-allow-origin", request.headers.get("origin")!);
  headers.set("access-control-allow-credentials", "true");
}

/**
 * Brings one event to one target: a webhook, a file of the edge, its standard output. What a target
 * is, `resources/event_destinations.ts` says; `event_pipeline.ts` decides what goes where, and when
 * again.
 *
 * A webhook is a POST of the event as JSON, signed: `sallyport-signature: t=<unix seconds>,v1=<hex>`,
 * where v1 is HMAC-SHA-256 of `<t>.<body>` with the target's secret. Whoever receives it should
 * compare in constant time and refuse a `t` that is old.
 *
 * @module
 */
import { encodeText, toHex } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { deadline } from "../base/clock.ts";
import { TunnelError } from "../base/errors.ts";
import { parseIp } from "../http/ip_address.ts";
import type { Files } from "../runtime/host.ts";
import type { EventTarget } from "../store/event_target.ts";
import type { Json } from "./resource.ts";

/** What delivery needs. */
export interface DeliveryDeps {
  /** Time. */
  readonly clock: Clock;
  /** The file system; without it there are no file targets. */
  readonly files?: Files;
  /** The folder of event files: `<folder>/<account>/<name>`. */
  readonly folder?: string;
  /** Writes a line to standard output; without it there are no stdout targets. */
  readonly print?: (line: string) => void;
  /** Sends a request. @default the runtime's `fetch` */
  readonly fetch?: (request: Request) => Promise<Response>;
  /**
   * Whether this account may have targets on the edge's own machine and network. Others reach
   * public addresses alone: the edge must not become their way into its network.
   */
  readonly isTrusted: (accountId: string) => boolean;
  /** How long a webhook may take. @default {10000} */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;

/**
 * Delivers one event.
 *
 * @param accountId whose event and whose target
 * @param target with its secrets
 * @param event the whole envelope
 * @param attempt 1 for the first
 * @param deps network, files, time
 * @throws {TunnelError} refused when it can never arrive there; anything else may be tried again
 */
export async function deliver(
  accountId: string,
  target: EventTarget,
  event: Json,
  attempt: number,
  deps: DeliveryDeps,
): Promise<void> {
  const { http, debug, file, stdout } = target as Record<string, Json | undefined>;
  const callback = text(debug?.callback_url);
  if (http) return await post(accountId, http, event, attempt, deps);
  if (callback !== "") return await post(accountId, { url: callback }, event, attempt, deps);
  if (file) return await appendLine(accountId, text(file.name ?? file.path), event, deps);
  if (stdout || debug) return printLine(accountId, event, deps);
  throw never(`targets of the kind "${Object.keys(target).join()}" are not served by this edge`);
}

async function post(
  accountId: string,
  target: Json,
  event: Json,
  attempt: number,
  deps: DeliveryDeps,
): Promise<void> {
  const url = text(target.url);
  if (!deps.isTrusted(accountId) && !isPublic(url)) {
    throw never(`"${url}" is not a public address`);
  }
  const body = JSON.stringify(event);
  const headers = new Headers({
    "content-type": "application/json",
    "user-agent": "sallyport-events/1",
    "sallyport-event-id": text(event.event_id),
    "sallyport-attempt": String(attempt),
  });
  for (const [name, value] of Object.entries(target.headers ?? {})) headers.set(name, text(value));
  const secret = text(target.secret);
  if (secret !== "") headers.set("sallyport-signature", await sign(secret, body, deps.clock.now()));
  const limitMs = deps.timeoutMs ?? TIMEOUT_MS;
  const abort = new AbortController();
  try {
    const request = new Request(url, {
      method: "POST",
      headers,
      body,
      // a redirect would carry the event, and its signature, to whom nobody named
      redirect: "manual",
      signal: abort.signal,
    });
    const answering = (deps.fetch ?? fetch)(request);
    const response = await deadline(deps.clock, answering, limitMs, `"${url}" did not answer`);
    await response.body?.cancel();
    if (response.ok) return;
    throw new TunnelError("refused", `Cannot deliver to "${url}": it answered ${response.status}`);
  } catch (thrown) {
    abort.abort();
    if (thrown instanceof TunnelError) throw retriable(thrown);
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new TunnelError("connection_closed", `Cannot deliver to "${url}": ${reason}`, {
      cause: thrown,
    });
  }
}

/** A refusal by the receiver may pass; only our own refusals are for good. */
function retriable(error: TunnelError): TunnelError {
  return error.code === "refused"
    ? new TunnelError("connection_closed", error.message, { cause: error })
    : error;
}

/**
 * The signature of a webhook.
 *
 * @param secret shared with the receiver
 * @param body as it is sent
 * @param nowMs milliseconds since 1970
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { sign } from "./event_delivery.ts";
 *
 * const signature = await sign("secret", "{}", 1_700_000_000_000);
 * assert.match(signature, /^t=1700000000,v1=[0-9a-f]{64}$/);
 * ```
 */
export async function sign(secret: string, body: string, nowMs: number): Promise<string> {
  const t = Math.floor(nowMs / 1000);
  const key = await crypto.subtle.importKey(
    "raw",
    new Uint8Array(encodeText(secret)),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const mac = await crypto.subtle.sign("HMAC", key, new Uint8Array(encodeText(`${t}.${body}`)));
  return `t=${t},v1=${toHex(new Uint8Array(mac))}`;
}

async function appendLine(
  accountId: string,
  name: string,
  event: Json,
  deps: DeliveryDeps,
): Promise<void> {
  const { files, folder } = deps;
  if (!files || folder === undefined) throw never("this edge keeps no event files");
  // A name, not a path: an account writes into its own folder alone.
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(name)) {
    throw never(`"${name}" is not the name of a file`);
  }
  await files.makeDir(`${folder}/${accountId}`);
  await files.append(`${folder}/${accountId}/${name}`, `${JSON.stringify(event)}\n`, {
    mode: 0o600,
  });
}

function printLine(accountId: string, event: Json, deps: DeliveryDeps): void {
  if (!deps.print || !deps.isTrusted(accountId)) {
    throw never("standard output is for the owner of the edge");
  }
  deps.print(JSON.stringify(event));
}

/**
 * Whether a URL may be anywhere on the internet: `https` or `http`, by a name with a dot or a public
 * address. Names are not resolved here; a resolver that answers with a private address is the
 * operator's firewall's business.
 */
export function isPublic(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:") return false;
  const host = hostname.replace(/^\[|\]$/g, "");
  const ip = parseIp(host);
  if (!ip) {
    return host.includes(".") && !/(^|\.)(localhost|local|internal|home\.arpa)\.?$/i.test(host);
  }
  return !PRIVATE.some((range) => range.test(host.toLowerCase()));
}

/** Loopback, private, link-local, unspecified, multicast and mapped addresses, as URL parsers write them. */
const PRIVATE: readonly RegExp[] = [
  /^(0|10|127|22[4-9]|23\d|24\d|25[0-5])\./,
  /^169\.254\./,
  /^172\.(1[6-9]|2\d|3[01])\./,
  /^192\.(168|0\.0)\./,
  /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
  /^198\.1[89]\./,
  /^::/,
  /^f[cd]/,
  /^fe[89ab]/,
  /^ff/,
  /^64:ff9b:/,
];

function never(found: string): TunnelError {
  return new TunnelError("refused", `Cannot deliver the event: ${found}`);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

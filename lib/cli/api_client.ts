/**
 * Asks the REST API of an edge, or the API of an agent: one HTTP/1.1 request over a connection of its
 * own, trusting the authority the user names. `fetch` could not be told of an authority on every runtime.
 *
 * Called by `api_call.ts` and `running_agents.ts`.
 *
 * @module
 */
import { decodeText } from "../base/bytes.ts";
import { deadline } from "../base/clock.ts";
import { TunnelError } from "../base/errors.ts";
import { readCertificates } from "../agent/pem.ts";
import { askHttp } from "../http/ask.ts";
import type { Runtime } from "../runtime/host.ts";
import type { Conn, TrustedRoots } from "../runtime/net.ts";

/** One request. */
export interface ApiRequest {
  /** Where the API is: `https://api.example.com`, without a slash at the end. */
  readonly apiUrl: string;
  /** Who may vouch for its certificate: `trusted`, `host`, or the path of a PEM file. @default {"trusted"} */
  readonly apiCas?: string;
  /** Who asks. @default nobody in particular */
  readonly apiKey?: string;
  /** `GET` … */
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** The body, if there is one. */
  readonly body?: unknown;
  /** How long it may take. @default {60_000} */
  readonly timeoutMs?: number;
}

/** An answer. */
export interface ApiReply {
  /** The status. */
  readonly status: number;
  /** The JSON; `undefined` when the answer has none. */
  readonly json: unknown;
}

const TIMEOUT_MS = 60_000;

/** A page of an API fits many times over. */
const MAX_ANSWER_BYTES = 64 * 1_048_576;

/**
 * Asks.
 *
 * @param runtime network, files, time
 * @param request what is asked, where
 * @throws {TunnelError} usage when the URL is none; what keeps the API from being reached; http_invalid
 */
export async function askApi(runtime: Runtime, request: ApiRequest): Promise<ApiReply> {
  const url = parseApiUrl(request.apiUrl);
  const conn = await dial(runtime, url, request.apiCas ?? "trusted");
  try {
    return await deadline(
      runtime.clock,
      exchange(conn, url, request),
      request.timeoutMs ?? TIMEOUT_MS,
      `Cannot get an answer from "${url.origin}" in time`,
    );
  } finally {
    conn.abort();
  }
}

function parseApiUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.search) return url;
  throw new TunnelError(
    "usage",
    `Invalid value "${text}" for --api-url: use a URL such as https://api.example.com`,
  );
}

async function dial(runtime: Runtime, url: URL, apiCas: string): Promise<Conn> {
  const { net, host: { files } } = runtime;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (url.protocol === "http:") {
    return await net.connect({ host, port: Number(url.port || 80) });
  }
  const roots: TrustedRoots = apiCas === "trusted" || apiCas === "host"
    ? "system"
    : await readCertificates(apiCas, files, "api-cas");
  const tls = { serverName: host, roots, alpn: ["http/1.1"] };
  return await net.connect({ host, port: Number(url.port || 443), tls });
}

async function exchange(conn: Conn, url: URL, request: ApiRequest): Promise<ApiReply> {
  const { method, target, apiKey, body } = request;
  const { head, body: answer } = await askHttp(conn, {
    method,
    url: new URL(`${url.origin}${url.pathname.replace(/\/$/, "")}${target}`),
    headers: {
      ...apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` },
      "Ngrok-Version": "2",
      Accept: "application/json",
      ...body === undefined ? {} : { "Content-Type": "application/json" },
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    maxBytes: MAX_ANSWER_BYTES,
  });
  return { status: head.status, json: parseJson(decodeText(answer), url) };
}

function parseJson(text: string, url: URL): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TunnelError(
      "http_invalid",
      `Cannot understand the answer of "${url.origin}": it is not JSON; is it the API of an edge or an agent?`,
      { cause },
    );
  }
}

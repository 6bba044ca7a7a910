/**
 * The agent's API as the inspector's page needs it, with exchanges that a test makes up: every kind of
 * body, streams, failures, and as many as it likes. Served over HTTP with the real page.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { inspectorPage } from "../../lib/api/agent/inspector_page.ts";
import {
  AGENT_PATHS,
  type AgentApiEvent,
  type ExchangeDetail,
  type HeaderJson,
  type HeaderWordsJson,
  type MetricsJson,
  type ReplayBody,
  type StatusJson,
  type StreamMessageJson,
} from "../../lib/api/agent/shapes.ts";

/** What a made-up exchange is like; everything else is filled in. */
export interface Made {
  readonly method?: string;
  readonly target?: string;
  readonly status?: number | null;
  readonly requestHeaders?: readonly HeaderJson[];
  readonly requestBody?: string | Uint8Array;
  readonly headers?: readonly HeaderJson[];
  readonly body?: string | Uint8Array;
  readonly durationMs?: number;
  readonly agoMs?: number;
  readonly kind?: ExchangeDetail["kind"];
  readonly messages?: readonly StreamMessageJson[];
  readonly truncated?: boolean;
  readonly error?: string;
  readonly trailers?: readonly HeaderJson[];
}

const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes).toString("base64");

const REASONS: Readonly<Record<number, string>> = {
  101: "Switching Protocols",
  200: "OK",
  201: "Created",
  204: "No Content",
  302: "Found",
  404: "Not Found",
  422: "Unprocessable Content",
  500: "Internal Server Error",
};

/** A fake agent. */
export class FakeAgentApi {
  /** Oldest first. */
  readonly exchanges: ExchangeDetail[] = [];
  /** What was asked to be sent again. */
  readonly replays: { readonly id: string; readonly body: ReplayBody }[] = [];
  /** HAR texts that were taken in. */
  readonly imported: string[] = [];
  /** What the status page shows. */
  status: StatusJson;
  readonly #listeners = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #made = 0;

  constructor() {
    this.status = makeStatus();
  }

  /** Listens; the address of the page. */
  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Listens no more. */
  async close(): Promise<void> {
    for (const response of this.#listeners) response.end();
    this.#server.closeAllConnections();
    await new Promise<void>((done) => this.#server.close(() => done()));
  }

  /** Loses everybody who listens. */
  drop(): void {
    for (const response of this.#listeners) response.destroy();
  }

  /** Tells everybody. */
  tell(event: AgentApiEvent): void {
    const text = `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
    for (const response of this.#listeners) response.write(text);
  }

  /** Makes an exchange up, and tells. */
  add(made: Made = {}): ExchangeDetail {
    const exchange = this.make(made);
    this.exchanges.push(exchange);
    this.tell({ type: "exchange.added", exchange: summary(exchange) });
    return exchange;
  }

  /** Changes one that is there. */
  update(id: string, change: Partial<ExchangeDetail>): void {
    const at = this.exchanges.findIndex((exchange) => exchange.id === id);
    this.exchanges[at] = { ...this.exchanges[at], ...change };
    this.tell({ type: "exchange.updated", exchange: summary(this.exchanges[at]) });
  }

  /** Makes an exchange up. */
  make(made: Made): ExchangeDetail {
    const {
      method = "GET",
      target = "/",
      status = 200,
      requestBody = "",
      body = "",
      durationMs = 12.4,
      agoMs = 0,
      kind = "http",
      messages = [],
      truncated = false,
      error,
      trailers = [],
    } = made;
    const host = "shop.example.com";
    const requestHeaders: HeaderJson[] = [
      ["Host", host],
      ["User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Safari/605.1"],
      ["Accept-Encoding", "gzip, br"],
      ...(made.requestHeaders ?? []),
    ];
    const headers: HeaderJson[] = [["Server", "demo"], ...(made.headers ?? [])];
    const coding = headers.find(([name]) => name.toLowerCase() === "content-encoding")?.[1];
    const passed = coding === "gzip" ? gzipSync(body) : Buffer.from(body);
    const lines = (list: readonly HeaderJson[]) =>
      list.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return {
      id: `airt_${String(++this.#made).padStart(27, "0")}`,
      endpoint_name: "web",
      endpoint_url: "https://shop.example.com",
      client_addr: "203.0.113.7:51234",
      started_at: new Date(Date.now() - agoMs).toISOString(),
      method,
      target,
      host,
      status,
      state: error ? "cut" : status === null ? "open" : kind === "http" ? "complete" : "open",
      error: error ?? null,
      kind,
      request_bytes: Buffer.byteLength(requestBody),
      response_bytes: passed.length,
      response_type: headers.find(([name]) => name === "Content-Type")?.[1] ?? null,
      first_byte_ms: status === null ? null : durationMs * 0.7,
      duration_ms: status === null || kind !== "http" ? null : durationMs,
      message_count: messages.length,
      replay_of: null,
      request: {
        version: "1.1",
        headers: requestHeaders,
        trailers,
        head_base64: base64(`${method} ${target} HTTP/1.1\r\n${lines(requestHeaders)}\r\n`),
        body: {
          base64: base64(requestBody),
          total_bytes: Buffer.byteLength(requestBody) * (truncated ? 10 : 1),
          truncated,
          decoded: null,
        },
      },
      response: status === null ? null : {
        version: "1.1",
        reason: REASONS[status] ?? "",
        headers,
        trailers: [],
        head_base64: base64(
          `HTTP/1.1 ${status} ${REASONS[status] ?? ""}\r\n${lines(headers)}\r\n`,
        ),
        body: {
          base64: base64(passed),
          total_bytes: passed.length,
          truncated: false,
          decoded: coding ? { coding, base64: base64(body), error: null } : null,
        },
      },
      request_ms: durationMs * 0.1,
      messages,
      dropped_messages: 0,
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, "http://agent");
    const text = await bodyOf(request);
    const send = (status: number, body?: unknown) => {
      response.writeHead(status, {
        "content-type": "application/json",
        "cache-control": "no-store",
      });
      response.end(body === undefined ? "" : JSON.stringify(body));
    };
    const [, id, action] = /^\/api\/inspect\/exchanges\/([^/]+)(\/replay)?$/.exec(url.pathname) ??
      [];
    if (url.pathname === AGENT_PATHS.events) {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      response.write(": hello\n\n");
      this.#listeners.add(response);
      response.on("close", () => this.#listeners.delete(response));
    } else if (url.pathname === AGENT_PATHS.status) {
      send(200, this.status);
    } else if (url.pathname === AGENT_PATHS.headers) {
      send(200, this.#headers());
    } else if (url.pathname === AGENT_PATHS.har) {
      if (request.method === "POST") {
        this.imported.push(text);
        if (!text.includes('"log"')) {
          return send(400, { status_code: 400, msg: "The file is no HAR", details: {} });
        }
        this.add({ target: "/imported", agoMs: 90_000 });
        send(204);
      } else {
        const entries = this.exchanges.map(({ id }) => ({ _id: id }));
        send(200, { log: { version: "1.2", entries } });
      }
    } else if (url.pathname === AGENT_PATHS.exchanges) {
      if (request.method === "DELETE") {
        this.exchanges.length = 0;
        this.tell({ type: "exchange.cleared" });
        return send(204);
      }
      send(200, this.#list(url.searchParams));
    } else if (id) {
      const found = this.exchanges.find((exchange) => exchange.id === id);
      if (!found) {
        return send(404, {
          error_code: 106,
          status_code: 404,
          msg: "The exchange has made room for newer ones",
          details: { id },
        });
      }
      if (!action) return send(200, found);
      send(200, { ids: this.#replay(found, JSON.parse(text)) });
    } else {
      await servePage(url, response);
    }
  }

  #list(query: URLSearchParams) {
    const limit = Number(query.get("limit") ?? "100");
    const before = query.get("before");
    const q = query.get("q");
    let found = this.exchanges.toReversed();
    if (before) found = found.slice(found.findIndex(({ id }) => id === before) + 1);
    if (q) found = found.filter((exchange) => searchable(exchange).includes(q));
    for (const filter of query.getAll("filter")) {
      const [, name, operator, value] = /^header (\S+) (\S+) (.*)$/.exec(filter)!;
      found = found.filter(({ request, response }) =>
        [...request.headers, ...response?.headers ?? []].some(([key, held]) =>
          key.toLowerCase() === name.toLowerCase() &&
          (operator === "match" ? new RegExp(value).test(held) : held === value)
        )
      );
    }
    return {
      exchanges: found.slice(0, limit).map(summary),
      kept: this.exchanges.length,
      size_bytes: this.exchanges.length * 1_800,
      max_bytes: 50_000_000,
    };
  }

  #headers(): HeaderWordsJson {
    const seen = new Map<string, Set<string>>();
    for (const { request, response } of this.exchanges) {
      for (const [name, value] of [...request.headers, ...response?.headers ?? []]) {
        const key = name.toLowerCase();
        seen.set(key, (seen.get(key) ?? new Set()).add(value));
      }
    }
    return {
      headers: [...seen].map(([name, values]) => ({ name, count: 1, values: [...values] })),
    };
  }

  #replay(exchange: ExchangeDetail, body: ReplayBody): string[] {
    this.replays.push({ id: exchange.id, body });
    const ids: string[] = [];
    for (let count = 0; count < (body.times ?? 1); count++) {
      const made = this.make({
        method: body.method ?? exchange.method,
        target: body.target ?? exchange.target,
        status: exchange.status,
        requestHeaders: (body.headers ?? exchange.request.headers).slice(3),
        requestBody: Buffer.from(body.body_base64 ?? exchange.request.body.base64, "base64"),
        headers: exchange.response?.headers.slice(1),
        body: JSON.stringify({ replayed: true, attempt: count + 1 }, null, 2),
      });
      const replay = { ...made, replay_of: exchange.id };
      this.exchanges.push(replay);
      this.tell({ type: "exchange.added", exchange: summary(replay) });
      ids.push(replay.id);
    }
    return ids;
  }
}

/** What lists have of an exchange. */
function summary(exchange: ExchangeDetail) {
  const { request: _1, response: _2, messages: _3, request_ms: _4, dropped_messages: _5, ...rest } =
    exchange;
  return rest;
}

function searchable({ target, request, response }: ExchangeDetail): string {
  const text = (of: string) => Buffer.from(of, "base64").toString();
  const body = response?.body;
  return [
    target,
    text(request.head_base64),
    text(request.body.base64),
    text(response?.head_base64 ?? ""),
    text(body?.decoded?.base64 ?? body?.base64 ?? ""),
  ].join("\n");
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

const page = inspectorPage();

async function servePage(url: URL, response: ServerResponse): Promise<void> {
  const answer = await page.request(url.pathname);
  const body = Buffer.from(await answer.arrayBuffer());
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(body);
}

/** Numbers of an endpoint. */
function metrics(count: number): MetricsJson {
  return {
    count,
    gauge: 3,
    rate1: 4.2,
    rate5: 2.9,
    rate15: 1.1,
    p50: 12_400_000,
    p90: 48_000_000,
    p95: 97_000_000,
    p99: 1_240_000_000,
  };
}

function makeStatus(): StatusJson {
  return {
    version: "0.1.0",
    started_at: new Date(Date.now() - 5_000_000).toISOString(),
    session: {
      status: "online",
      error: null,
      connect_url: "connect.example.com:443",
      account: "Ada Lovelace",
      region: "eu",
      latency_ms: 23.4,
    },
    endpoints: [
      {
        name: "web",
        url: "https://shop.example.com",
        upstream: "http://localhost:8080",
        online: true,
        inspect: true,
        conns: metrics(128),
        http: metrics(4_312),
      },
      {
        name: "ssh",
        url: "tcp://tunnels.example.com:20022",
        upstream: "tcp://localhost:22",
        online: true,
        inspect: false,
        conns: metrics(4),
        http: metrics(0),
      },
    ],
    config: {
      "web_addr": "127.0.0.1:4040",
      "inspect_db_size": "50 MB",
      "authtoken": "HIDDEN",
      "log_format": "term",
      "root_cas": "trusted",
      "update_channel": "stable",
    },
    notices: [],
  };
}

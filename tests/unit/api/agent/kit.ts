/**
 * The agent's API on an agent that does what a test says.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Agent, AgentState } from "../../../../lib/agent/agent.ts";
import type { ForwardOptions } from "../../../../lib/agent/config.ts";
import type { AgentEndpoint, EndpointEnd } from "../../../../lib/agent/endpoint.ts";
import type { AgentListener } from "../../../../lib/agent/events.ts";
import { EndpointMetrics } from "../../../../lib/agent/metrics.ts";
import type { ReplayEdits } from "../../../../lib/agent/replay_request.ts";
import { parseEndpointUrl } from "../../../../lib/agent/endpoint_url.ts";
import { parseUpstream } from "../../../../lib/agent/upstream.ts";
import { readWish } from "../../../../lib/agent/wish.ts";
import { type AgentApi, createAgentApi } from "../../../../lib/api/agent/agent_api.ts";
import type { AgentApiDeps } from "../../../../lib/api/agent/api_deps.ts";
import { FakeClock } from "../../../../lib/base/clock.ts";
import type { TunnelError } from "../../../../lib/base/errors.ts";
import { silentLogger } from "../../../../lib/base/log.ts";
import { DEFAULT_CAPTURE_LIMITS } from "../../../../lib/inspect/capture.ts";
import type { Exchange } from "../../../../lib/inspect/exchange.ts";
import { ExchangeStore } from "../../../../lib/inspect/exchange_store.ts";
import { HttpTap } from "../../../../lib/inspect/http_tap.ts";
import { nodeCodecs } from "../../../../lib/runtime/node_codecs.ts";

const nobody = () => assert.fail("nobody asks for it");

/** An agent without an edge. */
export class FakeAgent implements Agent {
  state: AgentState = "online";
  latencyMs: number | undefined = 12.5;
  readonly session = {
    sessionId: "sn_1",
    agentSessionId: "ts_1",
    serverVersion: "prod",
    region: "eu",
    accountName: "Ada",
    planName: "Free",
    banner: "Be kind",
    deprecation: "",
    sessionDurationS: 0,
  };
  endpoints: AgentEndpoint[] = [];
  readonly exchanges: ExchangeStore | undefined;
  readonly clock: FakeClock;
  readonly replayed: { id: string; edits: ReplayEdits }[] = [];
  readonly listeners = new Set<AgentListener>();
  /** Refuses the next endpoint. */
  refusal: TunnelError | undefined;
  readonly closed = new Promise<never>(() => {});
  listen = nobody;
  serve = nobody;
  events = nobody;
  close = nobody;
  [Symbol.asyncDispose] = nobody;

  constructor(clock: FakeClock, keeps = true) {
    this.clock = clock;
    this.exchanges = keeps ? new ExchangeStore() : undefined;
  }

  forward(options: ForwardOptions): Promise<AgentEndpoint> {
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal) return Promise.reject(refusal);
    const { wanted, upstream } = readWish(options);
    const name = options.name ?? "endpoint-1";
    const proto = parseEndpointUrl(wanted.url || "https://", upstream.kind).scheme;
    const bare = wanted.host || "664638b5.tunnel.test";
    const endpoint: AgentEndpoint = {
      name,
      url: wanted.scheme === "tcp" ? "tcp://localhost:20002" : `${wanted.scheme}://${bare}`,
      id: "b1",
      proto,
      upstream: parseUpstream(options.addr, upstream.kind).display,
      metadata: options.metadata ?? "",
      options,
      inspect: upstream.kind === "http" && options.inspect !== false,
      metrics: new EndpointMetrics(this.clock),
      online: true,
      openConnections: 0,
      totalConnections: 0,
      close: () => {
        this.endpoints = this.endpoints.filter((one) => one !== endpoint);
        return Promise.resolve();
      },
      closed: new Promise<EndpointEnd>(() => {}),
    } as AgentEndpoint;
    this.endpoints = [...this.endpoints, endpoint];
    return Promise.resolve(endpoint);
  }

  replay(id: string, edits: ReplayEdits = {}): Promise<string> {
    this.replayed.push({ id, edits });
    return Promise.resolve(`airt_${this.replayed.length}`);
  }

  subscribe(listener: AgentListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** An exchange as it would have passed. */
  capture(request: string, response?: string, clientAddr = "127.0.0.1:5"): Exchange {
    const store = this.exchanges!;
    const tap = new HttpTap({
      store,
      clock: this.clock,
      limits: DEFAULT_CAPTURE_LIMITS,
      origin: {
        endpointName: "command_line",
        endpointUrl: "https://664638b5.tunnel.test",
        clientAddr,
      },
    });
    tap.fromVisitor(latin1(request));
    if (response !== undefined) tap.fromService(latin1(response));
    return store.list({ limit: 1 })[0];
  }
}

/** Text as bytes, one byte a character. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** The agent's API, and who asks it. */
export class ApiScene {
  readonly clock: FakeClock;
  readonly agent: FakeAgent;
  readonly deps: AgentApiDeps;
  readonly api: AgentApi;

  constructor(options: { keeps?: boolean; nowMs?: number } = {}) {
    this.clock = new FakeClock(options.nowMs ?? Date.parse("2026-11-23T09:03:51Z"));
    this.agent = new FakeAgent(this.clock, options.keeps ?? true);
    this.deps = {
      agent: this.agent,
      clock: this.clock,
      logger: silentLogger,
      codecs: nodeCodecs,
      connectUrl: "connect.test:443",
      address: "127.0.0.1:4040",
      allowHosts: ["inspect.test"],
      config: { log: "stdout" },
      prepare: ({ wish }) => Promise.resolve(wish),
    };
    this.api = createAgentApi(this.deps);
  }

  /** Asks. */
  ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    return this.api.fetch(
      new Request(`http://127.0.0.1:4040${path}`, {
        method,
        headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    );
  }

  /** Asks, and reads JSON. */
  // deno-lint-ignore no-explicit-any -- whatever the API says
  async json(method: string, path: string, body?: unknown): Promise<any> {
    return await (await this.ask(method, path, body)).json();
  }
}

/** What a real agent answered. */
export function sample(name: string): { status: number; type: string; body: string } {
  const read = (file: string) =>
    readFileSync(new URL(`../../../vectors/agent-api/${file}`, import.meta.url), "utf8");
  const headers = read(`${name}.headers.txt`);
  return {
    status: Number(headers.split(" ")[1]),
    type: /content-type: ([^\r\n]+)/i.exec(headers)?.[1] ?? "",
    body: read(`${name}.body`),
  };
}

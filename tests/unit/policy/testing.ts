/**
 * Contexts for tests of the policy room: the one place that knows how to make them.
 *
 * @module
 */
import { FakeClock } from "../../../lib/base/clock.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { parseRequestHead, parseResponseHead } from "../../../lib/http/head.ts";
import type { PolicyServices } from "../../../lib/policy/action.ts";
import {
  type BaseContext,
  type ConnectContext,
  type ExchangeEnd,
  type PhaseName,
  type PolicyProto,
  type RequestContext,
  RequestView,
  type ResponseContext,
  ResponseView,
} from "../../../lib/policy/context.ts";
import { type CompiledPolicy, compilePolicy } from "../../../lib/policy/engine.ts";
import { readPolicy } from "../../../lib/policy/document.ts";
import type { StreamConverter } from "../../../lib/policy/outcome.ts";

/** What actions get in tests. */
export function testServices(more: Partial<PolicyServices> = {}): PolicyServices {
  return { clock: new FakeClock(), logger: silentLogger, random: () => 0.5, ...more };
}

/** A policy of one rule with one action, compiled. */
export async function compileAction(
  phase: PhaseName,
  type: string,
  config?: unknown,
  proto: PolicyProto = phase === "on_tcp_connect" ? "tcp" : "https",
  services: PolicyServices = testServices(),
): Promise<CompiledPolicy> {
  const document = readPolicy({ [phase]: [{ actions: [{ type, config }] }] }, proto);
  return (await compilePolicy(document, { proto, services }))!;
}

/** What a test may say about its traffic. */
export interface TrafficOptions {
  /** The visitor. @default {"192.0.2.1"} */
  readonly clientIp?: string;
  /** The notes that actions make. */
  readonly notes?: Readonly<Record<string, unknown>>[];
}

function base({ clientIp = "192.0.2.1", notes = [] }: TrafficOptions): BaseContext {
  return {
    connection: {
      clientIp,
      clientPort: 5,
      serverIp: "198.51.100.1",
      serverPort: 443,
      tls: undefined,
    },
    endpoint: {
      id: "e",
      url: "https://a.example.com",
      proto: "https",
      host: "a.example.com",
      port: 443,
    },
    results: new Map(),
    vars: new Map(),
    note: (metadata) => notes.push(metadata),
  };
}

/** A connection. */
export function connectContext(options: TrafficOptions = {}): ConnectContext {
  return { ...base(options), phase: "on_tcp_connect" };
}

/** A request, and what actions did besides editing it. */
export interface TestRequest extends RequestContext {
  /** Who wants to hear of its end. */
  readonly listeners: ((end: ExchangeEnd) => void)[];
  /** What took it over. */
  readonly converters: StreamConverter[];
}

/** A request with these lines: `GET /a HTTP/1.1`, `X-A: 1`; a Host comes by itself. */
export function requestContext(
  lines: readonly string[] = ["GET / HTTP/1.1"],
  options: TrafficOptions & { readonly body?: string } = {},
): TestRequest {
  const [first, ...headers] = lines;
  const host = headers.some((line) => /^host:/i.test(line)) ? [] : ["Host: a.example.com"];
  const text = [first, ...host, ...headers, "", ""].join("\r\n");
  const body = new TextEncoder().encode(options.body ?? "");
  const read = (maxBytes: number) => Promise.resolve(body.length > maxBytes ? undefined : body);
  const listeners: ((end: ExchangeEnd) => void)[] = [];
  const converters: StreamConverter[] = [];
  return {
    ...base(options),
    phase: "on_http_request",
    request: new RequestView(parseRequestHead(new TextEncoder().encode(text)), "https", read),
    whenEnded: (listener) => listeners.push(listener),
    convert: (converter) => converters.push(converter),
    listeners,
    converters,
  };
}

/** An answer with these lines, to a request. */
export function responseContext(
  lines: readonly string[] = ["HTTP/1.1 200 OK"],
  request: RequestContext = requestContext(),
): ResponseContext {
  const head = parseResponseHead(new TextEncoder().encode([...lines, "", ""].join("\r\n")));
  return {
    ...base({}),
    phase: "on_http_response",
    request: request.request,
    response: new ResponseView(head, true),
  };
}

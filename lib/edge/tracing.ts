/**
 * Makes the requests of visitors part of traces: a span for each, whose parent is whoever the
 * visitor says, and a `traceparent` for the service behind the tunnel. The HTTP relay asks for one
 * per request when somebody wants traces; `watch.ts` ends them.
 *
 * @module
 */
import type { ExchangeOver } from "./events.ts";
import type { Attributes, FinishedSpan } from "./span_exporter.ts";
import {
  formatTraceparent,
  newSpanId,
  newTraceId,
  parseTraceparent,
  type Trace,
  type Tracer,
} from "./trace_context.ts";

/** Where traces go, and of how many requests. */
export interface TracingOptions {
  /** The URL of the collector's OTLP door for traces: `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  /** Headers of each export, such as a key. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What this edge is called. @default {"sallyport"} */
  readonly serviceName?: string;
  /** What else is said of this edge. */
  readonly resource?: Readonly<Record<string, string>>;
  /** Of how many requests spans are sent, from 0 to 1. @default {1} */
  readonly ratio?: number;
  /** Whether a visitor that is part of a trace decides for itself. @default {true} */
  readonly followParent?: boolean;
}

/**
 * Makes a tracer.
 *
 * @param options of how many requests spans are sent
 */
export function createTracer(
  { ratio = 1, followParent = true }: Pick<TracingOptions, "ratio" | "followParent">,
): Tracer {
  return {
    begin(head) {
      // Two of them contradict each other: neither is believed.
      const texts = head.all("traceparent");
      const parent = texts.length === 1 ? parseTraceparent(texts[0]) : undefined;
      const traceId = parent?.traceId ?? newTraceId();
      const sampled = parent && followParent ? parent.sampled : isChosen(traceId, ratio);
      const span = { traceId, spanId: newSpanId(), sampled };
      return {
        span,
        parentSpanId: parent?.spanId,
        state: parent && head.get("tracestate"),
        header: formatTraceparent(span),
      };
    },
  };
}

/** The last 52 bits of a trace's name decide, so that every system with the same ratio agrees. */
function isChosen(traceId: string, ratio: number): boolean {
  return parseInt(traceId.slice(-13), 16) < ratio * 2 ** 52;
}

/**
 * The span of a request that is over, by the conventions of OpenTelemetry for HTTP servers.
 *
 * @param trace its place
 * @param over what is known of it
 */
export function spanOf(trace: Trace, over: ExchangeOver): FinishedSpan {
  const { status, error, method } = over;
  const at = over.clientAddr.lastIndexOf(":");
  const attributes: Attributes = {
    "http.request.method": method,
    "http.response.status_code": status,
    "http.request.body.size": over.requestBytes,
    "http.response.body.size": over.responseBytes,
    "url.scheme": over.scheme,
    "url.path": over.path,
    "server.address": over.host,
    "client.address": over.clientAddr.slice(0, at).replace(/^\[|\]$/g, ""),
    "client.port": Number(over.clientAddr.slice(at + 1)),
    "network.protocol.name": "http",
    "network.protocol.version": over.protocol.replace(/^HTTP\//, "").replace("2.0", "2"),
    "user_agent.original": over.userAgent,
    "sallyport.endpoint.id": over.endpointId,
    "sallyport.account.id": over.accountId,
    "sallyport.error_code": over.ngrokCode && `ERR_NGROK_${over.ngrokCode}`,
    "error.type": status === undefined ? "no_answer" : status >= 500 ? String(status) : undefined,
  };
  return {
    traceId: trace.span.traceId,
    spanId: trace.span.spanId,
    parentSpanId: trace.parentSpanId,
    traceState: trace.state,
    name: method,
    startMs: over.atMs - over.durationMs,
    endMs: over.atMs,
    attributes,
    // Of a server, only its own failures are errors.
    error: status === undefined || status >= 500
      ? error ?? `status ${status ?? "none"}`
      : undefined,
  };
}

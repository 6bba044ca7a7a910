/**
 * The W3C trace context (Level 1): the header that says which trace a request is part of, and who
 * called. `tracing.ts` continues what came, or begins a trace of its own.
 *
 * @module
 */
import { randomHex } from "../base/bytes.ts";
import type { RequestHead } from "../http/head.ts";

/** Which trace, who called, and whether the trace is recorded. */
export interface TraceContext {
  /** 32 hexadecimal digits, lower case, not all zero. */
  readonly traceId: string;
  /** The caller's span: 16 hexadecimal digits, not all zero. */
  readonly spanId: string;
  /** Whether the caller records it. */
  readonly sampled: boolean;
}

/** A request's place in a trace. */
export interface Trace {
  /** The span of the request. */
  readonly span: TraceContext;
  /** Who called, if somebody did. */
  readonly parentSpanId: string | undefined;
  /** What other systems said, as it came. */
  readonly state: string | undefined;
  /** `traceparent` for the service. */
  readonly header: string;
}

/** Makes requests part of traces. */
export interface Tracer {
  /** The place of a request. */
  begin(head: RequestHead): Trace;
}

/** Version, trace, caller, flags; versions to come may append something. */
const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Reads the header `traceparent`.
 *
 * @param text its value; `undefined` when there is none
 * @returns nothing when it is none, or not valid: then a new trace begins (section 3.2.2.3)
 */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  const match = text === undefined ? null : FORM.exec(text.trim());
  if (!match) return undefined;
  const [, version, traceId, spanId, flags, rest] = match;
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (parseInt(flags, 16) & 1) === 1 };
}

/** The header for the next hop. */
export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** A new trace's name. */
export function newTraceId(): string {
  return randomHex(16);
}

/** A new span's name. */
export function newSpanId(): string {
  return randomHex(8);
}

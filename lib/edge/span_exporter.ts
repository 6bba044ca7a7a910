/**
 * Brings spans to an OpenTelemetry collector: OTLP over HTTP as JSON, in batches, with a bound on
 * what waits. No request ever waits for it. `tracing.ts` hands it what is over.
 *
 * @module
 */
import type { Clock, Timer } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { VERSION } from "../base/version.ts";

/** What is said of a span or a service, by name. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A span that is over. */
export interface FinishedSpan {
  /** Which trace. */
  readonly traceId: string;
  /** Which span. */
  readonly spanId: string;
  /** Who called; `undefined` for the first of a trace. */
  readonly parentSpanId: string | undefined;
  /** What the trace's other systems say of it, as it came. */
  readonly traceState: string | undefined;
  /** What it did. */
  readonly name: string;
  /** Milliseconds since 1970, with fractions. */
  readonly startMs: number;
  /** Likewise. */
  readonly endMs: number;
  /** What is known of it. */
  readonly attributes: Attributes;
  /** What went wrong; `undefined` when nothing did. */
  readonly error: string | undefined;
}

/** Where spans go. */
export interface SpanExporterOptions {
  /** The whole URL: `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  /** Headers of each request, such as a key. */
  readonly headers: Readonly<Record<string, string>>;
  /** What is said of this service. */
  readonly resource: Attributes;
  /** Time. */
  readonly clock: Clock;
  /** Hears of spans that are lost. */
  readonly logger: Logger;
  /** How long one batch may take to be accepted. @default {10000} */
  readonly timeoutMs?: number;
  /** Sends a request. @default {fetch} */
  readonly fetch?: typeof fetch;
}

/** Spans that may wait; what comes on top is counted and dropped. The default of OTEL_BSP_MAX_QUEUE_SIZE. */
const MAX_WAITING = 2_048;
/** Spans of one request, as in OTEL_BSP_MAX_EXPORT_BATCH_SIZE. */
const BATCH = 512;
/** How long a span waits for others, as in OTEL_BSP_SCHEDULE_DELAY. */
const GATHER_MS = 5_000;

/** Brings spans to a collector. */
export class SpanExporter {
  readonly #options: SpanExporterOptions;
  #waiting: FinishedSpan[] = [];
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;
  #lost = 0;
  #failing = false;

  /**
   * Sends nothing yet.
   *
   * @param options where to
   */
  constructor(options: SpanExporterOptions) {
    this.#options = options;
  }

  /** Takes a span. Never throws, never waits. */
  add(span: FinishedSpan): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#lost++;
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= BATCH) this.#start();
    else this.#timer ??= this.#options.clock.after(GATHER_MS, () => this.#start());
  }

  /** Sends what waits. Never rejects. */
  async flush(): Promise<void> {
    this.#start();
    await this.#sending;
  }

  #start(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#sending ??= this.#drain().finally(() => this.#sending = undefined);
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) await this.#send(this.#waiting.splice(0, BATCH));
  }

  async #send(spans: readonly FinishedSpan[]): Promise<void> {
    const { url, headers, resource, clock, logger, timeoutMs = 10_000 } = this.#options;
    const send = this.#options.fetch ?? fetch;
    const abort = new AbortController();
    const timer = clock.after(timeoutMs, () => abort.abort());
    let failure: string | undefined;
    try {
      const response = await send(url, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(otlpBody(resource, spans)),
        redirect: "error",
        signal: abort.signal,
      });
      await response.body?.cancel();
      if (!response.ok) failure = `the collector answered ${response.status}`;
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      failure = abort.signal.aborted ? `no answer within ${timeoutMs} ms` : reason;
    } finally {
      timer.cancel();
    }
    if (failure !== undefined) {
      this.#lost += spans.length;
      // Said once: a collector that is down must not fill the log.
      if (!this.#failing) {
        const { origin } = new URL(url);
        logger.log("warn", "traces were not exported", { collector: origin, err: failure });
      }
      this.#failing = true;
      return;
    }
    this.#failing = false;
    if (this.#lost > 0) logger.log("warn", "traces have gaps", { spans: this.#lost });
    this.#lost = 0;
  }
}

/** SPAN_KIND_SERVER and STATUS_CODE_ERROR of opentelemetry-proto. */
const SERVER = 2;
const ERROR = 2;

/** An ExportTraceServiceRequest in the JSON encoding of OTLP: 64-bit numbers are text, ids are hexadecimal. */
function otlpBody(resource: Attributes, spans: readonly FinishedSpan[]): unknown {
  return {
    resourceSpans: [{
      resource: { attributes: keyValues(resource) },
      scopeSpans: [{
        scope: { name: "sallyport", version: VERSION },
        spans: spans.map((span) => ({
          traceId: span.traceId,
          spanId: span.spanId,
          parentSpanId: span.parentSpanId,
          traceState: span.traceState,
          name: span.name,
          kind: SERVER,
          startTimeUnixNano: nanoseconds(span.startMs),
          endTimeUnixNano: nanoseconds(span.endMs),
          attributes: keyValues(span.attributes),
          status: span.error === undefined ? {} : { code: ERROR, message: span.error },
        })),
      }],
    }],
  };
}

/** A double holds milliseconds since 1970 to the microsecond, nanoseconds it does not. */
function nanoseconds(ms: number): string {
  const whole = Math.floor(ms);
  const rest = Math.round((ms - whole) * 1e6);
  return String(BigInt(whole) * 1_000_000n + BigInt(rest));
}

function keyValues(attributes: Attributes): unknown[] {
  return Object.entries(attributes).filter(([, value]) => value !== undefined).map((
    [key, value],
  ) => ({ key, value: anyValue(value!) }));
}

function anyValue(value: string | number | boolean): unknown {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

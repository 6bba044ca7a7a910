/**
 * One line for each request of a visitor, in a form that other programs read. `watch.ts` feeds it
 * with what is over; `line_sink.ts` takes the lines.
 *
 * No line holds a secret: the query is left out unless somebody asks for it, headers other than
 * `User-Agent` and `Referer` never come in, and of a Referer its query is left out always.
 *
 * @module
 */
import type { ConnectionOver, ExchangeOver } from "./events.ts";
import type { LineSink } from "./line_sink.ts";

/** How lines look: an object each, or as web servers have always written them. */
export type AccessLogFormat = "json" | "common" | "combined";

/** What an access log is to be. */
export interface AccessLogOptions {
  /** `stdout`, or the path of a file. */
  readonly to: string;
  /** How lines look; `common` and `combined` know requests alone, no raw connections. @default {"json"} */
  readonly format?: AccessLogFormat;
  /** Whether queries are written down: they may hold secrets of visitors. @default {false} */
  readonly query?: boolean;
}

/** Writes one line for each request. */
export class AccessLog {
  readonly #format: AccessLogFormat;
  readonly #query: boolean;
  readonly #sink: LineSink;

  /**
   * Writes nothing yet.
   *
   * @param options what the lines hold
   * @param sink takes them
   */
  constructor(options: AccessLogOptions, sink: LineSink) {
    this.#format = options.format ?? "json";
    this.#query = options.query ?? false;
    this.#sink = sink;
  }

  /**
   * An exchange is over.
   *
   * @param over what is known of it
   * @param query what followed the path, without its question mark
   */
  exchange(over: ExchangeOver, query: string | undefined): void {
    const path = this.#query && query !== undefined ? `${over.path}?${query}` : over.path;
    if (this.#format !== "json") {
      this.#sink.write(commonLine(over, path, this.#format === "combined"));
      return;
    }
    this.#sink.write(`${
      JSON.stringify({
        time: new Date(over.atMs).toISOString(),
        type: "request",
        client: over.clientAddr,
        scheme: over.scheme,
        host: over.host,
        method: over.method,
        path,
        protocol: over.protocol,
        status: over.status,
        error_code: over.ngrokCode === undefined ? undefined : `ERR_NGROK_${over.ngrokCode}`,
        in_bytes: over.requestBytes,
        out_bytes: over.responseBytes,
        duration_ms: Math.round(over.durationMs * 1000) / 1000,
        user_agent: over.userAgent,
        referer: over.referer,
        policy: over.policyOutcome,
        endpoint: over.endpointId,
        account: over.accountId,
        error: over.error,
      })
    }\n`);
  }

  /** A connection to a tcp or tls endpoint is over. */
  connection(over: ConnectionOver): void {
    if (this.#format !== "json") return;
    this.#sink.write(`${
      JSON.stringify({
        time: new Date(over.atMs).toISOString(),
        type: "connection",
        client: over.clientAddr,
        in_bytes: over.inBytes,
        out_bytes: over.outBytes,
        duration_ms: Math.round(over.durationMs * 1000) / 1000,
        endpoint: over.endpointId,
        account: over.accountId,
        error: over.error,
      })
    }\n`);
  }

  /** Settles when all lines are written. Lines after a rotation go to the new file by themselves. */
  flush(): Promise<void> {
    return this.#sink.flush();
  }
}

/** Nothing whole was sent: the number nginx gives to visitors that left. */
const NO_ANSWER = 499;

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** The NCSA common log format; combined adds Referer and User-Agent. */
function commonLine(over: ExchangeOver, path: string, combined: boolean): string {
  const ip = over.clientAddr.slice(0, over.clientAddr.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  const request = escape(`${over.method} ${path} ${over.protocol}`);
  const bytes = over.responseBytes === 0 ? "-" : String(over.responseBytes);
  const line = `${ip} - - [${clfTime(over.atMs)}] "${request}" ${
    over.status ?? NO_ANSWER
  } ${bytes}`;
  if (!combined) return `${line}\n`;
  return `${line} "${escape(over.referer ?? "-")}" "${escape(over.userAgent ?? "-")}"\n`;
}

/** `10/Oct/2000:13:55:36 +0000`. */
function clfTime(atMs: number): string {
  const [, year, month, day, time] = /^(\d+)-(\d\d)-(\d\d)T([\d:]+)/.exec(
    new Date(atMs).toISOString(),
  )!;
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time} +0000`;
}

/** As Apache writes what would end a field or a line. */
function escape(text: string): string {
  return text.replaceAll(
    /["\\\p{Cc}]/gu,
    (char) =>
      char === '"' || char === "\\"
        ? `\\${char}`
        : `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

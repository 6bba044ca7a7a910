/**
 * The `Response` of a fetch handler as the head of an HTTP/1.1 response. What a handler says about
 * the connection and about framing is taken as a wish: both are ours. `fetch_exchange.ts` calls it.
 *
 * @module
 */
import { isHeaderValue, isToken, quote } from "./chars.ts";
import type { BodyFraming } from "./body.ts";
import { reasonPhrase } from "./response.ts";

/** What a response says, before it is known how its body ends. */
export interface ResponsePlan {
  /** Status line and header lines, without those about framing and connection. */
  readonly text: string;
  /** The `Content-Length` the handler gave, where the status may have one. */
  readonly lengthBytes: number | undefined;
  /** Whether it says what type its body has. */
  readonly hasType: boolean;
  /** Whether it announces trailers by itself. */
  readonly hasTrailer: boolean;
  /** Whether the handler gave a `Date`. */
  readonly hasDate: boolean;
  /** Whether the handler wants the connection closed afterwards. */
  readonly close: boolean;
  /** Whether the response says what to upgrade to (RFC 9110 section 15.5.22). */
  readonly upgrade: boolean;
  /** Whether this status can have a body. */
  readonly hasBody: boolean;
}

/**
 * Looks through a response.
 *
 * @param response what the handler answered
 * @throws {TypeError} when it cannot be sent: it is no response, it was read already, or a header
 * is malformed or contradicts the framing that this server chooses
 */
export function planResponse(response: Response | undefined): ResponsePlan {
  if (typeof response?.headers?.forEach !== "function") {
    throw new TypeError(`Cannot send what is not a response: ${typeof response}`);
  }
  const { status, statusText } = response;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    // 0 is Response.error(); 101 is what Deno and Bun let through.
    throw new TypeError(`Cannot send a response with status ${status}`);
  }
  if (response.bodyUsed) throw new TypeError("Cannot send a response whose body was read already");
  const reason = statusText || reasonPhrase(status);
  // Bun takes any text here, line ends included.
  if (!isHeaderValue(reason)) {
    throw new TypeError(`Cannot send the reason ${quote(reason)}: it has a control character`);
  }
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  let lengthBytes: number | undefined;
  let hasType = false;
  let hasTrailer = false;
  let hasDate = false;
  let close = false;
  let upgrade = false;
  response.headers.forEach((value, name) => {
    switch (name) {
      case "connection":
        close ||= /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(value);
        return;
      case "keep-alive":
      case "proxy-connection":
        return;
      case "transfer-encoding":
        // Frameworks set it to ask for streaming, which is what happens anyway.
        if (/^chunked$/i.test(value)) return;
        throw new TypeError(`Cannot send the Transfer-Encoding ${quote(value)}`);
      case "content-length":
        lengthBytes = parseLength(value);
        return;
      case "content-type":
        hasType = true;
        break;
      case "trailer":
        hasTrailer = true;
        break;
      case "date":
        hasDate = true;
        break;
      case "upgrade":
        upgrade = true;
    }
    if (!isToken(name) || !isHeaderValue(value)) {
      throw new TypeError(`Cannot send the header ${quote(name)}: it has a control character`);
    }
    text += `${name}: ${value}\r\n`;
  });
  // RFC 9110 section 8.6 and 15.3.6: no length with a 204, and 0 with a 205; that of a 304 is the
  // length of what it stands for.
  if (status === 204) lengthBytes = undefined;
  if (status === 205) lengthBytes = 0;
  const hasBody = status !== 204 && status !== 205 && status !== 304;
  return { text, lengthBytes, hasType, hasTrailer, hasDate, close, upgrade, hasBody };
}

function parseLength(value: string): number {
  const length = /^\d{1,16}$/.test(value) ? Number(value) : NaN;
  if (!Number.isSafeInteger(length)) {
    throw new TypeError(`Cannot send the Content-Length ${quote(value)}`);
  }
  return length;
}

/** How a response leaves. */
export interface FormatHeadOptions {
  /** How its body ends; `until_close` must come with `close`. */
  readonly framing: BodyFraming;
  /** The number for `Content-Length`; `undefined` leaves it out. */
  readonly lengthBytes: number | undefined;
  /** The type of the body, where it was found out. @default none but the handler's */
  readonly type?: string;
  /** The names of the trailers that follow the body. @default none are announced */
  readonly trailerNames?: string | undefined;
  /** Whether the connection ends with it. */
  readonly close: boolean;
  /** Whether the visitor speaks HTTP/1.0, and has to be told when the connection does not end. */
  readonly http10: boolean;
  /** The `Date`, unless the handler gave one. */
  readonly date: string;
}

/**
 * The whole head, with one character a byte.
 *
 * @param plan what the response says
 * @param options how it leaves
 */
export function formatHead(plan: ResponsePlan, options: FormatHeadOptions): string {
  let { text } = plan;
  if (options.type !== undefined) text += `content-type: ${options.type}\r\n`;
  if (!plan.hasDate) text += `Date: ${options.date}\r\n`;
  if (options.trailerNames && !plan.hasTrailer) text += `Trailer: ${options.trailerNames}\r\n`;
  if (options.framing.kind === "chunked") text += "Transfer-Encoding: chunked\r\n";
  else if (options.lengthBytes !== undefined) text += `Content-Length: ${options.lengthBytes}\r\n`;
  const connection = options.close ? "close" : options.http10 ? "keep-alive" : "";
  if (plan.upgrade) {
    // RFC 9110 section 7.8: whoever sends Upgrade must list it here.
    text += `Connection: ${connection === "" ? "upgrade" : `upgrade, ${connection}`}\r\n`;
  } else if (connection !== "") {
    text += `Connection: ${connection}\r\n`;
  }
  return text + "\r\n";
}

/** The text of `Date`, made once a second. */
export class DateText {
  #second = -1;
  #text = "";

  /**
   * The date as HTTP writes it (RFC 9110 section 5.6.7).
   *
   * @param nowMs milliseconds since 1970
   */
  at(nowMs: number): string {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(nowMs).toUTCString();
    }
    return this.#text;
  }
}

/**
 * Finds the lines of an HTTP/1.1 head and refuses every byte that may not stand where it stands.
 * It looks at each byte once, whether the head comes whole or a byte at a time. `head.ts` gives it
 * bytes and reads meaning into the lines.
 *
 * Stricter than RFC 9112 where the RFC lets a recipient choose: a lone LF never ends a line
 * (section 2.2), folded lines are refused (section 5.2), and so is a control character in a value
 * (RFC 9110 section 5.5).
 *
 * @module
 */
import { COLON, CR, HTAB, isValueByte, latin1, LF, quote, SP, spells, TOKEN } from "./chars.ts";
import { HttpError, type HttpFault, type HttpSubject } from "./fault.ts";

// Where the scanner stands between two bytes.
const BEGIN = 0;
const BEGIN_LF = 1;
const START_LINE = 2;
const START_LINE_LF = 3;
const LINE_BEGIN = 4;
const NAME = 5;
const VALUE = 6;
const VALUE_LF = 7;
const END_LF = 8;

/** The lines of one head. Offsets are relative to the buffer that was scanned. */
export class HeadScanner {
  readonly #subject: HttpSubject;
  readonly #maxHeaders: number;
  #at = 0;
  #state = BEGIN;
  #name = 0;

  /** Where the start line begins: 2 when an empty line came before it. */
  start: number = 0;
  /** Two offsets per header: where its line begins, and its colon; at the end where the last CRLF begins. */
  readonly lines: number[] = [];
  /** Index in `lines` of `Host`, or -1. */
  host: number = -1;
  /** Index in `lines` of `Content-Length`, or -1. */
  contentLength: number = -1;
  /** Index in `lines` of `Transfer-Encoding`, or -1. */
  transferEncoding: number = -1;
  /** Index in `lines` of the first `Connection`, or -1. */
  connection: number = -1;
  /** How many `Connection` headers there are. */
  connections: number = 0;
  /** Index in `lines` of the first `Upgrade`, or -1. */
  upgrade: number = -1;

  /**
   * At the first byte.
   *
   * @param subject what is scanned: a response may hold obs-text in its first line
   * @param maxHeaders how many header lines it may have
   */
  constructor(subject: HttpSubject, maxHeaders: number) {
    this.#subject = subject;
    this.#maxHeaders = maxHeaders;
  }

  /** Whether any byte of a message was seen; an empty line before it does not count. */
  get begun(): boolean {
    return this.#state > BEGIN_LF;
  }

  /** Whether the start line is complete. */
  get inHeaders(): boolean {
    return this.#state > START_LINE_LF;
  }

  /**
   * Goes on where the last call stopped.
   *
   * @param bytes everything since the first byte: the bytes before the last call's `to` unchanged
   * @param to after the last byte that is there
   * @returns the offset after the empty line that ends the head, or -1 when more bytes are needed
   * @throws {HttpError} at the first byte that may not be there
   */
  scan(bytes: Uint8Array, to: number): number {
    const lines = this.lines;
    let at = this.#at;
    let state = this.#state;
    while (at < to) {
      let byte = bytes[at];
      switch (state) {
        case BEGIN:
          // RFC 9112 section 2.2: an empty line before the request line may be ignored; one is.
          if (byte === CR && at === 0 && this.#subject === "request") {
            at++;
            state = BEGIN_LF;
            break;
          }
          if (byte === 0x16 || byte === 0x15) { // handshake, alert
            throw this.#fault(
              "looks_like_tls",
              "the first byte is that of a TLS record",
            );
          }
          // RFC 9113 section 3.4: a server begins with a SETTINGS frame, whose length begins with 0.
          if (byte === 0 && this.#subject === "response") {
            throw this.#fault(
              "looks_like_http2",
              "it begins like HTTP/2, which has to be asked for: --upstream-protocol http2",
            );
          }
          this.start = at;
          state = START_LINE;
          break;
        case BEGIN_LF:
          if (byte !== LF) {
            throw this.#fault(
              "bare_cr",
              "a CR without LF before the first line",
            );
          }
          at++;
          state = BEGIN;
          break;
        case START_LINE:
          if (this.#subject === "request") {
            while (byte > 31 && byte < 127 && ++at < to) byte = bytes[at];
          } else {
            while (isValueByte(byte) && ++at < to) byte = bytes[at];
          }
          if (at === to) break;
          if (byte !== CR) throw this.#badByte(byte, "the first line");
          if (at === this.start) {
            throw this.#fault(this.#emptyLine(), "the first line is empty");
          }
          at++;
          state = START_LINE_LF;
          break;
        case START_LINE_LF:
          if (byte !== LF) {
            throw this.#fault("bare_cr", "the first line has a CR without LF");
          }
          at++;
          state = LINE_BEGIN;
          break;
        case LINE_BEGIN:
          if (byte === CR) {
            lines.push(at++);
            state = END_LF;
            break;
          }
          if (byte === SP || byte === HTAB) {
            throw this.#fault(
              "obs_fold",
              `${this.#line()} begins with a space or tab`,
            );
          }
          if (lines.length >= 2 * this.#maxHeaders) {
            throw this.#fault(
              "too_many_headers",
              `more than ${this.#maxHeaders} header lines`,
            );
          }
          this.#name = at;
          state = NAME;
          break;
        case NAME:
          while (TOKEN[byte] === 1 && ++at < to) byte = bytes[at];
          if (at === to) break;
          if (byte !== COLON || at === this.#name) {
            throw this.#badName(bytes, at);
          }
          lines.push(this.#name, at);
          this.#note(bytes, this.#name, at);
          at++;
          state = VALUE;
          break;
        case VALUE:
          while ((byte > 31 ? byte !== 127 : byte === HTAB) && ++at < to) {
            byte = bytes[at];
          }
          if (at === to) break;
          if (byte !== CR) {
            throw this.#badByte(byte, `the value of ${this.#nameOf(bytes)}`);
          }
          at++;
          state = VALUE_LF;
          break;
        case VALUE_LF:
          if (byte !== LF) {
            throw this.#fault(
              "bare_cr",
              `the value of ${this.#nameOf(bytes)} has a CR without LF`,
            );
          }
          at++;
          state = LINE_BEGIN;
          break;
        case END_LF:
          if (byte !== LF) {
            throw this.#fault("bare_cr", "a CR without LF after the headers");
          }
          this.#at = at + 1;
          return at + 1;
      }
    }
    this.#at = at;
    this.#state = state;
    return -1;
  }

  /** Remembers the headers that decide routing and framing, and refuses a second one of those. */
  #note(bytes: Uint8Array, from: number, to: number): void {
    const index = this.lines.length - 2;
    switch (to - from) {
      case 4:
        if (!spells(bytes, from, to, "host")) return;
        // RFC 9112 section 3.2: more than one Host is a 400. In a response it means nothing.
        if (this.host >= 0 && this.#subject === "request") {
          throw this.#fault("host_repeated", "more than one Host header");
        }
        this.host = index;
        return;
      case 7:
        if (this.upgrade < 0 && spells(bytes, from, to, "upgrade")) {
          this.upgrade = index;
        }
        return;
      case 10:
        if (!spells(bytes, from, to, "connection")) return;
        if (this.connections++ === 0) this.connection = index;
        return;
      case 14:
        if (!spells(bytes, from, to, "content-length")) return;
        // RFC 9112 section 6.3: differing ones must be refused, equal ones may; we refuse both.
        if (this.contentLength >= 0) {
          throw this.#fault(
            "content_length_repeated",
            "more than one Content-Length header",
          );
        }
        this.contentLength = index;
        return;
      case 17:
        if (!spells(bytes, from, to, "transfer-encoding")) return;
        if (this.transferEncoding >= 0) {
          throw this.#fault(
            "transfer_encoding_repeated",
            "more than one Transfer-Encoding header",
          );
        }
        this.transferEncoding = index;
    }
  }

  #emptyLine(): HttpFault {
    return this.#subject === "request" ? "request_line" : "status_line";
  }

  #badByte(byte: number, where: string): HttpError {
    if (byte === LF) {
      return this.#fault("bare_lf", `${where} has a LF without CR`);
    }
    const fault = byte > 127 ? "target" : "control_character";
    return this.#fault(
      fault,
      `${where} has the byte 0x${byte.toString(16).padStart(2, "0")}`,
    );
  }

  #badName(bytes: Uint8Array, at: number): HttpError {
    const byte = bytes[at];
    const name = quote(latin1(bytes, this.#name, at));
    if (byte === COLON) {
      return this.#fault("header_name", `${this.#line()} has an empty name`);
    }
    if (byte === SP || byte === HTAB) {
      return this.#fault(
        "space_before_colon",
        `the header name ${name} is followed by a space or tab`,
      );
    }
    if (byte === LF) {
      return this.#fault("bare_lf", `${this.#line()} has a LF without CR`);
    }
    if (byte === CR) {
      return this.#fault(
        "colon_missing",
        `${this.#line()} ${name} has no colon`,
      );
    }
    const hex = byte.toString(16).padStart(2, "0");
    return this.#fault(
      "header_name",
      `a header name ${name} is followed by the byte 0x${hex}`,
    );
  }

  #nameOf(bytes: Uint8Array): string {
    return quote(latin1(bytes, this.#name, this.lines[this.lines.length - 1]));
  }

  #line(): string {
    return `header line ${(this.lines.length >> 1) + 1}`;
  }

  #fault(fault: HttpFault, found: string): HttpError {
    return new HttpError(fault, this.#subject, found);
  }
}

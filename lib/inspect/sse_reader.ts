/**
 * Finds the events of an event stream (WHATWG HTML section 9.2.6) while it passes.
 *
 * @module
 */
import { decodeText, encodeText } from "../base/bytes.ts";
import type { CaptureLimits } from "./capture.ts";
import type { MessageReader, TellMessage } from "./message_reader.ts";

const LF = 10;
const CR = 13;

/** What is kept of a line: beyond it only the length counts. */
const MAX_LINE_BYTES = 64 * 1024;

/** What is kept of the names of an event. */
const MAX_NAME_CHARS = 200;

/** Reads one event stream. */
export class SseReader implements MessageReader {
  readonly #limits: CaptureLimits;
  readonly #tell: TellMessage;
  readonly #line = new Uint8Array(MAX_LINE_BYTES);
  #kept = 0;
  #lineBytes = 0;
  #afterCr = false;
  #isFirst = true;
  #data: string[] = [];
  #dataChars = 0;
  #dataBytes = 0;
  #hasData = false;
  #name: string | undefined;
  #id: string | undefined;

  /**
   * At the first byte.
   *
   * @param limits what is kept of an event
   * @param tell takes each event
   */
  constructor(limits: CaptureLimits, tell: TellMessage) {
    this.#limits = limits;
    this.#tell = tell;
  }

  /** Takes what comes next. */
  push(piece: Uint8Array): void {
    for (const byte of piece) {
      if (byte === LF && this.#afterCr) {
        this.#afterCr = false;
        continue;
      }
      this.#afterCr = byte === CR;
      if (byte === LF || byte === CR) {
        this.#endLine();
        continue;
      }
      if (this.#kept < MAX_LINE_BYTES) this.#line[this.#kept++] = byte;
      this.#lineBytes++;
    }
  }

  /** An event that is not complete is none. */
  end(): void {
    this.#data = [];
  }

  #endLine(): void {
    let line = decodeText(this.#line.subarray(0, this.#kept));
    const dropped = this.#lineBytes - this.#kept;
    this.#kept = this.#lineBytes = 0;
    if (this.#isFirst) line = line.replace(/^\ufeff/, "");
    this.#isFirst = false;
    if (line === "") return this.#endEvent();
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#name = value.slice(0, MAX_NAME_CHARS);
    else if (field === "id") this.#id = value.slice(0, MAX_NAME_CHARS);
    else if (field === "data") this.#addData(value, dropped);
  }

  #addData(value: string, dropped: number): void {
    this.#dataBytes += encodeText(value).length + dropped + (this.#hasData ? 1 : 0);
    this.#hasData = true;
    if (this.#dataChars > this.#limits.maxPreviewBytes) return;
    this.#data.push(value);
    this.#dataChars += value.length + 1;
  }

  #endEvent(): void {
    if (this.#hasData) {
      const preview = encodeText(this.#data.join("\n")).slice(0, this.#limits.maxPreviewBytes);
      this.#tell({
        kind: "sse",
        from: "service",
        sizeBytes: this.#dataBytes,
        preview,
        isTruncated: preview.length < this.#dataBytes,
        ...(this.#name !== undefined && { eventName: this.#name }),
        ...(this.#id !== undefined && { eventId: this.#id }),
      });
    }
    this.#data = [];
    this.#dataChars = this.#dataBytes = 0;
    this.#hasData = false;
    // The id stays until another one comes, the name is the event's own.
    this.#name = undefined;
  }
}

/**
 * One end of a connection in the hands of a test, as text with one character a byte.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Duplex } from "../../lib/base/duplex.ts";

/** Text as bytes, one byte a character. */
export function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Bytes as text, one character a byte. */
export function latin1Text(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Lets everything that can happen without new input happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
}

/** One end of a connection, held by the test. */
export class Peer {
  /** The carrier. */
  readonly duplex: Duplex;
  #buffer = "";
  #ended = false;
  #pending: Promise<void> | undefined;

  constructor(duplex: Duplex) {
    this.duplex = duplex;
  }

  /** Sends text. */
  async send(text: string): Promise<void> {
    await this.duplex.write(latin1Bytes(text));
  }

  /** Reads up to and with `marker`. */
  async readTo(marker: string): Promise<string> {
    for (;;) {
      const at = this.#buffer.indexOf(marker);
      if (at >= 0) return this.#take(at + marker.length);
      assert.ok(
        !this.#ended,
        `ended before ${JSON.stringify(marker)}: ${JSON.stringify(this.#buffer)}`,
      );
      await this.#more();
    }
  }

  /** Reads a head. */
  readHead(): Promise<string> {
    return this.readTo("\r\n\r\n");
  }

  /** Reads so many bytes. */
  async readBytes(count: number): Promise<string> {
    while (this.#buffer.length < count && !this.#ended) await this.#more();
    return this.#take(count);
  }

  /** Reads exactly this text. */
  async expect(text: string): Promise<void> {
    while (this.#buffer.length < text.length && !this.#ended) {
      await this.#more();
    }
    assert.equal(this.#take(text.length), text);
  }

  /** Reads to the end that the other side announced. */
  async readToEnd(): Promise<string> {
    while (!this.#ended) await this.#more();
    return this.#take(this.#buffer.length);
  }

  /** What has arrived and was not read, after everything settled. */
  async arrived(): Promise<string> {
    for (;;) {
      const before = this.#buffer.length;
      this.#more().catch(() => {});
      await settle();
      if (this.#buffer.length === before) return this.#buffer;
    }
  }

  /** Whether the other side announced its end and nothing is left to read. */
  async atEnd(): Promise<boolean> {
    await this.arrived();
    return this.#ended && this.#buffer === "";
  }

  #take(count: number): string {
    const text = this.#buffer.slice(0, count);
    this.#buffer = this.#buffer.slice(count);
    return text;
  }

  #more(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return this.#pending ??= this.#read().finally(() => this.#pending = undefined);
  }

  async #read(): Promise<void> {
    const chunk = await this.duplex.read();
    if (chunk === undefined) this.#ended = true;
    else this.#buffer += latin1Text(chunk);
  }
}

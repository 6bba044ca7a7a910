/**
 * The few byte operations that several rooms need. Numbers on the wire are written by hand: a
 * `DataView` per frame costs more than the frame.
 *
 * @module
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The text as UTF-8. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The bytes read as UTF-8; what is not UTF-8 becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/**
 * One array out of several. A single chunk is returned as it is, uncopied.
 *
 * @param chunks in order
 * @param totalBytes their total length, when the caller knows it
 */
export function concat(chunks: readonly Uint8Array[], totalBytes?: number): Uint8Array {
  if (chunks.length === 1) return chunks[0];
  let size = totalBytes ?? 0;
  if (totalBytes === undefined) { for (const chunk of chunks) size += chunk.length; }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Reads a big-endian u32. */
export function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

/** Writes a big-endian u32. */
export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** `count` random bytes as lower-case hexadecimal: identifiers, never secrets shorter than 16 bytes. */
export function randomHex(count: number): string {
  return toHex(crypto.getRandomValues(new Uint8Array(count)));
}

/**
 * Bytes as people who look for one wrong byte want them: sixteen a row, with their place and their
 * letters. `hex_view.tsx` shows the rows that are in sight.
 *
 * @module
 */

/** Bytes in a row. */
export const ROW_BYTES = 16;

/** One row. */
export interface HexRow {
  /** Where it begins: eight hexadecimal digits. */
  readonly offset: string;
  /** Two digits each, a gap in the middle. */
  readonly hex: string;
  /** A dot for each byte that has no letter. */
  readonly text: string;
}

/** How many rows bytes take. */
export function hexRowCount(bytes: Uint8Array): number {
  return Math.ceil(bytes.length / ROW_BYTES);
}

/**
 * One row.
 *
 * @param bytes all of them
 * @param row counted from 0
 */
export function hexRow(bytes: Uint8Array, row: number): HexRow {
  const from = row * ROW_BYTES;
  const part = bytes.subarray(from, from + ROW_BYTES);
  let hex = "";
  let text = "";
  part.forEach((byte, at) => {
    if (at > 0) hex += at === ROW_BYTES / 2 ? "  " : " ";
    hex += byte.toString(16).padStart(2, "0");
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "\u00b7";
  });
  return { offset: from.toString(16).padStart(8, "0"), hex: hex.padEnd(ROW_BYTES * 3), text };
}

/** All rows as a text, for the clipboard. */
export function hexDump(bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let row = 0; row < hexRowCount(bytes); row++) {
    const { offset, hex, text } = hexRow(bytes, row);
    rows.push(`${offset}  ${hex}  ${text}`);
  }
  return rows.join("\n");
}

/**
 * A QR code in characters: two modules above each other in one cell. Pure.
 *
 * @module
 */
import { encode } from "uqr";

/** Light around the code: four modules by ISO/IEC 18004, fewer where there is no room for them. */
const BORDERS = [4, 2, 1] as const;

/** By the light modules of a cell: the upper one counts 1, the lower one 2. */
const CELLS = [" ", "▀", "▄", "█"] as const;

/**
 * Draws a code; light is what is drawn, so that it is dark on light where the background is dark.
 *
 * @param text what it says
 * @param columns how wide it may be
 * @param rows how many lines it may have
 * @returns its lines, or what room it needs at least
 */
export function qrLines(
  text: string,
  columns: number,
  rows: number,
): { readonly lines: readonly string[] } | { readonly columns: number; readonly rows: number } {
  let size = 0;
  for (const border of BORDERS) {
    const { data } = encode(text, { ecc: "L", border });
    size = data.length;
    if (size <= columns && Math.ceil(size / 2) <= rows) return { lines: halfBlocks(data) };
  }
  return { columns: size, rows: Math.ceil(size / 2) };
}

function halfBlocks(dark: readonly (readonly boolean[])[]): string[] {
  const lines: string[] = [];
  for (let row = 0; row < dark.length; row += 2) {
    const lower = dark[row + 1]; // below the last row of an odd number nothing is lit
    lines.push(
      dark[row].map((isDark, column) =>
        CELLS[(isDark ? 0 : 1) + (lower === undefined || lower[column] ? 0 : 2)]
      ).join(""),
    );
  }
  return lines;
}

/**
 * Reads a QR code of one block (versions 1 to 5, level L) that is without damage, by ISO/IEC 18004:
 * enough to prove that what is drawn says what it should.
 *
 * @module
 */

/** Which upper (1) and lower (2) modules of a cell are light. */
const CELLS = " ▀▄█";

/** Codewords of data by version, level L. */
const DATA_CODEWORDS = [0, 19, 34, 55, 80, 108];

const MASKS: readonly ((row: number, column: number) => boolean)[] = [
  (row, column) => (row + column) % 2 === 0,
  (row) => row % 2 === 0,
  (_, column) => column % 3 === 0,
  (row, column) => (row + column) % 3 === 0,
  (row, column) => (Math.floor(row / 2) + Math.floor(column / 3)) % 2 === 0,
  (row, column) => (row * column) % 2 + (row * column) % 3 === 0,
  (row, column) => ((row * column) % 2 + (row * column) % 3) % 2 === 0,
  (row, column) => ((row + column) % 2 + (row * column) % 3) % 2 === 0,
];

/**
 * Reads a code that was drawn with half blocks, light on dark.
 *
 * @param lines with the light border round it, and blanks round that
 * @returns what it says
 */
export function readQrCode(lines: readonly string[]): string {
  const dark = modulesOf(lines);
  const size = dark.length;
  const version = (size - 17) / 4;
  if (!DATA_CODEWORDS[version]) throw new Error(`cannot read a code of ${size} modules`);
  if (dark.some((row) => row.length !== size)) throw new Error("the code is no square");
  return textOf(codewordsOf(dark, version), version);
}

/** True is dark; without the border. */
function modulesOf(lines: readonly string[]): boolean[][] {
  const coded = lines.filter((line) => /[▀▄█]/.test(line));
  const rows = coded.flatMap((line) => {
    const cells = [...line.trim()].map((cell) => CELLS.indexOf(cell));
    return [1, 2].map((half) => cells.map((light) => (light & half) === 0));
  });
  const width = Math.max(...rows.map((row) => row.length));
  // Half of the last line may lie below the code, unlit.
  const whole = rows.filter((row) => !row.every((isDark) => isDark) && row.length === width);
  const inside = whole.filter((row) => row.includes(true));
  const left = Math.min(...inside.map((row) => row.indexOf(true)));
  const right = Math.max(...inside.map((row) => row.lastIndexOf(true)));
  return inside.map((row) => row.slice(left, right + 1));
}

/** Section 8.9: fifteen bits, of which three name the mask. */
function maskOf(dark: readonly (readonly boolean[])[]): number {
  const bits = [2, 3, 4].map((column) => dark[8][column] ? 1 : 0);
  const level = (dark[8][0] ? 2 : 0) + (dark[8][1] ? 1 : 0);
  if ((level ^ 0b10) !== 0b01) throw new Error("the code is not of level L");
  return (bits[0] * 4 + bits[1] * 2 + bits[2]) ^ 0b101;
}

function isFunction(row: number, column: number, size: number, version: number): boolean {
  if (row === 6 || column === 6) return true;
  if (row < 9 && (column < 9 || column >= size - 8)) return true;
  if (column < 9 && row >= size - 8) return true;
  const centre = size - 7; // the alignment pattern of versions 2 to 6
  return version > 1 && Math.abs(row - centre) <= 2 && Math.abs(column - centre) <= 2;
}

/** Section 7.7.3: columns in pairs, from the right, up and down. */
function codewordsOf(dark: readonly (readonly boolean[])[], version: number): number[] {
  const size = dark.length;
  const mask = MASKS[maskOf(dark)];
  const bits: number[] = [];
  let isUp = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right--;
    for (let step = 0; step < size; step++) {
      const row = isUp ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (isFunction(row, column, size, version)) continue;
        bits.push(dark[row][column] !== mask(row, column) ? 1 : 0);
      }
    }
    isUp = !isUp;
  }
  const words: number[] = [];
  for (let at = 0; at + 8 <= bits.length; at += 8) {
    words.push(Number.parseInt(bits.slice(at, at + 8).join(""), 2));
  }
  return words;
}

/** Section 7.4.5: four bits of mode, eight of length, then bytes. */
function textOf(words: readonly number[], version: number): string {
  const bits = words.slice(0, DATA_CODEWORDS[version])
    .map((word) => word.toString(2).padStart(8, "0")).join("");
  if (bits.slice(0, 4) !== "0100") throw new Error("the code is not in byte mode");
  const length = Number.parseInt(bits.slice(4, 12), 2);
  const bytes = Array.from(
    { length },
    (_, at) => Number.parseInt(bits.slice(12 + at * 8, 20 + at * 8), 2),
  );
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

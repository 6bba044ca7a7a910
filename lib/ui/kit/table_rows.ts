/**
 * Which rows of a table are shown, and in which order: what somebody looks for, and the column they
 * chose. `table.tsx` asks.
 *
 * @module
 */

/** With fewer rows there is nothing to look for. */
export const FIND_FROM: number = 8;

/** The column that decides the order. */
export interface Sorting {
  /** Its label. */
  readonly label: string;
  /** Whether the largest is first. */
  readonly isDown: boolean;
}

/**
 * The rows in which every word stands somewhere.
 *
 * @param rows all of them
 * @param text words, apart by spaces; capitals do not matter
 * @param wordsOf what stands in a row
 */
export function findRows<Row>(
  rows: readonly Row[],
  text: string,
  wordsOf: (row: Row) => readonly (string | null | undefined)[],
): readonly Row[] {
  const wanted = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  if (wanted.length === 0) return rows;
  return rows.filter((row) => {
    const words = wordsOf(row).filter((word) => typeof word === "string").join("\n").toLowerCase();
    return wanted.every((word) => words.includes(word));
  });
}

/** The rows in the order of a column; equal ones stay as they were. */
export function sortRows<Row>(
  rows: readonly Row[],
  order: (row: Row) => number | string,
  isDown: boolean,
): readonly Row[] {
  const sign = isDown ? -1 : 1;
  return rows.toSorted((one, other) => {
    const [a, b] = [order(one), order(other)];
    if (a === b) return 0;
    return typeof a === "string" && typeof b === "string"
      ? sign * a.localeCompare(b)
      : sign * (a < b ? -1 : 1);
  });
}

/**
 * What pressing the name of a column leads to: its order, the other way round, the order as it came.
 *
 * @param now what is in force
 * @param label the column
 * @param isNumeric numbers begin with the largest, words with the first
 */
export function nextSorting(
  now: Sorting | undefined,
  label: string,
  isNumeric: boolean,
): Sorting | undefined {
  if (now?.label !== label) return { label, isDown: isNumeric };
  return now.isDown === isNumeric ? { label, isDown: !isNumeric } : undefined;
}

/**
 * Which rows of a long list have to be there at all: those in sight and a few around them. The list
 * of exchanges, code and hex dumps are shown by it.
 *
 * @module
 */

/** The rows to make. */
export interface RowWindow {
  /** The first one. */
  readonly from: number;
  /** The one behind the last. */
  readonly to: number;
}

/** Rows made beyond what is in sight, so that scrolling does not show holes. */
const MARGIN_ROWS = 12;

/**
 * The rows to make.
 *
 * @param count how many there are
 * @param rowPx how tall each is
 * @param scrollPx how far the list is scrolled
 * @param heightPx how much of it is in sight
 */
export function windowOf(
  count: number,
  rowPx: number,
  scrollPx: number,
  heightPx: number,
): RowWindow {
  const first = Math.floor(Math.max(0, scrollPx) / rowPx);
  const from = Math.min(Math.max(0, first - MARGIN_ROWS), Math.max(0, count - 1));
  const to = Math.min(count, first + Math.ceil(heightPx / rowPx) + MARGIN_ROWS);
  return { from, to: Math.max(from, to) };
}

/**
 * Where to scroll so that a row is wholly in sight.
 *
 * @returns `undefined` when it is already
 */
export function scrollTo(
  row: number,
  rowPx: number,
  scrollPx: number,
  heightPx: number,
): number | undefined {
  const top = row * rowPx;
  if (top < scrollPx) return top;
  if (top + rowPx > scrollPx + heightPx) return top + rowPx - heightPx;
  return undefined;
}

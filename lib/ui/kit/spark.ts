/**
 * The line of a small chart, as the `d` of an SVG path. `figure.tsx` draws it.
 *
 * @module
 */

/** The box the line is drawn in, whatever size it is shown in. */
export const SPARK_BOX = { width: 100, height: 24 } as const;

/**
 * The line through values, newest at the right edge; fewer than `slots` begin further right.
 *
 * @param values oldest first
 * @param slots how many fill the whole width
 * @returns the line, and the same closed along the ground; empty when there is nothing to draw
 */
export function sparkPath(
  values: readonly number[],
  slots: number,
): { readonly line: string; readonly area: string } {
  if (values.length < 2) return { line: "", area: "" };
  const { width, height } = SPARK_BOX;
  const top = Math.max(...values);
  const step = width / (slots - 1);
  const left = width - step * (values.length - 1);
  const points = values.map((value, index) => {
    const x = left + index * step;
    // A margin above, so that the peak is not cut in half.
    const y = top === 0 ? height : height - (value / top) * (height - 2);
    return `${round(x)} ${round(y)}`;
  });
  const line = `M${points.join("L")}`;
  return { line, area: `${line}V${height}H${round(left)}Z` };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

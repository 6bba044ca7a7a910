/**
 * A QR code as the `d` of an SVG path, so that a phone finds an address that is on a screen.
 *
 * @module
 */
import { encode } from "uqr";

/** A code to draw. */
export interface QrShape {
  /** Squares on each side, the quiet zone included. */
  readonly size: number;
  /** The dark squares, one unit each. */
  readonly path: string;
}

/** The code of a text. */
export function qrShape(text: string): QrShape {
  // ISO/IEC 18004 asks for four squares of quiet around; two are enough on a card that is quiet itself.
  const { size, data } = encode(text, { ecc: "M", border: 2 });
  let path = "";
  data.forEach((row, y) => {
    for (let x = 0; x < size; x++) {
      if (!row[x]) continue;
      const from = x;
      while (row[x + 1]) x++;
      path += `M${from} ${y}h${x + 1 - from}v1H${from}z`;
    }
  });
  return { size, path };
}

/**
 * Where a text stands in a line that is made of several pieces, as coloured code is. `found_marks.tsx`
 * marks it.
 *
 * @module
 */

/** From one place to another; each is a piece and a character in it. */
export interface FoundPlace {
  /** The piece it begins in. */
  readonly startPiece: number;
  /** The character it begins with. */
  readonly startAt: number;
  /** The piece it ends in. */
  readonly endPiece: number;
  /** The character behind its last one. */
  readonly endAt: number;
}

/**
 * Finds a text, whatever its capitals, wherever it stands.
 *
 * @param pieces the line, piece by piece
 * @param wanted what is looked for, in small letters
 * @param limit how many places at most
 */
export function foundPlaces(
  pieces: readonly string[],
  wanted: string,
  limit: number,
): FoundPlace[] {
  const found: FoundPlace[] = [];
  if (wanted === "") return found;
  const whole = pieces.join("");
  const line = whole.toLowerCase();
  // A letter that is longer in small would shift every place behind it.
  if (line.length !== whole.length) return found;
  const ends: number[] = [];
  let sum = 0;
  for (const piece of pieces) ends.push(sum += piece.length);
  for (let at = line.indexOf(wanted); at >= 0 && found.length < limit;) {
    const end = at + wanted.length;
    const startPiece = ends.findIndex((pieceEnd) => at < pieceEnd);
    const endPiece = ends.findIndex((pieceEnd) => end <= pieceEnd);
    found.push({
      startPiece,
      startAt: at - (ends[startPiece] - pieces[startPiece].length),
      endPiece,
      endAt: end - (ends[endPiece] - pieces[endPiece].length),
    });
    at = line.indexOf(wanted, end);
  }
  return found;
}

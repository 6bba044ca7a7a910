/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { foundPlaces } from "../../../../lib/ui/inspector/found_places.ts";
import { test } from "../../../harness.ts";

test("foundPlaces() finds a text in one piece and across several", () => {
  assert.deepEqual(foundPlaces(['"Lamp"', ": ", '"oil lamp"'], "lamp", 9), [
    { startPiece: 0, startAt: 1, endPiece: 0, endAt: 5 },
    { startPiece: 2, startAt: 5, endPiece: 2, endAt: 9 },
  ]);
  assert.deepEqual(foundPlaces(["a", "bc", "d"], "bcd", 9), [
    { startPiece: 1, startAt: 0, endPiece: 2, endAt: 1 },
  ]);
  assert.deepEqual(foundPlaces(["", "x", ""], "x", 9), [
    { startPiece: 1, startAt: 0, endPiece: 1, endAt: 1 },
  ]);
});

test("foundPlaces() is modest", () => {
  assert.deepEqual(foundPlaces(["abc"], "", 9), []);
  assert.deepEqual(foundPlaces([], "a", 9), []);
  assert.equal(foundPlaces(["aaaaaa"], "a", 4).length, 4);
  assert.deepEqual(foundPlaces(["\u0130 x"], "x", 9), [], "longer in small letters");
});

test("foundPlaces() leads to exactly what was looked for", () => {
  const piece = fc.string({ unit: fc.constantFrom(..."abA ") });
  fc.assert(
    fc.property(
      fc.array(piece),
      fc.string({ unit: fc.constantFrom(..."ab") }),
      (pieces, wanted) => {
        for (const { startPiece, startAt, endPiece, endAt } of foundPlaces(pieces, wanted, 50)) {
          const text = startPiece === endPiece
            ? pieces[startPiece].slice(startAt, endAt)
            : pieces[startPiece].slice(startAt) + pieces.slice(startPiece + 1, endPiece).join("") +
              pieces[endPiece].slice(0, endAt);
          assert.equal(text.toLowerCase(), wanted);
        }
      },
    ),
  );
});

/**
 * Every requirement has its proof: each of the rows S1 to S160 is named by a test, or answered in
 * `.github/REQUIREMENTS.md`, not both. `deno task docs` asks; `deno run -A scripts/requirements.ts`
 * prints which tests show which row.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a script prints
import { filesUnder, readProjectFile } from "./files.ts";

/** How many rows there are. */
const ROWS = 160;

const ANSWERS = ".github/REQUIREMENTS.md";

/**
 * The rows that names of tests have in them.
 *
 * @param source of a file with tests
 */
export function rowsOf(source: string): readonly number[] {
  const names = [...source.matchAll(/\b(?:test|journey)\(\s*(["'`])((?:\\.|(?!\1)[^\\\n])*)\1/g)];
  return names.flatMap(([, , name]) => [...name.matchAll(/\bS(\d{1,3})\b/g)])
    .map(([, row]) => Number(row));
}

/**
 * The rows that have a line in the table.
 *
 * @param markdown the document
 */
export function answeredRows(markdown: string): readonly number[] {
  return [...markdown.matchAll(/^\| (S\d+(?:, S\d+)*) \|/gm)]
    .flatMap(([, rows]) => rows.split(", ").map((row) => Number(row.slice(1))));
}

/** The files whose tests name a row. */
function shownBy(): ReadonlyMap<number, readonly string[]> {
  const files = new Map<number, string[]>();
  for (const path of filesUnder("tests", ".ts")) {
    for (const row of new Set(rowsOf(readProjectFile(path)))) {
      files.set(row, [...files.get(row) ?? [], path]);
    }
  }
  return files;
}

/** What is wrong with tests and answers, a line each. */
export function missingRequirements(): readonly string[] {
  const shown = shownBy();
  const answered = answeredRows(readProjectFile(ANSWERS));
  const known = (row: number) => row >= 1 && row <= ROWS;
  return [
    ...Array.from({ length: ROWS }, (_, at) => at + 1)
      .filter((row) => !shown.has(row) && !answered.includes(row))
      .map((row) => `${ANSWERS}: S${row} is named by no test and answered nowhere`),
    ...answered.filter((row) => shown.has(row))
      .map((row) => `${ANSWERS}: S${row} is answered, and named by ${shown.get(row)![0]} as well`),
    ...[...shown].filter(([row]) => !known(row))
      .map(([row, paths]) => `${paths[0]}: there is no row S${row}`),
  ];
}

if (import.meta.main) {
  for (const [row, paths] of [...shownBy()].sort(([a], [b]) => a - b)) {
    console.log(`S${row}: ${paths.join(", ")}`);
  }
}

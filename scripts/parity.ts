/**
 * Every file with behaviour has its tests, and every test its file: `lib/mux/frame.ts` and
 * `tests/unit/mux/frame_test.ts`. `deno task parity` runs it.
 *
 * A file is exempt when it only says what things look like: interfaces, types, tables of constants,
 * re-exports. That is decided by its text (no function, class or arrow outside of types), never
 * by a list of names. Components of pages (`.tsx`) are looked at where they can be seen, in a browser:
 * `tests/journeys/admin_test.ts`, `inspector_test.ts`.
 *
 * @module
 */
import { codeOnly } from "./code_text.ts";
import { conclude, filesUnder, LIBRARY_DOORS, readProjectFile } from "./files.ts";

/**
 * Whether a file does anything that a test could see.
 *
 * @param source TypeScript
 */
export function hasBehaviour(source: string): boolean {
  return /\b(?:function|class|new)\b|=>|\)\s*\{/.test(
    withoutTypes(codeOnly(source)),
  );
}

/** Drops interfaces, type aliases and imports. */
function withoutTypes(code: string): string {
  let rest = code.replace(/\bimport\b[^;]*;/g, " ");
  for (;;) {
    const start = /(?:^|\n)[ \t]*(?:export\s+)?(?:interface|type)\s+[A-Za-z_$]/
      .exec(rest);
    if (!start) return rest;
    const isInterface = start[0].includes("interface");
    let depth = 0;
    let at = start.index + start[0].length;
    for (; at < rest.length; at++) {
      const char = rest[at];
      if ("{([".includes(char)) depth++;
      else if ("})]".includes(char)) depth--;
      else if (char === ";" && depth === 0) break;
      if (isInterface && char === "}" && depth === 0) break;
    }
    rest = rest.slice(0, start.index) + "\n" + rest.slice(at + 1);
  }
}

function main(): never {
  const sources = [...LIBRARY_DOORS, ...filesUnder("lib", ".ts")];
  const tests = new Set(filesUnder("tests/unit", "_test.ts"));
  const problems: string[] = [];
  const wanted = new Set<string>();
  for (const path of sources) {
    const test = `tests/unit/${path.replace(/^lib\//, "").replace(/\.ts$/, "_test.ts")}`;
    wanted.add(test);
    if (!tests.has(test) && hasBehaviour(readProjectFile(path))) {
      problems.push(`${path} has behaviour but no ${test}`);
    }
  }
  for (const test of tests) {
    if (!wanted.has(test)) {
      problems.push(`${test} tests a file that is not there`);
    }
  }
  conclude("parity", problems, `${sources.length} files, ${tests.size} tests`);
}

if (import.meta.main) main();

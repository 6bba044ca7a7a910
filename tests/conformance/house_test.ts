/**
 * The checks of the house are code too: a check that sees nothing would pass for ever.
 *
 * @module
 */
import assert from "node:assert/strict";
import { codeOnly } from "../../scripts/code_text.ts";
import { findCycles, forbiddenWords, judgeImport } from "../../scripts/floors.ts";
import { hasBehaviour } from "../../scripts/parity.ts";
import { answeredRows, rowsOf } from "../../scripts/requirements.ts";
import { test } from "../harness.ts";

test("codeOnly() blanks comments, strings and regular expressions, and moves nothing", () => {
  const source = [
    'const a = "Deno.x" / 2; // Deno.y',
    "/* Deno",
    "Deno */ b = /Deno[/'\"]\\//g.test('Deno') ? c / Deno / 2 : 1;",
    "const d = `Deno ${f({ e: `in ${Deno.z} out` })} Deno`;",
  ].join("\n");
  const code = codeOnly(source);
  assert.equal(code.length, source.length);
  const kept = [...code.matchAll(/Deno/g)].map(({ index }) => source.slice(index, index + 6));
  assert.deepEqual(kept, ["Deno /", "Deno.z"]);
  assert.equal(code.split("\n").length, source.split("\n").length);
});

test("forbiddenWords() finds a runtime, a console and a timer, each only outside its place", () => {
  const source =
    "x.process(y);\nDeno.exit();\nconsole.log(setTimeout);\nprocess.exit(Date.now());\n";
  const found = forbiddenWords("lib/mux/frame.ts", source).map((line) => line.split(":")[1]);
  assert.deepEqual(found.sort(), ["2", "3", "3", "4", "4"]);
  assert.deepEqual(
    forbiddenWords("lib/cli/main.ts", "console.log(process.pid);"),
    [],
  );
  assert.deepEqual(
    forbiddenWords("lib/runtime/deno.ts", source.replace("console", "x")),
    [],
  );
});

test("judgeImport() lets imports go down, and to the contracts of the runtime", () => {
  const allowed = [
    ["lib/mux/session.ts", "lib/base/bytes.ts"],
    ["lib/edge/door_tls.ts", "lib/http/client_hello.ts"],
    ["lib/wire/codec.ts", "lib/runtime/net.ts"],
    ["lib/cli/main.ts", "lib/agent/agent.ts"],
    ["lib/runtime/node.ts", "node:net"],
    ["lib/cli/parse.ts", "npm:commander"],
    ["mod.ts", "lib/agent/mod.ts"],
    ["cli.ts", "lib/runtime/detect.ts"],
    ["lib/ui/inspector/app.tsx", "lib/api/agent/shapes.ts"],
  ];
  for (const [from, to] of allowed) {
    assert.equal(judgeImport(from, to), undefined, `${from} ${to}`);
  }
});

test("judgeImport() refuses what breaks the law", () => {
  const refused = [
    ["lib/base/duplex.ts", "lib/mux/mux.ts"],
    ["lib/agent/agent.ts", "lib/edge/endpoint.ts"],
    ["lib/edge/edge.ts", "lib/agent/agent.ts"],
    ["lib/mux/mux.ts", "lib/wire/codec.ts"],
    ["lib/edge/edge.ts", "lib/runtime/detect.ts"],
    ["lib/agent/agent.ts", "node:net"],
    ["lib/agent/agent.ts", "npm:commander"],
    ["lib/cli/main.ts", "npm:left-pad"],
    ["lib/agent/agent.ts", "lib/agent/mod.ts"],
    ["lib/cli/main.ts", "cli.ts"],
    ["lib/cellar/wine.ts", "lib/base/bytes.ts"],
    ["lib/edge/edge.ts", "lib/mux/_private.ts"],
    ["lib/api/admin.ts", "lib/ui/admin/main.tsx"],
    ["lib/api/admin.ts", "npm:preact"],
  ];
  for (const [from, to] of refused) {
    assert.ok(judgeImport(from, to), `${from} may import ${to}`);
  }
});

test("findCycles() finds a circle, and none where imports only meet", () => {
  const diamond = new Map([["a", ["b", "c"]], ["b", ["d"]], ["c", ["d"]], [
    "d",
    [],
  ]]);
  assert.deepEqual(findCycles(diamond), []);
  diamond.set("d", ["b"]);
  assert.deepEqual(findCycles(diamond), [["b", "d", "b"]]);
});

test("hasBehaviour() tells contracts and tables from code", () => {
  const contracts = [
    'import type { A } from "./a.ts";\n/** x => y */\nexport interface B {\n  run(a: A): void;\n}\n',
    "export type Run = (text: string) => { x: number };\nexport type Two = 1 | 2;\n",
    'export const TABLE = { a: 1, b: "function () {}" } as const;\n',
    'export { join } from "./duplex.ts";\n',
  ];
  for (const source of contracts) {
    assert.equal(hasBehaviour(source), false, source);
  }
  const code = [
    "export function f(): void {}\n",
    "export const f = (x: number): number => x;\n",
    "export interface A {\n  x: number;\n}\nexport const c = { run() {} };\n",
    "export type A = () => void;\nexport class B {}\n",
  ];
  for (const source of code) assert.equal(hasBehaviour(source), true, source);
});

test("rowsOf() finds the rows in names of tests, and nowhere else", () => {
  // Not written out: this file is looked at too.
  const [call, page] = ["test", "journey"];
  const source = [
    `${call}("S1 S22 a \\"S3\\" in it", () => {}); // S4`,
    `  ${call}(\`S5 it's \${name}\`, () =>`,
    `${page}(`,
    '  "S160 a page",',
    `const S6 = ["S7", ${call}];`,
    `${call}(name, "S8");`,
  ].join("\n");
  assert.deepEqual(rowsOf(source), [1, 22, 3, 5, 160]);
});

test("answeredRows() reads the first column of the table", () => {
  assert.deepEqual(answeredRows("| row | answer |\n| S5 | x |\n| S9, S10 | S11 |\nS12\n"), [
    5,
    9,
    10,
  ]);
});

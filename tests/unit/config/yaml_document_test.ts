import assert from "node:assert/strict";
import fc from "fast-check";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { parseYamlDocument } from "../../../lib/config/yaml_document.ts";
import { test } from "../../harness.ts";

const read = (text: string) => parseYamlDocument(text, "the test");

test("parseYamlDocument() gives plain data, of YAML as of JSON", () => {
  assert.deepEqual(read("a: 1\nb: [x, yes]\n").value, { a: 1, b: ["x", "yes"] });
  assert.deepEqual(read('{"a": {"b": null}}').value, { a: { b: null } });
  assert.deepEqual(read("\uFEFFa: 1\r\nb: 2\r\n").value, { a: 1, b: 2 });
  assert.equal(read("# nothing\n").value, null);
  assert.equal(read("").value, null);
  assert.deepEqual(read("base: &b {x: 1}\nother: {<<: *b, y: 2}").value, {
    base: { x: 1 },
    other: { x: 1, y: 2 },
  });
});

test("parseYamlDocument() says with line and column what no configuration can mean", () => {
  const cases: readonly [string, string][] = [
    ["a: 1\na: 2\n", 'line 2, column 1: the key "a" is there twice'],
    ["a:\n\tb: 1\n", "line 2, column 1: a tab cannot indent a line: use blanks"],
    ["a: [1, 2\nb: 3\n", "line 2, column 1: "],
    [
      "a: b: c\n",
      'line 1, column 4: a second key stands on the line: put text with ": " in quotes',
    ],
    ["a: 1\n---\nb: 2\n", 'line 2, column 1: a second document begins here: remove the "---"'],
    ["a: !secret x\n", 'line 1, column 4: tags ("!…") cannot be used here'],
    ["? [a, b]\n: 1\n", "line 1, column 3: a key must be a single word"],
    ['a: "x\n', "line 2, column 1: "],
    ["a: *nobody\n", "line 1, column 4: "],
    ["a:\n  b: 1\n c: 2\n", "line 3, column 1: "],
    ["[".repeat(20_000), "line 1, column "],
  ];
  for (const [text, said] of cases) {
    assert.throws(() => read(text), (error: TunnelError) => {
      assert.equal(error.code, "config_invalid");
      assert.ok(error.message.startsWith(`Cannot use the test: ${said}`), error.message);
      return true;
    }, text.slice(0, 40));
  }
});

test("parseYamlDocument() refuses a document whose aliases multiply", () => {
  let bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (let n = 1; n < 12; n++) {
    bomb += `a${n}: &a${n} [${Array.from({ length: 9 }, () => `*a${n - 1}`).join(", ")}]\n`;
  }
  assert.throws(() => read(bomb), /line 12, column \d+: the aliases repeat too much/);
});

test("parseYamlDocument() refuses a text of more than a mebibyte at once", () => {
  assert.throws(() => read("# " + "x".repeat(1024 * 1024)), /it is larger than 1 MiB/);
});

test("YamlDocument.positionOf() finds keys, entries, merged parts, and the nearest that is there", () => {
  const document = read(
    "# top\nagent:\n  log: x\nendpoints:\n  - name: a\n    upstream: {url: 80}\n",
  );
  assert.deepEqual(document.positionOf(["agent", "log"]), { line: 3, column: 3 });
  assert.deepEqual(document.valuePositionOf(["agent", "log"]), { line: 3, column: 8 });
  assert.deepEqual(document.positionOf(["endpoints", 0]), { line: 5, column: 5 });
  assert.deepEqual(document.positionOf(["endpoints", 0, "upstream", "url"]), {
    line: 6,
    column: 16,
  });
  assert.deepEqual(document.positionOf(["endpoints", 0, "missing"]), { line: 5, column: 5 });
  assert.deepEqual(document.positionOf(["agent", "log", "deep"]), { line: 3, column: 3 });
  assert.deepEqual(read("").positionOf(["x"]), { line: 1, column: 1 });
  const aliased = read("a: &a\n  x: 1\nb: *a\n");
  assert.deepEqual(aliased.positionOf(["b", "x"]), { line: 2, column: 3 });
});

test("YamlDocument.fault() names source, place and key", () => {
  const fault = read("a:\n  b: 1\n").fault(["a", "b"], "it is odd");
  assert.equal(fault.code, "config_invalid");
  assert.equal(fault.message, 'Cannot use the test: line 2, column 3: "a.b": it is odd');
});

test("YamlDocument.writtenAt() gives plain values as they were written", () => {
  const document = read('a: 007\nb: "007"\nc: {d: yes}\n');
  assert.equal(document.writtenAt(["a"]), "007");
  assert.equal(document.writtenAt(["b"]), undefined);
  assert.equal(document.writtenAt(["c"]), undefined);
  assert.equal(document.writtenAt(["c", "d"]), "yes");
  assert.equal(document.writtenAt(["a", "b"]), undefined);
});

test("YamlDocument.with() changes one value and no other byte", () => {
  const cases: readonly [string, readonly string[], string, string][] = [
    ["a: 1   # one\nb:  2\n", ["a"], "x", "a: x   # one\nb:  2\n"],
    ["a: 'old'\n\n# end\n", ["a"], "it's", "a: 'it''s'\n\n# end\n"],
    ['{"a": "old"}', ["a"], "new", '{"a": "new"}'],
    ['{"a": {"b": 1}}', ["a", "c"], "new", '{"a": {"b": 1, "c": "new"}}'],
    ["a: {b: 1 } # x\n", ["a", "c"], "new", "a: {b: 1, c: new } # x\n"],
    ["a: {}\nb:  2\n", ["a", "c"], "new", "a:\n  c: new\nb:  2\n"],
    ["a:   {} # x\nb:  2\n", ["a", "c"], "new", "a: # x\n  c: new\nb:  2\n"],
    ["a: # x\nb:  2\n", ["a", "c"], "new", "a: # x\n  c: new\nb:  2\n"],
    ["a:", ["a", "c"], "new", "a:\n  c: new"],
    ["b:  {x: 2}\n", ["a", "c"], "new", "b:  {x: 2}\na:\n  c: new\n"],
    ["---\nb:  {x: 2}\n...\n", ["a", "c"], "new", "---\nb:  {x: 2}\na:\n  c: new\n...\n"],
    [
      "agent:\n    # who\n    authtoken:   t1 # mine\n    log: x\n",
      ["agent", "authtoken"],
      "t2",
      "agent:\n    # who\n    authtoken:   t2 # mine\n    log: x\n",
    ],
    [
      "agent:\n    log: x # where\n# all of them\nendpoints: []\n",
      ["agent", "authtoken"],
      "t",
      "agent:\n    log: x # where\n    authtoken: t\n# all of them\nendpoints: []\n",
    ],
    ["version: 3", ["region"], "eu", "version: 3\nregion: eu\n"],
    ["a:\nb: 1\n", ["a"], "x", "a: x\nb: 1\n"],
    ["a: {x: 1,   y: 2}\n", ["a", "x"], "5", 'a: {x: "5",   y: 2}\n'],
    ["t: |\n  long\n  text\n", ["u"], "v", "t: |\n  long\n  text\nu: v\n"],
    ["a: 1\r\nb: 2\r\n", ["a"], "x", "a: x\r\nb: 2\r\n"],
  ];
  for (const [before, path, value, after] of cases) {
    assert.equal(read(before).with(path, value).text, after);
  }
});

test("YamlDocument.with() makes the maps on the way, and keeps comments then too", () => {
  assert.equal(read("").with(["agent", "authtoken"], "t").text, "agent:\n  authtoken: t\n");
  const made = read("# mine\nversion: 3 # v\nagent:\n").with(["agent", "authtoken"], "t");
  assert.deepEqual(made.value, { version: 3, agent: { authtoken: "t" } });
  assert.match(made.text, /# mine\n.*# v/s);
  assert.match(read("version: 3\n").with(["a", "b", "c"], true).text, /a:\n {2}b:\n {4}c: true/);
});

test("YamlDocument.with() refuses to replace a single value by keys", () => {
  assert.throws(
    () => read("version: 3\nagent: off\n").with(["agent", "authtoken"], "t"),
    /line 2, column 1: "agent": it holds no keys/,
  );
});

test("YamlDocument.with() writes any text so that it is read back, and leaves the rest as it was", () => {
  const before = read("a: 1 # one\nb: {c: x}\nl: [1, 2]\n");
  fc.assert(
    fc.property(fc.string(), fc.constantFrom("a", "n", "b.c", "b.n", "m.n"), (value, key) => {
      const path = key.split(".");
      const after = before.with(path, value);
      const found = path.reduce<unknown>(
        (at, one) => (at as Record<string, unknown>)[one],
        after.value,
      );
      assert.equal(found, value);
      assert.ok(after.text.includes("# one"));
      assert.deepEqual((after.value as { l: number[] }).l, [1, 2]);
    }),
  );
});

test("parseYamlDocument() tells text that is no UTF-8 from YAML that is wrong", () => {
  for (const text of ["caf\uFFFD: 1\n", "a\x00:\x00 1"]) {
    assert.throws(() => read(text), {
      code: "config_invalid",
      message: /: it is no UTF-8 text; save it as UTF-8 in an editor$/,
    });
  }
});

test("parseYamlDocument() knows a host pattern without its quotes from an alias", () => {
  assert.throws(() => read("a: &x 1\nb: *x\nc: *.example.com\n"), {
    message: /line 3, column 4: text that begins with "\*" must be in quotes$/,
  });
});

test("parseYamlDocument() refuses tags that make something else of a value", () => {
  assert.deepEqual(read("a: !!str 1\nb: !!int 2\n").value, { a: "1", b: 2 });
  assert.throws(() => read("a: !!binary aGVsbG8=\n"), /line 1, column 13: tags .* cannot be used/);
});

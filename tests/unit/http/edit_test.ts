import assert from "node:assert/strict";
import fc from "fast-check";
import { checkHeaderLine, editHead, type HeadEdits, mergeEdits } from "../../../lib/http/edit.ts";
import { type HttpHead, parseRequestHead, parseResponseHead } from "../../../lib/http/head.ts";
import { test } from "../../harness.ts";

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function edited(head: HttpHead, edits: HeadEdits): string {
  return Array.from(editHead(head, edits), (byte) => String.fromCharCode(byte))
    .join("");
}

const TEXT = "GET / HTTP/1.1\r\nhOsT:  a \r\nB:1\r\nc:\t2\t\r\nb: 3\r\nD:\xff\r\n\r\n";
const HEAD = parseRequestHead(bytesOf(TEXT));

test("editHead() without edits is a copy", () => {
  const copy = editHead(HEAD, {});
  assert.deepEqual(copy, HEAD.bytes);
  assert.notEqual(copy.buffer, HEAD.bytes.buffer);
});

test("editHead() removes every header of a name and leaves the others byte for byte", () => {
  assert.equal(
    edited(HEAD, { remove: ["B"] }),
    TEXT.replace("B:1\r\n", "").replace("b: 3\r\n", ""),
  );
  assert.equal(
    edited(HEAD, { remove: ["d", "hosts", ""] }),
    TEXT.replace("D:\xff\r\n", ""),
  );
  assert.equal(
    edited(HEAD, { remove: ["host", "b", "c", "d"] }),
    "GET / HTTP/1.1\r\n\r\n",
  );
});

test("editHead() appends behind the last header, in order", () => {
  assert.equal(
    edited(HEAD, { add: [["X", "1"], ["b", "\xfe"]] }),
    TEXT.replace(/\r\n\r\n$/, "\r\nX: 1\r\nb: \xfe\r\n\r\n"),
  );
});

test("editHead() sets in the place of the first, drops the second, keeps the written name", () => {
  assert.equal(
    edited(HEAD, { set: [["b", "x"], ["HOST", "y"], ["New", "z"]] }),
    "GET / HTTP/1.1\r\nhOsT: y\r\nB: x\r\nc:\t2\t\r\nD:\xff\r\nNew: z\r\n\r\n",
  );
});

test("editHead() sets a name that is also removed", () => {
  assert.equal(
    edited(HEAD, { remove: ["b"], set: [["B", "x"]] }),
    edited(HEAD, { set: [["b", "x"]] }),
  );
});

test("editHead() replaces the first line", () => {
  assert.equal(
    edited(HEAD, { startLine: "PUT /longer HTTP/1.1", remove: ["host"] }),
    TEXT.replace("GET / HTTP/1.1\r\nhOsT:  a \r\n", "PUT /longer HTTP/1.1\r\n"),
  );
  const bare = parseResponseHead(bytesOf("HTTP/1.1 200 OK\r\n\r\n"));
  assert.equal(
    edited(bare, { startLine: "HTTP/1.1 404 " }),
    "HTTP/1.1 404 \r\n\r\n",
  );
  assert.equal(
    edited(bare, { add: [["A", "b"]] }),
    "HTTP/1.1 200 OK\r\nA: b\r\n\r\n",
  );
});

test("editHead() refuses to write a second line through a name, a value or the first line", () => {
  const injections: HeadEdits[] = [
    { add: [["X", "a\r\nEvil: b"]] },
    { add: [["X", "a\n"]] },
    { add: [["X", "\0"]] },
    { add: [["X: a\r\nY", "b"]] },
    { add: [["X ", "b"]] },
    { add: [["", "b"]] },
    { add: [["X", "Ā"]] },
    { set: [["B", "a\rb"]] },
    { set: [["New\n", "b"]] },
    { startLine: "GET / HTTP/1.1\r\nEvil: a" },
    { startLine: "GET /Ā HTTP/1.1" },
  ];
  for (const edits of injections) {
    assert.throws(() => editHead(HEAD, edits), TypeError);
  }
});

test("checkHeaderLine() accepts what editHead() can write", () => {
  checkHeaderLine(["X-Y", ""]);
  assert.throws(() => checkHeaderLine(["X Y", ""]), TypeError);
});

test("mergeEdits() adds up, and the last first line wins", () => {
  assert.deepEqual(
    mergeEdits(
      { remove: ["a"], startLine: "1" },
      { add: [["x", "1"]] },
      { remove: ["b"], set: [["y", "2"]], startLine: "2" },
      { add: [["z", "3"]] },
    ),
    {
      startLine: "2",
      remove: ["a", "b"],
      set: [["y", "2"]],
      add: [["x", "1"], ["z", "3"]],
    },
  );
  assert.equal(edited(HEAD, mergeEdits()), TEXT);
});

test("editHead() agrees with a plain and slow one", () => {
  const name = fc.constantFrom(
    "a",
    "B",
    "c-d",
    "X-Forwarded-For",
    "x-forwarded-host",
    "Keep-Alive",
  );
  const value = fc.stringMatching(/^[!-~\xa0-\xff]{0,8}$/);
  const lines = fc.array(fc.tuple(name, value), { maxLength: 8 });
  fc.assert(
    fc.property(
      lines,
      lines,
      lines,
      fc.array(name),
      (headers, set, add, remove) => {
        const first = new Map(
          set.map(([name, value]) => [name.toLowerCase(), value] as const),
        );
        const onlyFirst = [...first].map(([name, value]) => [name, value] as const);
        const head = parseRequestHead(
          bytesOf(
            "GET / HTTP/1.1\r\nHost: a\r\n" +
              headers.map(([n, v]) => `${n}:${v}\r\n`).join("") + "\r\n",
          ),
        );
        let want = "GET / HTTP/1.1\r\nHost: a\r\n";
        const placed = new Set<string>();
        for (const [n, v] of headers) {
          const lower = n.toLowerCase();
          const replaced = first.get(lower);
          if (replaced === undefined) {
            if (
              !remove.some((each) => each.toLowerCase() === lower)
            ) want += `${n}:${v}\r\n`;
          } else if (!placed.has(lower)) {
            want += `${n}: ${replaced}\r\n`;
            placed.add(lower);
          }
        }
        for (const [n, v] of onlyFirst) {
          if (!placed.has(n)) want += `${n}: ${v}\r\n`;
        }
        for (const [n, v] of add) want += `${n}: ${v}\r\n`;
        assert.equal(
          edited(head, { set: onlyFirst, add, remove }),
          want + "\r\n",
        );
      },
    ),
  );
});

/** @module */
import assert from "node:assert/strict";
import { decodeText, encodeText } from "../../../../lib/base/bytes.ts";
import { parameter, parseMultipart } from "../../../../lib/ui/inspector/multipart.ts";
import { test } from "../../../harness.ts";

const parse = (text: string, type = "multipart/form-data; boundary=AaB") =>
  parseMultipart(new Uint8Array(encodeText(text)), type);

test("parseMultipart() finds names, files, types and bytes", () => {
  const { parts, problem } = parse(
    '--AaB\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--AaB\r\n' +
      'content-disposition: form-data; name="f"; filename="x \\"y\\".txt"\r\nContent-Type: text/csv\r\n\r\n' +
      "one\r\ntwo\r\n\r\n--AaB--\r\n",
  );
  assert.equal(problem, undefined);
  assert.deepEqual(
    parts.map(({ name, filename, type, bytes }) => [name, filename, type, decodeText(bytes)]),
    [
      ["a", undefined, "text/plain", "1"],
      ["f", 'x "y".txt', "text/csv", "one\r\ntwo\r\n"],
    ],
  );
});

test("parseMultipart() takes parts without headers, and bare line feeds", () => {
  assert.equal(decodeText(parse("--AaB\r\n\r\nx\r\n--AaB--").parts[0].bytes), "x");
  assert.equal(parse("--AaB\n\nx\n--AaB--").parts.length, 1);
});

test("parseMultipart() says what is wrong and gives what it has", () => {
  assert.match(parse("x", "multipart/mixed").problem!, /names no boundary/);
  assert.match(parse("nothing").problem!, /"AaB" is nowhere/);
  const cut = parse("--AaB\r\n\r\nhalf");
  assert.match(cut.problem!, /not ended/);
  assert.equal(decodeText(cut.parts[0].bytes), "half");
});

test("parameter() reads tokens and quoted strings", () => {
  assert.equal(parameter('a; b="c;d"; e=f', "b"), "c;d");
  assert.equal(parameter("a; B=f", "b"), "f");
  assert.equal(parameter("a", "b"), undefined);
});

import assert from "node:assert/strict";
import { nearest } from "../../../lib/base/suggest.ts";
import { test } from "../../harness.ts";

const COMMANDS = ["http", "tcp", "tls", "edge", "version", "help"];

test("nearest() finds the word with one letter wrong, missing, doubled or swapped", () => {
  assert.equal(nearest("htpp", COMMANDS), "http");
  assert.equal(nearest("htp", COMMANDS), "http");
  assert.equal(nearest("htttp", COMMANDS), "http");
  assert.equal(nearest("edeg", COMMANDS), "edge");
  assert.equal(nearest("tpc", COMMANDS), "tcp");
  assert.equal(nearest("HTTP", COMMANDS), "http");
});

test("nearest() takes the beginning of a word for the word", () => {
  assert.equal(nearest("ver", COMMANDS), "version");
  assert.equal(nearest("connect", ["connect-url", "connect-cas"]), "connect-url");
});

test("nearest() prefers the nearest over the first", () => {
  assert.equal(nearest("log-levl", ["log", "log-format", "log-level"]), "log-level");
});

test("nearest() says nothing when nothing is near", () => {
  assert.equal(nearest("xyzzy", COMMANDS), undefined);
  assert.equal(nearest("", COMMANDS), undefined);
  assert.equal(nearest("a", ["b"]), undefined);
});

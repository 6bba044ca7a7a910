import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "../../harness.ts";
import {
  ERROR_CODES,
  formatNgrokError,
  loggedError,
  parseNgrokError,
  toTunnelError,
  TunnelError,
} from "../../../lib/base/errors.ts";

test("ERROR_CODES explains every code in a sentence without a full stop", () => {
  for (const [code, sentence] of Object.entries(ERROR_CODES)) {
    assert.match(code, /^[a-z]+(_[a-z]+)*$/);
    assert.match(sentence, /^[A-Z].*[^.]$/, code);
  }
});

test("TunnelError is an Error that carries its code, number and cause", () => {
  const cause = new Error("ECONNREFUSED");
  const error = new TunnelError("connection_refused", "Cannot reach it", {
    cause,
    ngrokCode: 8012,
  });
  assert.ok(error instanceof Error);
  assert.equal(error.code, "connection_refused");
  assert.equal(error.ngrokCode, 8012);
  assert.equal(error.cause, cause);
  assert.equal(String(error), "TunnelError: Cannot reach it");
});

test("TunnelError has no number unless one is given", () => {
  assert.equal(new TunnelError("internal", "x").ngrokCode, undefined);
});

test("toTunnelError() leaves a TunnelError as it is", () => {
  const error = new TunnelError("timed_out", "Too late");
  assert.equal(toTunnelError(error, "internal"), error);
});

test("toTunnelError() keeps an Error's message and makes it the cause", () => {
  const thrown = new TypeError("bad");
  const error = toTunnelError(thrown, "io_failed");
  assert.equal(error.code, "io_failed");
  assert.equal(error.message, "bad");
  assert.equal(error.cause, thrown);
});

test("toTunnelError() copes with whatever was thrown", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
      (thrown) => {
        const error = toTunnelError(thrown);
        assert.equal(error.code, "internal");
        assert.equal(error.message, String(thrown));
        assert.equal(error.cause, thrown);
      },
    ),
  );
});

test("formatNgrokError() puts the code alone on its line, after an empty one", () => {
  assert.equal(
    formatNgrokError("Name taken", 334),
    "Name taken\r\n\r\nERR_NGROK_334\r\n",
  );
});

test("parseNgrokError() reads back what formatNgrokError() wrote", () => {
  const sentence = fc.string().map((text) => text.replace(/[\r\n]|ERR_NGROK/g, " ").trim());
  fc.assert(fc.property(sentence, fc.nat(99_999), (message, ngrokCode) => {
    assert.deepEqual(parseNgrokError(formatNgrokError(message, ngrokCode)), {
      message,
      ngrokCode,
    });
  }));
});

test("parseNgrokError() takes a field without a number as a sentence", () => {
  assert.deepEqual(parseNgrokError("go away\n"), {
    message: "go away",
    ngrokCode: undefined,
  });
});

test("parseNgrokError() keeps the lines of a long sentence and a code inside of it", () => {
  assert.deepEqual(
    parseNgrokError("first ERR_NGROK_108\nsecond\n\nERR_NGROK_108\n"),
    {
      message: "first ERR_NGROK_108\nsecond",
      ngrokCode: 108,
    },
  );
});

test("loggedError() names the number once, and nothing where there is none", () => {
  const error = (message: string, ngrokCode?: number) =>
    loggedError(new TunnelError("refused", message, { ngrokCode }));
  assert.equal(error("No."), "No.");
  assert.equal(error("No.", 105), "No.\r\n\r\nERR_NGROK_105\r\n");
  assert.equal(error("No. ERR_NGROK_105", 105), "No. ERR_NGROK_105");
});

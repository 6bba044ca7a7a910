import assert from "node:assert/strict";
import { parseResponseHead } from "../../../lib/http/head.ts";
import { DEFAULT_CAPTURE_LIMITS } from "../../../lib/inspect/capture.ts";
import { bodyMessages } from "../../../lib/inspect/messages.ts";
import { test } from "../../harness.ts";
import { bytes } from "./kit.ts";

test("bodyMessages() reads event streams that are not compressed, and nothing else", () => {
  for (
    const [lines, isStream] of [
      ["Content-Type: text/event-stream", true],
      ["Content-Type: text/event-stream; charset=utf-8", true],
      ["Content-Type: text/event-streams", false],
      ["Content-Type: text/event-stream\r\nContent-Encoding: gzip", false],
      ["Content-Type: text/plain", false],
    ] as const
  ) {
    const head = parseResponseHead(bytes(`HTTP/1.1 200 OK\r\n${lines}\r\n\r\n`));
    const reader = bodyMessages(head, DEFAULT_CAPTURE_LIMITS, () => {});
    assert.equal(reader !== undefined, isStream, lines);
  }
});

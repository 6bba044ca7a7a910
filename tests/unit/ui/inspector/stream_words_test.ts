/** @module */
import assert from "node:assert/strict";
import { message } from "../../../journeys/inspector_stage.ts";
import {
  closeWords,
  messageKind,
  messageMarks,
  previewOf,
} from "../../../../lib/ui/inspector/stream_words.ts";
import { test } from "../../../harness.ts";

test("messageKind() names frames, events and messages", () => {
  const kinds = [0, 1, 2, 8, 9, 10, 11].map((opcode) => messageKind(message({ text: "", opcode })));
  assert.deepEqual(kinds, ["continued", "text", "binary", "close", "ping", "pong", "opcode 11"]);
  assert.equal(messageKind(message({ text: "", kind: "sse", event_name: "tick" })), "tick");
  assert.equal(messageKind(message({ text: "", kind: "sse" })), "message");
  assert.equal(messageKind(message({ text: "", kind: "grpc" })), "message");
});

test("closeWords() says why, also for codes of the application", () => {
  assert.equal(closeWords(message({ text: "", close_code: 1001 })), "1001 going away");
  assert.equal(closeWords(message({ text: "", close_code: 4000 })), "4000 of the application");
  assert.equal(closeWords(message({ text: "" })), undefined);
});

test("messageMarks() says what else is to know", () => {
  assert.deepEqual(
    messageMarks(
      message({ text: "", compressed: true, final: false, truncated: true, event_id: "7" }),
    ),
    ["id 7", "compressed", "to be continued", "cut"],
  );
  assert.deepEqual(messageMarks(message({ text: "" })), []);
});

test("previewOf() shows text as text and bytes as bytes", () => {
  assert.deepEqual(previewOf(message({ text: "hé" })), { text: "hé", isText: true });
  const bytes = previewOf(message({ text: "AB", opcode: 2 }));
  assert.equal(bytes.isText, false);
  assert.match(bytes.text, /^41 42 +AB$/);
  assert.equal(previewOf(message({ text: "AB", kind: "grpc" })).isText, false);
});

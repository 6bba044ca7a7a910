/** @module */
import assert from "node:assert/strict";
import { FakeAgentApi } from "../../../fakes/agent_api.ts";
import {
  clockTime,
  fullTime,
  isReachable,
  kindWord,
  statusWord,
} from "../../../../lib/ui/inspector/words.ts";
import { test } from "../../../harness.ts";

const api = new FakeAgentApi();

test("kindWord() and statusWord() say what an exchange is", () => {
  const socket = api.make({ kind: "websocket", status: 101 });
  assert.equal(kindWord(socket), "WS");
  assert.equal(kindWord({ ...socket, message_count: 1_200 }), "WS 1\u202f200");
  assert.equal(kindWord(api.make({})), "");
  assert.equal(statusWord(api.make({})), "status 200");
  assert.equal(statusWord(api.make({ status: null })), "no response yet");
  assert.equal(statusWord(api.make({ error: "x" })), "status 200, cut off");
  assert.equal(statusWord(api.make({ error: "x", status: null })), "cut off");
});

test("isReachable() knows what leads to this machine alone", () => {
  for (
    const url of ["https://shop.example.com", "http://10.0.0.1:80", "http://localhost.example.com"]
  ) {
    assert.ok(isReachable(url), url);
  }
  for (
    const url of [
      "http://calm-fox.localhost:4080",
      "http://LOCALHOST",
      "http://127.0.0.1:1",
      "http://[::1]/",
    ]
  ) {
    assert.ok(!isReachable(url), url);
  }
});

test("clockTime() and fullTime() are of the place where the reader is", () => {
  const local = new Date(2026, 0, 2, 3, 4, 5, 6).toISOString();
  assert.equal(clockTime(local), "03:04:05");
  assert.equal(fullTime(local), "2026-01-02 03:04:05.006");
});

/** @module */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { FakeAgentApi } from "../../../fakes/agent_api.ts";
import { bytesOf } from "../../../../lib/ui/inspector/base64.ts";
import { draftOf, draftProblems, replayBodyOf } from "../../../../lib/ui/inspector/replay_draft.ts";
import { test } from "../../../harness.ts";

const api = new FakeAgentApi();
const exchange = api.make({
  method: "POST",
  target: "/a",
  requestBody: "hello",
  requestHeaders: [["Content-Length", "5"], ["X-A", "1"]],
  trailers: [["X-T", "1"]],
});

test("replayBodyOf() says what was changed and nothing else", () => {
  const draft = draftOf(exchange);
  assert.deepEqual(replayBodyOf(draft, exchange), { times: 1 });
  assert.deepEqual(replayBodyOf({ ...draft, method: "PUT", target: "/b", times: "3" }, exchange), {
    times: 3,
    method: "PUT",
    target: "/b",
  });
  const headers = replayBodyOf({ ...draft, headers: [["X-A", "2"], ["", ""]] }, exchange);
  assert.deepEqual(headers, { times: 1, headers: [["X-A", "2"]] });
  assert.deepEqual(replayBodyOf({ ...draft, trailers: [] }, exchange), { times: 1, trailers: [] });
});

test("replayBodyOf() drops length and coding with the body they were of", () => {
  const body = replayBodyOf({ ...draftOf(exchange), body: "other" }, exchange);
  assert.equal(new TextDecoder().decode(bytesOf(body.body_base64!)), "other");
  assert.ok(body.headers!.every(([name]) => name !== "Content-Length"));

  const packed = api.make({ method: "POST", requestHeaders: [["Content-Encoding", "gzip"]] });
  const coded = {
    ...packed,
    request: {
      ...packed.request,
      body: {
        base64: gzipSync("hello").toString("base64"),
        total_bytes: 25,
        truncated: false,
        decoded: { coding: "gzip", base64: btoa("hello"), error: null },
      },
    },
  };
  assert.equal(draftOf(coded).body, "hello");
  assert.deepEqual(replayBodyOf(draftOf(coded), coded), { times: 1 });
  const changed = replayBodyOf({ ...draftOf(coded), body: "bye" }, coded);
  assert.ok(changed.headers!.every(([name]) => name !== "Content-Encoding"));
});

test("draftOf() does not show bytes as text", () => {
  const binary = api.make({ method: "POST", requestBody: new Uint8Array([0, 1, 255]) });
  assert.equal(draftOf(binary).body, undefined);
  assert.deepEqual(replayBodyOf(draftOf(binary), binary), { times: 1 });
});

test("draftProblems() finds what no request may have", () => {
  const draft = draftOf(exchange);
  assert.deepEqual(draftProblems(draft), {});
  assert.deepEqual(
    Object.keys(draftProblems({
      method: "A B",
      target: "a b",
      headers: [["x y", "1"]],
      trailers: [],
      body: "",
      times: "0",
    })),
    ["method", "target", "headers", "times"],
  );
  assert.match(
    draftProblems({ ...draft, headers: [["a", "b\r\nc: d"]] }).headers!,
    /control character/,
  );
  assert.match(draftProblems({ ...draft, times: "101" }).times!, /1 to 100/);
  assert.deepEqual(draftProblems({ ...draft, target: "*", headers: [["", ""]] }), {});
});

import assert from "node:assert/strict";
import { RequestLog } from "../../../../lib/cli/console/requests.ts";
import type { ExchangeOver } from "../../../../lib/edge/events.ts";
import { ExchangeStore, type StoredExchange } from "../../../../lib/inspect/exchange_store.ts";
import { test } from "../../../harness.ts";

const NOTHING = new Uint8Array();
const MESSAGE = {
  version: "1.1",
  headers: [],
  trailers: [],
  head: NOTHING,
  body: { bytes: NOTHING, totalBytes: 0, isTruncated: false },
};

type Draft = { -readonly [Key in keyof StoredExchange]: StoredExchange[Key] };

function exchange(id: string, target = "/"): Draft {
  return {
    id,
    endpointName: "web",
    endpointUrl: "https://a.example.com",
    clientAddr: "203.0.113.7:5123",
    startedAtMs: 1_000,
    request: { ...MESSAGE, method: "GET", target },
    response: undefined,
    state: "open",
    error: undefined,
    timing: { requestMs: 0, firstByteMs: undefined, durationMs: undefined },
    messages: [],
    droppedMessages: 0,
    replayOf: undefined,
    costBytes: 1,
  };
}

const OVER: ExchangeOver = {
  type: "exchange_ended",
  atMs: 5_000,
  endpointId: undefined,
  accountId: undefined,
  clientAddr: "127.0.0.1:5",
  serverAddr: "127.0.0.1:80",
  scheme: "http",
  host: "a.localhost",
  method: "GET",
  path: "/nowhere",
  protocol: "HTTP/1.1",
  userAgent: undefined,
  referer: undefined,
  status: 404,
  ngrokCode: 3200,
  requestBytes: 0,
  responseBytes: 0,
  durationMs: 8,
  error: undefined,
};

test("RequestLog lists a request when it begins, and its answer when it comes", () => {
  const store = new ExchangeStore();
  const log = new RequestLog();
  let changes = 0;
  const stop = log.follow(store, () => changes++);
  const one = exchange("a", "/search?q=secret");
  store.add(one);
  const row = { atMs: 1_000, method: "GET", path: "/search", words: "" };
  assert.deepEqual(log.list(), [{ ...row, status: undefined, durationMs: undefined }]);
  one.response = { ...MESSAGE, status: 201, reason: "" };
  store.update(one);
  store.update(one);
  assert.equal(changes, 2, "bytes that pass change nothing that is shown");
  one.state = "complete";
  one.timing = { ...one.timing, durationMs: 12 };
  store.update(one);
  assert.deepEqual(log.list(), [{ ...row, status: 201, words: "Created", durationMs: 12 }]);
  stop();
  store.add(exchange("b"));
  assert.deepEqual([changes, log.total], [3, 1]);
});

test("RequestLog shows the service's own words, made safe, and what was cut off", () => {
  const store = new ExchangeStore();
  const log = new RequestLog();
  log.follow(store, () => {});
  const answered = exchange("a", "/\x1b[2J");
  answered.response = { ...MESSAGE, status: 200, reason: "Fine\x07" };
  store.add(answered);
  const cut = exchange("b");
  cut.state = "cut";
  cut.timing = { ...cut.timing, durationMs: 3 };
  store.add(cut);
  const [second, first] = log.list();
  assert.deepEqual([first.path, first.words], ["/\\x1b[2J", "Fine\\x07"]);
  assert.deepEqual([second.status, second.words], [undefined, "cut off"]);
});

test("RequestLog keeps what it showed when the store makes room or is emptied", () => {
  const store = new ExchangeStore();
  const log = new RequestLog();
  log.follow(store, () => {});
  store.add(exchange("a"));
  store.clear();
  assert.equal(log.list().length, 1);
});

test("RequestLog takes what an edge in this program has answered, with its code", () => {
  const log = new RequestLog();
  log.onExchange(OVER);
  log.onExchange({ ...OVER, path: "/two", status: undefined, ngrokCode: undefined });
  assert.deepEqual(log.list().map(({ path, words, atMs }) => [path, words, atMs]), [
    ["/two", "no answer", 4_992],
    ["/nowhere", "ERR_NGROK_3200", 4_992],
  ]);
});

test("RequestLog remembers the newest 200", () => {
  const log = new RequestLog();
  for (let at = 0; at < 500; at++) log.onExchange({ ...OVER, path: `/${at}` });
  const list = log.list();
  assert.deepEqual([list.length, list[0].path, log.total], [200, "/499", 500]);
});

import assert from "node:assert/strict";
import type { AgentEvent } from "../../../../lib/agent/events.ts";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { VERSION } from "../../../../lib/base/version.ts";
import { layOut, type Picture } from "../../../../lib/cli/console/layout.ts";
import { fitLine, lineCells } from "../../../../lib/cli/console/line.ts";
import type { RequestRow } from "../../../../lib/cli/console/requests.ts";
import { Status } from "../../../../lib/cli/console/status.ts";
import { test } from "../../../harness.ts";

const AT_MS = new Date(2026, 10, 23, 8, 44, 46, 7).getTime();

const REQUESTS: readonly RequestRow[] = [
  {
    atMs: AT_MS,
    method: "GET",
    path: "/日本語",
    status: undefined,
    words: "",
    durationMs: undefined,
  },
  { atMs: AT_MS, method: "POST", path: "/a", status: 502, words: "Bad Gateway", durationMs: 1_234 },
];

function picture(more: Partial<Picture> = {}): Picture {
  const status = new Status(new FakeClock());
  const events: readonly AgentEvent[] = [
    {
      type: "session_established",
      atMs: AT_MS,
      reconnected: false,
      sessionId: "ts_1",
      region: "Europe (eu)",
      accountName: "Ada",
      planName: "Free",
    },
    { type: "heartbeat_received", atMs: AT_MS, latencyMs: 78.4 },
    {
      type: "endpoint_online",
      atMs: AT_MS,
      name: "web",
      url: "https://calm-otter.example.com",
      upstream: "http://localhost:8080",
      rebound: false,
    },
  ];
  for (const event of events) status.onEvent(event);
  return { status, requests: REQUESTS, isLocal: false, hint: undefined, nowMs: AT_MS, ...more };
}

function shown(what: Picture, columns: number): string {
  return layOut(what, columns)
    .map((line) => line.map(({ text }) => text).join("").trimEnd()).join("\n");
}

test("layOut() shows all rows of a session, labels 30 wide", () => {
  const what = picture();
  what.status.banner = "Maintenance tonight";
  what.status.webInterface = "http://127.0.0.1:4040";
  what.status.update = "update available (version 9.9.9, Ctrl-U to update)";
  what.status.expiresAtMs = AT_MS + 7_140_000;
  what.status.say(AT_MS, "Cannot reach upstream");
  assert.equal(
    shown(what, 80),
    `Maintenance tonight

Session Status                online
Session Expires               1 h 59 min
Account                       Ada (Plan: Free)
Update                        update available (version 9.9.9, Ctrl-U to update)
Version                       ${VERSION}
Region                        Europe (eu)
Latency                       78ms
Web Interface                 http://127.0.0.1:4040
Forwarding                    https://calm-otter.example.com ->
                              http://localhost:8080

Connections                   ttl     opn     rt1     rt5     p50     p90
                              0       0       0.00    0.00    0.00    0.00

08:44:46  Cannot reach upstream

HTTP Requests
-------------
08:44:46.007 GET     /日本語
08:44:46.007 POST    /a                          502 Bad Gateway           1.2 s`,
  );
});

test("layOut() makes do with less room: no time, no words, labels above their values", () => {
  assert.equal(
    shown(picture(), 34),
    `Session Status
  online
Account
  Ada (Plan: Free)
Version
  ${VERSION}
Region
  Europe (eu)
Latency
  78ms
Forwarding
  https://calm-otter.example.com
  -> http://localhost:8080

ttl   opn   rt1   rt5   p50
0     0     0.00  0.00  0.00

HTTP Requests
-------------
GET     /日本語
POST    /a                    502`,
  );
});

test("layOut() never cuts a URL, however narrow the terminal", () => {
  for (let columns = 1; columns < 120; columns++) {
    const text = shown(picture(), columns).replace(/\s/g, "");
    assert.ok(text.includes("https://calm-otter.example.com"), `${columns} columns`);
    for (const line of layOut(picture(), columns)) {
      assert.ok(lineCells(fitLine(line, columns)) <= columns);
    }
  }
});

test("layOut() says what is wrong with an endpoint, and with the session", () => {
  const what = picture();
  what.status.onEvent({
    type: "endpoint_failed",
    atMs: AT_MS,
    name: "web",
    url: "https://calm-otter.example.com",
    retryInMs: 4_000,
    code: "refused",
    ngrokCode: 334,
    message: "taken",
  });
  what.status.onEvent({
    type: "session_lost",
    atMs: AT_MS,
    lastedMs: 1,
    code: "heartbeat_lost",
    ngrokCode: undefined,
    message: "no answer",
  });
  const text = shown(what, 100);
  assert.match(text, /^Session Status {16}reconnecting \(no answer\)$/m);
  assert.match(text, /^ {30}offline: taken; next try in 4.0 s$/m);
  assert.match(text, /^Latency {23}-$/m);
});

test("layOut() says of an edge in this program where it is, and nothing of accounts", () => {
  const text = shown(picture({ isLocal: true, hint: "To go public, say so" }), 80);
  assert.match(text, /^Edge {26}in this program/m);
  assert.doesNotMatch(text, /Account|Region|Latency/);
  assert.match(text, /^To go public, say so$/m);
});

test("layOut() counts down to the next attempt", () => {
  const what = picture();
  const lost = { type: "session_lost", code: "timed_out", ngrokCode: undefined } as const;
  what.status.onEvent({ ...lost, atMs: AT_MS, message: "no answer", lastedMs: 1 });
  what.status.onEvent({ type: "reconnect_scheduled", delayMs: 12_000, attempt: 3, atMs: AT_MS });
  const at = (nowMs: number) => shown({ ...what, nowMs }, 100);
  assert.match(at(AT_MS), /reconnecting \(no answer\), next attempt in 12 s$/m);
  assert.match(at(AT_MS + 9_000), /reconnecting \(no answer\), next attempt in 3 s$/m);
  assert.match(at(AT_MS + 11_500), /reconnecting \(no answer\)$/m);
});

test("layOut() keeps an answer near its question on a wide terminal, and cuts no word of it", () => {
  const ask = (path: string, status: number, words: string): RequestRow => ({
    ...{ atMs: 0, method: "GET", path, status, words },
    durationMs: 5,
  });
  const lines = (path: string, columns: number) =>
    shown(
      picture({ requests: [ask(path, 500, "Internal Server Error"), ask("/", 200, "OK")] }),
      columns,
    )
      .split("\n").slice(-2);
  const [first, second] = lines("/short", 200);
  assert.match(first, /^\S+ GET +\/short +500 Internal Server Error +5 ms$/);
  assert.equal(first.indexOf("500"), second.indexOf("200"));
  const [long] = lines(`/${"x".repeat(59)}`, 200);
  assert.match(long, /x 500 Internal/);
  const [cut] = lines(`/${"x".repeat(200)}`, 120);
  assert.match(cut, /x… 500 Internal Server Error/);
});

test("layOut() lists requests only where there can be some", () => {
  assert.match(shown(picture({ requests: [] }), 80), /^none so far$/m);
  assert.doesNotMatch(shown(picture({ requests: undefined }), 80), /HTTP Requests/);
});

import assert from "node:assert/strict";
import type { Agent } from "../../../../lib/agent/agent.ts";
import type { AgentEvent, AgentReport } from "../../../../lib/agent/events.ts";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { Status } from "../../../../lib/cli/console/status.ts";
import { test } from "../../../harness.ts";

const AT_MS = 1_000_000;

const SESSION: AgentReport = {
  type: "session_established",
  reconnected: false,
  sessionId: "ts_1",
  region: "eu",
  accountName: "Ada\x1b[2J",
  planName: "Free",
};

const FAILURE = { code: "connection_refused", ngrokCode: undefined, message: "no route" } as const;

function statusAfter(...reports: AgentReport[]): Status {
  const status = new Status(new FakeClock());
  for (const report of reports) status.onEvent({ ...report, atMs: AT_MS } as AgentEvent);
  return status;
}

function online(name: string, url: string, rebound = false): AgentReport {
  return { type: "endpoint_online", name, url, upstream: "http://localhost:80", rebound };
}

test("Status connects, is online, loses the session and finds it again", () => {
  assert.equal(statusAfter().phase, "connecting");
  const failed: AgentReport = { type: "session_failed", attempt: 1, ...FAILURE };
  const first = statusAfter(failed);
  assert.deepEqual([first.phase, first.trouble], ["connecting", "no route"]);
  const ready = statusAfter(failed, SESSION, { type: "heartbeat_received", latencyMs: 78 });
  assert.deepEqual([ready.phase, ready.trouble, ready.latencyMs], ["online", "", 78]);
  assert.equal(ready.accountName, "Ada\\x1b[2J");
  const lost: AgentReport = { type: "session_lost", lastedMs: 1, ...FAILURE };
  const gone = statusAfter(SESSION, { type: "heartbeat_received", latencyMs: 78 }, lost, failed);
  assert.deepEqual([gone.phase, gone.latencyMs], ["reconnecting", undefined]);
  assert.equal(statusAfter(SESSION, lost, SESSION).phase, "online");
});

test("Status stays at closing whatever the session does meanwhile", () => {
  const status = statusAfter(SESSION);
  status.phase = "closing";
  status.onEvent({ type: "session_lost", lastedMs: 1, atMs: AT_MS, ...FAILURE });
  status.onEvent({ ...SESSION, atMs: AT_MS } as AgentEvent);
  assert.equal(status.phase, "closing");
});

test("Status lists endpoints as they come, change, fail and go", () => {
  const two = statusAfter(online("web", "https://a.example.com"), online("db", "tcp://b:1"));
  assert.deepEqual(two.endpoints.map(({ url }) => url), ["https://a.example.com", "tcp://b:1"]);
  const back = statusAfter(online("web", "https://a"), online("web", "https://a", true));
  assert.equal(back.endpoints.length, 1);
  const failed: AgentReport = {
    type: "endpoint_failed",
    name: "web",
    url: "https://a",
    retryInMs: 3_000,
    ...FAILURE,
  };
  const off = statusAfter(online("web", "https://a"), failed);
  assert.equal(off.endpoints[0].trouble, "no route; next try in 3.0 s");
  assert.equal(
    statusAfter(online("web", "https://a"), failed, online("web", "https://a", true))
      .endpoints[0].trouble,
    "",
  );
  const moved = statusAfter(online("web", "https://a"), {
    type: "endpoint_url_changed",
    name: "web",
    url: "https://b",
    previousUrl: "https://a",
  });
  assert.equal(moved.endpoints[0].url, "https://b");
  assert.deepEqual(moved.messages.map(({ text }) => text), ["https://a is now https://b"]);
  const stopped = statusAfter(online("web", "https://a"), {
    type: "endpoint_stopped",
    name: "web",
    url: "https://a",
    by: "server",
    message: "abuse",
    ngrokCode: undefined,
  });
  assert.deepEqual(stopped.endpoints, []);
  assert.deepEqual(stopped.messages[0].isLasting, true);
});

test("Status lists endpoints in the order of the file, whatever order the edge answers in", () => {
  const status = statusAfter(SESSION, online("c", "u3"));
  const endpoints = ["a", "b", "c"].map((name) => ({ name }));
  status.follow({ session: {}, latencyMs: 5, endpoints } as unknown as Agent);
  for (const name of ["b", "x", "a"]) {
    status.onEvent({ ...online(name, `u-${name}`), atMs: AT_MS } as AgentEvent);
  }
  assert.deepEqual(status.endpoints.map(({ name }) => name), ["a", "b", "c", "x"]);
});

test("Status tells endpoints of one name apart by their URLs", () => {
  const status = statusAfter(online("web", "http://a"), online("web", "https://a"), {
    type: "endpoint_stopped",
    name: "web",
    url: "https://a",
    by: "agent",
    message: "",
    ngrokCode: undefined,
  });
  assert.deepEqual(status.endpoints.map(({ url }) => url), ["http://a"]);
});

test("Status says a sentence once, with how often, and remembers five", () => {
  const status = statusAfter();
  for (const text of ["a", "b", "a"]) status.say(AT_MS, text);
  assert.deepEqual(status.messages.map(({ text, times }) => [text, times]), [["b", 1], ["a", 2]]);
  for (const text of "cdefgh") status.say(AT_MS, text);
  assert.equal(status.messages.map(({ text }) => text).join(""), "defgh");
});

test("Status keeps a banner and a deprecation, and reports commands of the edge", () => {
  const status = statusAfter(
    { type: "notice_received", notice: "banner", text: "Maintenance\ntonight" },
    { type: "notice_received", notice: "deprecation", text: "Update soon" },
    { type: "command_received", command: "restart", error: "not here" },
  );
  assert.deepEqual([status.banner, status.deprecation], ["Maintenance\\ntonight", "Update soon"]);
  assert.equal(status.messages[0].text, "The edge asked for: restart, which was refused: not here");
});

test("Status counts connections and how long they last", async () => {
  const clock = new FakeClock();
  const status = new Status(clock);
  const fields = { name: "web", url: "u", connectionId: "c", atMs: 0 };
  for (let at = 0; at < 3; at++) {
    status.onEvent({ type: "connection_opened", clientAddr: "1.2.3.4:5", ...fields });
  }
  status.onEvent({ type: "connection_closed", durationMs: 40, inBytes: 0, outBytes: 0, ...fields });
  await clock.advance(5_000);
  assert.deepEqual(status.connections(), {
    total: 3,
    open: 2,
    rate1: 0.6,
    rate5: 0.6,
    p50Ms: 40,
    p90Ms: 40,
  });
});

test("Status knows when a limited session ends", () => {
  const status = statusAfter(SESSION);
  assert.equal(status.expiresAtMs, undefined);
  const session = { sessionDurationS: 7_200 };
  status.follow({ session, latencyMs: 5, endpoints: [] } as unknown as Agent);
  assert.deepEqual([status.expiresAtMs, status.latencyMs], [AT_MS + 7_200_000, 5]);
});

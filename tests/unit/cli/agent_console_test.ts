import assert from "node:assert/strict";
import type { AgentEvent, AgentReport } from "../../../lib/agent/events.ts";
import type { ExchangeOver } from "../../../lib/edge/events.ts";
import { AgentConsole } from "../../../lib/cli/agent_console.ts";
import type { AgentViewOptions } from "../../../lib/cli/agent_view.ts";
import { VERSION } from "../../../lib/base/version.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

const AT_MS = new Date(2026, 10, 23, 8, 44, 46).getTime();

const ESTABLISHED: AgentReport = {
  type: "session_established",
  reconnected: false,
  sessionId: "ts_1",
  region: "eu",
  accountName: "Ada",
  planName: "Free",
};

const ONLINE: AgentReport = {
  type: "endpoint_online",
  name: "command_line",
  url: "https://calm-otter.example.com",
  upstream: "http://localhost:8080",
  rebound: false,
};

const EXCHANGE: ExchangeOver = {
  type: "exchange_ended",
  atMs: AT_MS,
  endpointId: "ep",
  accountId: "owner",
  clientAddr: "127.0.0.1:5",
  serverAddr: "127.0.0.1:80",
  scheme: "http",
  host: "a.localhost",
  method: "GET",
  path: "/a\x1b[2J",
  protocol: "HTTP/1.1",
  userAgent: undefined,
  referer: undefined,
  status: 200,
  ngrokCode: undefined,
  requestBytes: 0,
  responseBytes: 1234,
  durationMs: 8,
  error: undefined,
};

function show(
  events: readonly AgentReport[],
  options: AgentViewOptions = {},
  isTty = false,
): string {
  const { host } = memoryRuntime({ host: { isTty } });
  const console = new AgentConsole(host, options);
  for (const event of events) {
    console.onEvent({ ...event, atMs: AT_MS } as AgentEvent);
  }
  return host.stdout.text;
}

test("AgentConsole prints the status once the endpoint is online", () => {
  assert.equal(
    show([ESTABLISHED, ONLINE], { hint: "A hint." }),
    `sallyport                                                       (Ctrl+C to quit)

Session Status                online
Account                       Ada (Plan: Free)
Version                       ${VERSION}
Region                        eu
Forwarding                    https://calm-otter.example.com -> http://localhost:8080

A hint.

`,
  );
});

test("AgentConsole says when the edge is in the same program, and nothing of accounts", () => {
  const text = show([ESTABLISHED, ONLINE], { isLocal: true });
  assert.match(text, /^Edge {26}in this program/m);
  assert.doesNotMatch(text, /Account|Region/);
});

test("AgentConsole prints a line for each visitor that was served", () => {
  const text = show([
    ESTABLISHED,
    ONLINE,
    {
      type: "connection_opened",
      name: "n",
      url: "u",
      connectionId: "c1",
      clientAddr: "203.0.113.7:5123",
    },
    {
      type: "connection_closed",
      name: "n",
      url: "u",
      connectionId: "c1",
      durationMs: 210,
      inBytes: 1234,
      outBytes: 34e6,
    },
  ]);
  assert.equal(
    text.trimEnd().split("\n").at(-1),
    "08:44:46  203.0.113.7:5123  1.2 kB in, 34 MB out, 210 ms",
  );
});

test("AgentConsole prints requests rather than connections where it is told of them", () => {
  const { host } = memoryRuntime();
  const console = new AgentConsole(host, { showsRequests: true });
  const connection = { name: "n", url: "u", connectionId: "c1", atMs: AT_MS };
  console.onEvent({ type: "connection_opened", clientAddr: "127.0.0.1:5", ...connection });
  console.onEvent({
    type: "connection_closed",
    durationMs: 9,
    inBytes: 1,
    outBytes: 2,
    ...connection,
  });
  console.onExchange(EXCHANGE);
  console.onExchange({ ...EXCHANGE, method: "DELETE", path: "/b", status: 502, ngrokCode: 8012 });
  console.onExchange({ ...EXCHANGE, method: "POST", path: "/c", status: undefined });
  assert.equal(
    host.stdout.text,
    "08:44:46  GET     200 /a\\x1b[2J  1.2 kB, 8 ms\n" +
      "08:44:46  DELETE  502 ERR_NGROK_8012 /b  1.2 kB, 8 ms\n" +
      "08:44:46  POST    no answer /c  1.2 kB, 8 ms\n",
  );
});

test("AgentConsole counts visitors rather than naming more than anybody reads", () => {
  const { host } = memoryRuntime();
  const console = new AgentConsole(host, { showsRequests: true });
  for (let i = 0; i < 50; i++) console.onExchange(EXCHANGE);
  console.onExchange({ ...EXCHANGE, atMs: AT_MS + 1000 });
  const lines = host.stdout.text.trimEnd().split("\n");
  assert.equal(lines.length, 22);
  assert.equal(lines[20], "          and 30 more");
  assert.match(lines[21], /^08:44:47 {2}GET/);
});

test("AgentConsole says each trouble once, and when it is over", () => {
  const failed: AgentReport = {
    type: "session_failed",
    code: "connection_refused",
    ngrokCode: undefined,
    message: 'Cannot reach "edge:443": connection refused',
    attempt: 1,
  };
  const text = show([
    ESTABLISHED,
    ONLINE,
    {
      type: "session_lost",
      code: "connection_reset",
      ngrokCode: undefined,
      message: "cut",
      lastedMs: 5,
    },
    failed,
    { ...failed, attempt: 2 },
    { ...ESTABLISHED, reconnected: true },
    { ...ONLINE, rebound: true },
  ]);
  const status = text.split("\n").filter((line) => line.startsWith("Session Status")).map((line) =>
    line.slice(30)
  );
  assert.deepEqual(status, [
    "online",
    "reconnecting (cut)",
    'reconnecting (Cannot reach "edge:443": connection refused)',
    "online",
  ]);
  assert.equal(text.match(/Forwarding/g)!.length, 1);
});

test("AgentConsole says why it still is not online", () => {
  const text = show([{
    type: "session_failed",
    code: "host_not_found",
    ngrokCode: undefined,
    message: 'Cannot find "edge.example"',
    attempt: 1,
  }]);
  assert.equal(text, 'Session Status                connecting (Cannot find "edge.example")\n');
});

test("AgentConsole tells what happens to endpoints", () => {
  const lines = show([
    ESTABLISHED,
    ONLINE,
    {
      type: "endpoint_url_changed",
      name: "n",
      url: "https://b",
      previousUrl: "https://a",
    },
    {
      type: "endpoint_failed",
      name: "n",
      url: "https://b",
      code: "refused",
      ngrokCode: 334,
      message: "taken",
      retryInMs: 1500,
    },
    {
      type: "endpoint_stopped",
      name: "n",
      url: "https://b",
      by: "server",
      message: "bye",
      ngrokCode: undefined,
    },
    {
      type: "endpoint_stopped",
      name: "n",
      url: "https://b",
      by: "agent",
      message: "",
      ngrokCode: undefined,
    },
    {
      type: "upstream_failed",
      name: "n",
      url: "u",
      code: "connection_refused",
      ngrokCode: 8012,
      message: 'Cannot reach "http://localhost:8080"',
      connectionId: "c",
      upstream: "x",
    },
    { type: "notice_received", notice: "banner", text: "Maintenance\ntonight" },
  ]).trimEnd().split("\n").slice(-5);
  assert.deepEqual(lines, [
    "08:44:46  https://a is now https://b",
    "08:44:46  n is offline: taken; next try in 1.5 s",
    "08:44:46  The edge stopped https://b: bye",
    '08:44:46  Cannot reach "http://localhost:8080"',
    "08:44:46  Maintenance\\ntonight",
  ]);
});

test("AgentConsole lets no foreign text steer the terminal", () => {
  const text = show([
    { ...ESTABLISHED, accountName: "\x1b[2J" } as AgentReport,
    { ...ONLINE, url: "https://x\x1b]0;y\x07" } as AgentReport,
  ]);
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f]/);
});

test("AgentConsole explains why a program that was told to end still runs", () => {
  const { host } = memoryRuntime();
  new AgentConsole(host).finishing();
  assert.match(host.stdout.text, /^Finishing .*Ctrl\+C again ends at once\n$/);
});

test("AgentConsole paints on a terminal", () => {
  assert.ok(show([ESTABLISHED, ONLINE], {}, true).includes("\x1b[32monline\x1b[0m"));
});

import assert from "node:assert/strict";
import type { AgentEvent, AgentReport } from "../../../lib/agent/events.ts";
import { AgentConsole, type AgentConsoleOptions } from "../../../lib/cli/agent_console.ts";
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

function show(
  events: readonly AgentReport[],
  options: AgentConsoleOptions = {},
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

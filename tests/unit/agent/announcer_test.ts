import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import type { Logger } from "../../../lib/base/log.ts";
import { Announcer } from "../../../lib/agent/announcer.ts";
import type { AgentEvent } from "../../../lib/agent/events.ts";

function make() {
  const clock = new FakeClock(42);
  const lines: string[] = [];
  const events: AgentEvent[] = [];
  const logger: Logger = {
    log: (level, message, fields) =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields)}`),
    child: () => logger,
  };
  const announcer = new Announcer(clock, logger);
  announcer.subscribe((event) => events.push(event));
  return { announcer, lines, events };
}

const error = new TunnelError("refused", "No.", { ngrokCode: 107 });

test("Announcer stamps events and writes the lines scripts parse", () => {
  const { announcer, lines, events } = make();
  announcer.sessionFailed(error, 3);
  announcer.sessionLost(error, 1_000);
  announcer.reconnectScheduled(512.5, 2);
  announcer.commandReceived("restart", "");
  announcer.commandReceived("stop", "no");
  announcer.agentClosed({ reason: "refused", error });
  announcer.agentClosed({ reason: "closed", error: undefined });
  assert.deepEqual(lines, [
    'error failed to reconnect session {"obj":"csess","err":"authentication failed: No.\\r\\n\\r\\nERR_NGROK_107\\r\\n"}',
    'error session closed, starting reconnect loop {"obj":"csess","err":"No.\\r\\n\\r\\nERR_NGROK_107\\r\\n"}',
    'debug sleep before reconnect {"obj":"csess","secs":0.513}',
    'info received restart request {"obj":"app","stopReq":"{err:<nil> restart:true}"}',
    'info received stop request {"obj":"app","stopReq":"{err:no restart:false}"}',
    'error session closing {"obj":"tunnels.session","err":"authentication failed: No.\\r\\n\\r\\nERR_NGROK_107\\r\\n"}',
    'info session closing {"obj":"tunnels.session","err":null}',
  ]);
  assert.deepEqual(events[0], {
    type: "session_failed",
    attempt: 3,
    code: "refused",
    ngrokCode: 107,
    message: "No.",
    atMs: 42,
  });
  assert.deepEqual(events.at(-1), {
    type: "agent_closed",
    reason: "closed",
    message: "",
    atMs: 42,
  });
});

test("Announcer reports a listener that throws and still calls the next", () => {
  const { announcer, lines } = make();
  announcer.subscribe(() => {
    throw new Error("a bug");
  });
  const heard: string[] = [];
  announcer.subscribe((event) => heard.push(event.type));
  announcer.reconnectScheduled(1, 1);
  assert.deepEqual(heard, ["reconnect_scheduled"]);
  assert.match(lines[1], /^error event listener failed .*a bug/);
});

test("Announcer keeps two subscriptions of one function apart", () => {
  const { announcer } = make();
  let calls = 0;
  const listener = () => void calls++;
  const end = announcer.subscribe(listener);
  announcer.subscribe(listener);
  end();
  end();
  announcer.reconnectScheduled(1, 1);
  assert.equal(calls, 1);
});

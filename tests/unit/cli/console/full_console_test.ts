import assert from "node:assert/strict";
import type { Agent } from "../../../../lib/agent/agent.ts";
import type { AgentEvent } from "../../../../lib/agent/events.ts";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { TunnelError } from "../../../../lib/base/errors.ts";
import type { AgentViewOptions } from "../../../../lib/cli/agent_view.ts";
import { FullConsole } from "../../../../lib/cli/console/full_console.ts";
import type { ExchangeOver } from "../../../../lib/edge/events.ts";
import { ExchangeStore } from "../../../../lib/inspect/exchange_store.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { readQrCode } from "../../../fakes/qr_reader.ts";
import { ScreenReader } from "../../../fakes/screen_reader.ts";
import { test } from "../../../harness.ts";

const URL = "https://calm-otter.example.com";

function online(name = "web", url = URL): AgentEvent {
  return {
    type: "endpoint_online",
    atMs: 0,
    name,
    url,
    upstream: "http://localhost",
    rebound: false,
  };
}

function over(path: string, ngrokCode?: number): ExchangeOver {
  return {
    type: "exchange_ended",
    atMs: 0,
    endpointId: undefined,
    accountId: undefined,
    clientAddr: "127.0.0.1:5",
    serverAddr: "127.0.0.1:80",
    scheme: "http",
    host: "a.localhost",
    method: "GET",
    path,
    protocol: "HTTP/1.1",
    userAgent: undefined,
    referer: undefined,
    status: 200,
    ngrokCode,
    requestBytes: 0,
    responseBytes: 0,
    durationMs: 1,
    error: undefined,
  };
}

/** A status on a terminal in memory. */
function stage(options: AgentViewOptions = {}, columns = 80, rows = 24) {
  const clock = new FakeClock();
  const runtime = memoryRuntime({ clock, host: { isTty: true, terminal: { columns, rows } } });
  const interrupts: number[] = [];
  const view = FullConsole.open(runtime, {
    ...options,
    colours: "black",
    onInterrupt: () => void interrupts.push(clock.now()),
  });
  const terminal = runtime.host.terminal;
  assert.ok(view && terminal);
  const reader = new ScreenReader(columns, rows);
  return {
    view,
    terminal,
    clock,
    interrupts,
    host: runtime.host,
    /** What a person sees when all has been drawn. */
    async screen(): Promise<string[]> {
      await clock.advance(100);
      reader.read(terminal.text);
      terminal.text = "";
      return reader.lines();
    },
    resize(columns: number, rows: number) {
      reader.read(terminal.text);
      terminal.text = "";
      reader.resize(columns, rows);
      terminal.resize(columns, rows);
    },
    reader,
  };
}

test("FullConsole.open() gives nothing where there is no terminal", () => {
  const runtime = memoryRuntime({ host: { isTty: true } });
  const options = { colours: "none", onInterrupt() {} } as const;
  assert.equal(FullConsole.open(runtime, options), undefined);
});

test("FullConsole shows the status as events come, and leaves the terminal as it was", async () => {
  const { view, screen, reader, terminal } = stage();
  const connecting = await screen();
  assert.match(connecting[0], /^sallyport +\(Ctrl\+C to quit\)$/);
  assert.equal(connecting[2], "Session Status                connecting");
  view.onEvent(online());
  const text = (await screen()).join("\n");
  assert.match(text, new RegExp(`^Forwarding {20}${URL} -> http://localhost$`, "m"));
  assert.match(text, /q QR code {3}c copy URL$/);
  await view.close();
  await view.close();
  reader.read(terminal.text);
  assert.deepEqual([reader.isAlternate, reader.hasCursor, terminal.isOpen], [false, true, false]);
});

test("FullConsole draws no more than ten frames a second, however much happens", async () => {
  const { view, screen, terminal, clock } = stage({ showsRequests: true });
  await screen();
  const before = terminal.writes;
  for (let at = 0; at < 1_000; at++) {
    view.onExchange(over(`/${at}`));
    await clock.advance(1);
  }
  assert.ok(terminal.writes - before <= 11, `${terminal.writes - before} frames`);
  assert.ok((await screen()).some((line) => line.includes("/999 ")));
  await view.close();
});

test("FullConsole draws nothing while nothing changes", async () => {
  const { view, screen, terminal, clock } = stage();
  await screen();
  const before = terminal.writes;
  await clock.advance(60_000);
  assert.equal(terminal.writes, before);
  await view.close();
});

test("FullConsole hands Ctrl+C on and says what a second one does", async () => {
  const { view, terminal, screen, interrupts } = stage();
  terminal.type("\x03");
  const first = (await screen()).join("\n");
  assert.match(first, /\(Ctrl\+C to quit at once\)/);
  assert.match(first, /^Session Status +closing \(finishing the requests/m);
  terminal.type("\x03");
  assert.equal(interrupts.length, 2);
  await view.close();
});

test("FullConsole shows a QR code that reads as the URL, one for each endpoint, on q", async () => {
  const { view, terminal, screen, reader } = stage({}, 80, 40);
  terminal.type("q");
  assert.equal((await screen()).at(-1), "There is no URL yet");
  view.onEvent(online());
  view.onEvent(online("db", "tcp://db.example.com:20001"));
  for (const url of [URL, "tcp://db.example.com:20001"]) {
    terminal.type("q");
    const lines = await screen();
    assert.equal(lines[1], url);
    assert.equal(readQrCode(reader.lines().slice(2, -1)), url);
  }
  terminal.type("q");
  assert.ok((await screen()).join("\n").includes("Session Status"), "the third leads back");
  terminal.type("q\x1b");
  assert.ok((await screen()).join("\n").includes("Session Status"), "and so does Escape");
  await view.close();
});

test("FullConsole says what room a QR code needs on a terminal that is too small", async () => {
  const { view, terminal, screen, resize } = stage({}, 80, 12);
  view.onEvent(online());
  terminal.type("q");
  const text = (await screen()).join("\n");
  const [, columns, rows] = /needs (\d+) columns and (\d+) rows/.exec(text) ?? [];
  resize(Number(columns), Number(rows));
  assert.equal(readQrCode((await screen()).slice(2, -1)), URL);
  await view.close();
});

test("FullConsole puts the URL into the terminal's clipboard on c", async () => {
  const { view, terminal, screen } = stage();
  view.onEvent(online());
  await screen();
  terminal.type("c");
  assert.ok(terminal.text.includes(`\x1b]52;c;${btoa(URL)}\x07`));
  assert.match((await screen()).at(-1)!, /is in the clipboard, if your terminal/);
  await view.close();
});

test("FullConsole follows a size that changes, down to a single cell", async () => {
  const { view, screen, resize } = stage();
  view.onEvent(online());
  await screen();
  for (const [columns, rows] of [[40, 10], [1, 1], [5, 3], [200, 60]]) {
    resize(columns, rows);
    const lines = await screen();
    assert.equal(lines.length, rows);
    assert.match(lines[0], columns === 1 ? /^…$/ : /^sall/);
  }
  await view.close();
});

test("FullConsole scrolls with keys, within bounds, and stays where a reader is", async () => {
  const { view, terminal, screen } = stage({ showsRequests: true }, 80, 14);
  view.onEvent(online());
  for (let at = 0; at < 30; at++) view.onExchange(over(`/${at}`));
  assert.match((await screen())[2], /^Session Status/);
  terminal.type("\x1b[F");
  const bottom = await screen();
  assert.match(bottom[11], / \/0 /);
  view.onExchange(over("/new"));
  view.onExchange(over("/newer"));
  assert.deepEqual((await screen()).slice(1, 12), bottom.slice(1, 12));
  terminal.type("\x1b[A");
  assert.match((await screen())[11], / \/1 /);
  terminal.type("\x1b[H\x1b[A\x1b[A\x1b[B");
  assert.match((await screen())[1], /^Session Status/);
  await view.close();
});

test("FullConsole draws everything anew when the program comes back, and on Ctrl+L", async () => {
  const { view, terminal, screen, reader } = stage();
  view.onEvent(online());
  const before = await screen();
  terminal.type("\x1a");
  assert.equal(terminal.suspensions, 1);
  terminal.resume();
  assert.deepEqual(await screen(), before);
  reader.resize(80, 24);
  terminal.type("\x0c");
  assert.deepEqual(await screen(), before);
  await view.close();
});

test("S144 FullConsole offers an update, and Ctrl+U gets it, once", async () => {
  const { view, terminal, screen } = stage();
  terminal.type("\x15");
  let runs = 0;
  let finish!: (words: string) => void;
  view.offerUpdate({
    version: "9.9.9",
    run: () => {
      runs++;
      return new Promise((resolve) => finish = resolve);
    },
  });
  const row = "Update                        ";
  const lines = await screen();
  assert.ok(lines.includes(`${row}update available (version 9.9.9, Ctrl-U to update)`));
  terminal.type("\x15\x15");
  assert.ok((await screen()).includes(`${row}updating to version 9.9.9 …`));
  finish("version 9.9.9 is installed: restart to use it");
  assert.ok((await screen()).includes(`${row}version 9.9.9 is installed: restart to use it`));
  assert.equal(runs, 1);
  await view.close();
});

test("FullConsole says why an update failed, and offers it again", async () => {
  const { view, terminal, screen, host } = stage();
  const error = new TunnelError("io_failed", "Cannot write the program");
  view.offerUpdate({ version: "9.9.9", run: () => Promise.reject(error) });
  terminal.type("\x15");
  const text = (await screen()).join("\n");
  assert.match(text, /Cannot write the program/);
  assert.match(text, /update available \(version 9\.9\.9/);
  await view.close();
  assert.match(
    host.stdout.text,
    /Cannot write the program\n$/,
    "and it can still be read afterwards",
  );
});

test("FullConsole shows requests of the agent's inspector, and of the edge only what it answered itself", async () => {
  const { view, screen } = stage({ showsRequests: true });
  const exchanges = new ExchangeStore();
  view.follow({ exchanges, endpoints: [], session: { sessionDurationS: 0 } } as unknown as Agent);
  view.onExchange(over("/twice"));
  view.onExchange(over("/nowhere", 3200));
  view.showWebInterface("http://127.0.0.1:4040");
  const text = (await screen()).join("\n");
  assert.match(text, /ERR_NGROK_3200/);
  assert.doesNotMatch(text, /twice/);
  assert.match(text, /^Web Interface {17}http:\/\/127\.0\.0\.1:4040$/m);
  await view.close();
});

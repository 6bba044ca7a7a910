/**
 * The full-screen status in a real terminal, on each runtime and as a compiled program.
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { buildWithBun, isHost, TARGETS } from "../../scripts/compile.ts";
import { readQrCode } from "../fakes/qr_reader.ts";
import { test } from "../harness.ts";
import { dial, splitAddress, startFaultRelay, startWeb, visit } from "./kit.ts";
import { hasRuntime, programWords, selfName } from "./program.ts";
import { quoted, TmuxTerminal } from "./tmux.ts";
import { AUTHTOKEN, startTestEdge } from "./tunnel_suite.ts";

const FORWARDING = /^Forwarding +(http:\/\/\S+)/m;

/** On Linux, where tmux is, and where a program can tell whether it is in the background. */
function inTerminal(name: string, run: () => Promise<void>): void {
  if (process.platform === "linux") test(name, () => run().finally(TmuxTerminal.closeAll));
}

/** The command line that starts the program, for the shell. */
function line(words: readonly string[], ...args: string[]): string {
  return [...words, ...args].map(quoted).join(" ");
}

/** What is stable on a screen. */
function stable(lines: readonly string[]): string {
  return lines.join("\n")
    .replace(/(localhost|127\.0\.0\.1):\d+/g, "$1:PORT")
    .replace(/^\d\d:\d\d:\d\d\.\d{3}/gm, "TIME")
    .replace(/ +\d+(\.\d)? m?s$/gm, " TOOK")
    .replace(/^( {30}\d+ +\d+) .*$/m, "$1 RATES");
}

/** The shell waits: a prompt with nothing behind it. What is typed before would be the program's. */
async function prompt(terminal: TmuxTerminal): Promise<void> {
  await terminal.waitFor(/^%\n*$/m);
}

/** The shell is back, and the terminal is as it was: echo, lines, cursor, the screen of before. */
async function restored(terminal: TmuxTerminal, code: number): Promise<void> {
  await prompt(terminal);
  terminal.run("echo code $?; stty -a | grep -o ' .\\?icanon\\| .\\?echo '");
  await terminal.waitFor(new RegExp(`code ${code}\\n icanon\\n echo$`, "m"));
  assert.deepEqual(terminal.state(), { isAlternate: false, hasCursor: true });
}

/** What a person does with it from the beginning to the end. */
async function mainJob(words: readonly string[]): Promise<void> {
  const web = await startWeb();
  const terminal = await TmuxTerminal.open(90, 24, { NO_COLOR: "1" });
  try {
    terminal.run(line(words, "http", "--url", "myapp", String(web.port)));
    const [, url] = await terminal.waitFor(FORWARDING);
    assert.deepEqual(terminal.state(), { isAlternate: true, hasCursor: false });
    const door = { http: `127.0.0.1:${new URL(url).port}` };
    assert.equal((await visit(door, `${url}/hello?token=secret`)).status, 200);
    assert.equal((await visit(door, `http://nowhere.localhost/`)).status, 404);
    await terminal.waitFor(/ERR_NGROK_3200/);
    // The visitor's connection closes when it likes.
    await terminal.waitFor(/^ {30}1 +0 /m);
    assert.equal(
      stable(terminal.lines()),
      `sallyport                                                                 (Ctrl+C to quit)

Session Status                online
Version                       0.1.0
Edge                          in this program, for this machine alone
Web Interface                 http://127.0.0.1:PORT
Forwarding                    http://myapp.localhost:PORT -> http://localhost:PORT

Connections                   ttl     opn     rt1     rt5     p50     p90
                              1       0 RATES

To go public, run "sallyport edge" on a server and give it here: --connect-url <its
address>

HTTP Requests
-------------
TIME GET     /                                     404 ERR_NGROK_3200 TOOK
TIME GET     /hello                                200 OK TOOK





q QR code   c copy URL`,
    );
    await resizes(terminal, url);
    await showsCode(terminal, url);
    await stopsAndComesBack(terminal);
    terminal.press("C-c");
    await restored(terminal, 0);
  } finally {
    await web.close();
  }
}

async function resizes(terminal: TmuxTerminal, url: string): Promise<void> {
  terminal.resize(34, 12);
  await terminal.waitFor(/^Session Status\n {2}online$/m);
  terminal.press("Down", "Down", "Down", "Down", "Down");
  await terminal.waitFor(new RegExp(`^Forwarding\\n {2}${url}( ->)?$`, "m"));
  assert.match(terminal.lines()[0], /^sallyport +\(Ctrl\+C to quit\)$/);
  terminal.press("End");
  await terminal.waitFor(/^GET {5}\/hello +200$/m);
  terminal.resize(3, 2);
  await terminal.waitFor(/^sa…$/m);
  terminal.resize(90, 30);
  await terminal.waitFor(/^Session Status {16}online$/m);
}

async function showsCode(terminal: TmuxTerminal, url: string): Promise<void> {
  terminal.press("q");
  await terminal.waitFor(/[▀▄█]/);
  const lines = terminal.lines();
  assert.equal(lines[1], url);
  assert.equal(readQrCode(lines), url);
  terminal.press("Escape");
  await terminal.waitFor(/^Session Status/m);
}

async function stopsAndComesBack(terminal: TmuxTerminal): Promise<void> {
  terminal.press("C-z");
  await terminal.waitFor(/Stopped/);
  assert.deepEqual(terminal.state(), { isAlternate: false, hasCursor: true });
  await prompt(terminal);
  terminal.run("stty -a | grep -o ' .\\?icanon'");
  await terminal.waitFor(/ icanon$/m);
  // In the background it leaves the screen to the shell.
  await prompt(terminal);
  terminal.run("bg");
  await prompt(terminal);
  terminal.run("echo still $((20 + 3))");
  await terminal.waitFor(/still 23$/m);
  assert.equal(terminal.state().isAlternate, false);
  terminal.run("fg");
  await terminal.waitFor(/^Session Status {16}online$/m);
  assert.deepEqual(terminal.state(), { isAlternate: true, hasCursor: false });
}

for (const runtime of new Set([selfName(), "deno", "bun"] as const)) {
  if (!hasRuntime(runtime)) continue;
  inTerminal(
    `the full screen does its job in a terminal on ${runtime}`,
    () => mainJob(programWords("cli.ts", runtime)),
  );
}

inTerminal("the full screen does its job in a terminal as a compiled program", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-compiled-"));
  try {
    const program = join(folder, "sallyport");
    const here = TARGETS.find(isHost);
    assert.ok(here, "there is a build for this machine");
    buildWithBun(here, program);
    await mainJob([program]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Starts the program, and knows its process. */
async function startIn(terminal: TmuxTerminal, ...args: string[]): Promise<number> {
  const file = join(terminal.folder, "pid");
  terminal.run(`sh -c 'echo $$ >${file}; exec "$@"' sh ${line(programWords(), ...args)}`);
  await terminal.waitFor(FORWARDING);
  return Number(await readFile(file, "utf8"));
}

for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
  inTerminal(`the terminal is as it was after ${signal} from outside`, async () => {
    const terminal = await TmuxTerminal.open(90, 24);
    process.kill(await startIn(terminal, "http", "1"), signal);
    await restored(terminal, 0);
  });
}

inTerminal(
  "the terminal is as it was while SIGTSTP from outside has stopped the program",
  async () => {
    const terminal = await TmuxTerminal.open(90, 24);
    const pid = await startIn(terminal, "http", "1");
    process.kill(pid, "SIGTSTP");
    await terminal.waitFor(/Stopped/);
    assert.deepEqual(terminal.state(), { isAlternate: false, hasCursor: true });
    await prompt(terminal);
    terminal.run("fg");
    await terminal.waitFor(/^Session Status/m);
    // Nobody is told of SIGSTOP; all is drawn again afterwards.
    process.kill(pid, "SIGSTOP");
    await terminal.waitFor(/Stopped/);
    // This shell leaves the terminal as the program had it: Enter is no end of a line there.
    terminal.press("f", "g", "C-j");
    await terminal.waitFor(/^sallyport +\(Ctrl[^]*copy URL$/m);
    terminal.press("C-c");
    await restored(terminal, 0);
  },
);

inTerminal(
  "a second Ctrl+C ends the program at once, the first lets a request finish",
  async () => {
    const web = await startWeb();
    const terminal = await TmuxTerminal.open(90, 24);
    const sockets: Socket[] = [];
    try {
      await startIn(terminal, "http", "--url", "myapp", String(web.port));
      const [, url] = await terminal.waitFor(FORWARDING);
      const socket = await dial(Number(new URL(url).port));
      sockets.push(socket);
      socket.on("error", () => {}); // it is cut off in the end
      socket.write(
        "POST /upload HTTP/1.1\r\nHost: myapp.localhost\r\nContent-Length: 10\r\n\r\n123",
      );
      await terminal.waitFor(/POST +\/upload/);
      terminal.press("C-c");
      await terminal.waitFor(/closing \(finishing/);
      terminal.press("C-c");
      await restored(terminal, 0);
    } finally {
      for (const socket of sockets) socket.destroy();
      await web.close();
    }
  },
);

inTerminal(
  "the full screen says why a session is lost, and what the edge refuses can be read afterwards",
  async () => {
    const edge = await startTestEdge();
    const relay = await startFaultRelay(splitAddress(edge.agents)[1]);
    const web = await startWeb();
    const terminal = await TmuxTerminal.open(100, 24, {
      SALLYPORT_AUTHTOKEN: AUTHTOKEN,
      NO_COLOR: "1",
    });
    const args = ["--connect-url", `127.0.0.1:${relay.port}`, "--connect-cas", edge.caPath];
    try {
      terminal.run(
        line(programWords(), "http", String(web.port), "--url", "http://shop.tunnel.test", ...args),
      );
      await terminal.waitFor(/^Forwarding +http:\/\/shop\.tunnel\.test/m);
      await terminal.waitFor(/^Account +\S/m);
      await terminal.waitFor(/^Latency +\d+ms$/m);
      await relay.close();
      relay.cut("rst");
      await terminal.waitFor(/^Session Status +reconnecting \(/m);
      terminal.press("C-c", "C-c");
      await restored(terminal, 0);
      const refused = ["--connect-url", edge.agents, "--connect-cas", edge.caPath];
      terminal.run(
        `clear; ${line(programWords(), "http", "1", "--authtoken", "wrong", ...refused)}`,
      );
      await terminal.waitFor(/^ERROR: +ERR_NGROK_\d+$/m);
      await restored(terminal, 1);
    } finally {
      for (const one of [web, relay, edge]) await one.close();
    }
  },
);

inTerminal("console_ui_color and NO_COLOR decide about the background", async () => {
  // ESC, which a regular expression may not name, is written as ^.
  const looks = [
    ["console_ui: true", { NO_COLOR: "" }, /\^\[40m|;40m/, undefined],
    ["console_ui_color: transparent", { NO_COLOR: "" }, /\^\[32monline/, /40m/],
    ["console_ui: iftty", { NO_COLOR: "1" }, /online/, /\^\[\d/],
  ] as const;
  for (const [option, env, has, lacks] of looks) {
    const terminal = await TmuxTerminal.open(90, 24, env);
    const file = join(terminal.folder, "sallyport.yml");
    await writeFile(file, `version: 3\nagent:\n  ${option}\n`);
    await startIn(terminal, "http", "1", "--config", file);
    const text = terminal.coloured().replaceAll("\x1b", "^");
    assert.match(text, has, option);
    if (lacks) assert.doesNotMatch(text, lacks, option);
  }
});

for (
  const [what, before, after] of [
    ["the terminal is dumb", "TERM=dumb", ""],
    ["the program is in the background", "", "&"],
    ["the log goes to the same terminal", "", "--log stderr"],
    ["console_ui is false", "", "--config ./quiet.yml"],
  ] as const
) {
  inTerminal(`there is no full screen where ${what}`, async () => {
    const terminal = await TmuxTerminal.open(90, 24);
    await writeFile(join(terminal.folder, "quiet.yml"), "version: 3\nagent: {console_ui: false}\n");
    terminal.run(`cd ${terminal.folder}`);
    terminal.run(`${before} ${line(programWords(), "http", "1")} ${after}`);
    await terminal.waitFor(/^Forwarding|started tunnel/m);
    assert.equal(terminal.state().isAlternate, false);
    // The shell leaves what is in the background alone when it ends.
    if (after === "&") {
      terminal.run("kill %1; wait %1; echo ended $?");
      await terminal.waitFor(/ended 0$/m);
    }
  });
}

inTerminal("the full screen does without keys where standard input is no terminal", async () => {
  const terminal = await TmuxTerminal.open(90, 24);
  terminal.run(`${line(programWords(), "http", "1")} </dev/null`);
  await terminal.waitFor(FORWARDING);
  assert.equal(terminal.state().isAlternate, true);
  terminal.press("C-c");
  await restored(terminal, 0);
});

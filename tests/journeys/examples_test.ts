/**
 * Every program of `examples/` is started as a person would start it, on the runtime of the test, and
 * asked for what it is about.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { test } from "../harness.ts";

const FOLDER = new URL("../../examples/", import.meta.url);
const LIMIT_MS = 30_000;

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: http.IncomingHttpHeaders;
}

/** One request; the first piece of an answer that does not end is enough. */
function ask(
  url: string,
  path: string,
  { method = "GET", headers = {}, body = "" }: {
    method?: string;
    headers?: Record<string, string>;
    body?: string;
  } = {},
): Promise<Answer> {
  const { host, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = http.request({
      ...{ host: "127.0.0.1", port, path, method, agent: false },
      headers: { ...headers, host },
    }, (response) => {
      let text = "";
      const done = () => resolve({ status: response.statusCode!, text, headers: response.headers });
      response.on("data", (data: Uint8Array) => {
        text += new TextDecoder().decode(data);
        if (!/event-stream/.test(response.headers["content-type"] ?? "")) return;
        done();
        request.destroy();
      });
      response.on("end", done);
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** Bytes there, and what comes back until `enough`. */
function talk(port: number, bytes: Uint8Array, enough: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(bytes));
    let text = "";
    socket.on("data", (data: Uint8Array) => {
      text += new TextDecoder("latin1").decode(data);
      if (!enough.test(text)) return;
      socket.destroy();
      resolve(text);
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`the connection ended after "${text}"`)));
  });
}

/** A WebSocket that says "hi". */
function sayHi(url: string, path: string, enough: RegExp): Promise<string> {
  const { host, port } = new URL(url);
  const head = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\n` +
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const hi = [0x81, 0x82, 0, 0, 0, 0, 104, 105];
  return talk(Number(port), new Uint8Array([...new TextEncoder().encode(head), ...hi]), enough);
}

/** What each is about; `line` gives what it prints next. */
const CHECKS: Record<string, (url: string, line: () => Promise<string>) => Promise<void>> = {
  "chat.ts": async (url) => void await sayHi(url, "/", /127\.0\.0\.1: hi/),
  "echo.ts": async (url, line) => {
    await talk(Number(new URL(url).port), new TextEncoder().encode("there"), /^there$/);
    assert.match(await line(), /^127\.0\.0\.1:\d+ came$/);
  },
  "edge.ts": async (url, line) => {
    assert.equal((await ask(url, "/")).text, "through my own edge");
    for (let text = ""; text !== "connection_opened"; text = await line()) {
      assert.match(text, /^([a-z]+_[a-z]+)?$/);
    }
  },
  "events.ts": async (url) =>
    assert.match((await ask(url, "/")).text, /^event: time\ndata: \d{4}-/),
  "forward.ts": async (url) => assert.equal((await ask(url, "/x")).text, "you asked for /x"),
  "hono.ts": async (url) => {
    assert.equal((await ask(url, "/")).text, "hello 127.0.0.1");
    await sayHi(url, "/shout", /HI/);
  },
  "inspect.ts": async (url, line) => {
    assert.equal((await ask(url, "/a?b")).text, "hello");
    assert.match(await line(), /^GET \/a\?b 200 [\d.]+ ms$/);
  },
  "ngrok.ts": async (url) => assert.equal((await ask(url, "/")).text, "hello"),
  "policy.ts": async (url) => {
    assert.equal((await ask(url, "/")).status, 401);
    const headers = { authorization: `Basic ${btoa("me:a-long-password")}` };
    const answer = await ask(url, "/", { headers });
    assert.equal(answer.text, "for you only");
    assert.equal(answer.headers["x-robots-tag"], "noindex");
  },
  "serve.ts": async (url) => {
    const { text } = await ask(url, "/here");
    assert.deepEqual(JSON.parse(text), { pathname: "/here", visitor: "127.0.0.1" });
    assert.equal((await ask(url, "/", { method: "POST", body: "back" })).text, "back");
  },
  "upload.ts": async (url) => {
    const { text } = await ask(url, "/", { method: "POST", body: "abc" });
    assert.match(text, /"bytes":3,"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a3/);
  },
};

/** A program, and what it prints. */
function start(name: string) {
  const isDeno = detectRuntime().host.runtime.name === "deno";
  const args = isDeno ? ["run", "-A", "--no-check", "--node-modules-dir=manual"] : [];
  const path = fileURLToPath(new URL(name, FOLDER));
  const child = spawn(process.execPath, [...args, path], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let complaints = "";
  child.stderr!.on("data", (data) => complaints += data);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  return {
    async line(): Promise<string> {
      const { done, value } = await lines.next();
      if (done) throw new Error(`${name} ended: ${complaints}`);
      return value;
    },
    async stop(): Promise<void> {
      clearTimeout(timer);
      child.kill("SIGKILL");
      await exited;
    },
  };
}

test("examples: each is known to this test, and under thirty lines", () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".ts")).sort();
  assert.deepEqual(names, Object.keys(CHECKS));
  for (const name of names) {
    const lines = readFileSync(new URL(name, FOLDER), "utf8").trimEnd().split("\n").length;
    assert.ok(lines < 30, `${name} has ${lines} lines`);
  }
});

for (const [name, check] of Object.entries(CHECKS)) {
  test(`examples/${name} runs and does what it says`, async () => {
    const program = start(name);
    try {
      await check(await program.line(), () => program.line());
    } finally {
      await program.stop();
    }
  });
}

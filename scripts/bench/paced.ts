/**
 * A client that asks at a fixed rate however slow the answers are, and measures each answer from the
 * tick in which the request was due: wrk, which waits for an answer before it asks again, hides delays.
 *
 * Run by the benchmark: `paced.ts PORT HOST_HEADER RATE SECONDS` prints the result.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import process from "node:process";
import { Buffer } from "node:buffer";

/** Connections at most; requests that find none free wait, and their wait counts. */
const MAX_CONNECTIONS = 64;
/** Opened ahead, so that no request of the run pays for a connection. */
const READY_CONNECTIONS = 16;
/** Answers of the start are not counted. */
const WARM_UP_SECONDS = 0.5;

const [port, host, rate, seconds] = process.argv.slice(2);
const perSecond = Number(rate);
const runMs = (Number(seconds) + WARM_UP_SECONDS) * 1000;
const request = Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: paced\r\n\r\n`);
const idle: Client[] = [];
const due: number[] = [];
const answeredMs: number[] = [];
let clients = 0;
let sent = 0;
let failed = 0;
let startMs = 0;

/** One keep-alive connection. */
class Client {
  readonly #socket: Socket;
  #dueMs = -1;
  #leftBytes = -1;
  #head = "";

  constructor(onReady: () => void) {
    clients++;
    this.#socket = connect({ host: "127.0.0.1", port: Number(port), noDelay: true }, onReady);
    this.#socket.on("data", (data) => this.#onData(data));
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => this.#onClose());
  }

  ask(dueMs: number): void {
    this.#dueMs = dueMs;
    this.#socket.write(request);
  }

  close(): void {
    this.#dueMs = -1;
    this.#socket.destroy();
  }

  #onData(data: Buffer): void {
    if (this.#leftBytes < 0) {
      this.#head += data.toString("latin1");
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head);
      if (!length || !this.#head.startsWith("HTTP/1.1 200")) return void this.#socket.destroy();
      this.#leftBytes = end + 4 + Number(length[1]) - this.#head.length;
      this.#head = "";
    } else {
      this.#leftBytes -= data.length;
    }
    if (this.#leftBytes > 0) return;
    this.#leftBytes = -1;
    const nowMs = performance.now();
    if (this.#dueMs - startMs >= WARM_UP_SECONDS * 1000) answeredMs.push(nowMs - this.#dueMs);
    this.#dueMs = -1;
    const next = due.shift();
    if (next === undefined) idle.push(this);
    else this.ask(next);
  }

  #onClose(): void {
    clients--;
    if (this.#dueMs >= 0) failed++;
    const at = idle.indexOf(this);
    if (at >= 0) idle.splice(at, 1);
  }
}

function tick(): void {
  const nowMs = performance.now();
  const wanted = Math.floor((nowMs - startMs) * perSecond / 1000);
  for (; sent < wanted; sent++) {
    const client = idle.pop();
    if (client) client.ask(nowMs);
    else {
      due.push(nowMs);
      if (clients < MAX_CONNECTIONS) {
        const fresh: Client = new Client(() => {
          const next = due.shift();
          if (next === undefined) idle.push(fresh);
          else fresh.ask(next);
        });
      }
    }
  }
  if (nowMs - startMs < runMs) setTimeout(tick, 1);
  else setTimeout(finish, 500);
}

function finish(): void {
  answeredMs.sort((a, b) => a - b);
  const at = (part: number) => answeredMs[Math.floor(answeredMs.length * part)] ?? null;
  const unanswered = failed + due.length;
  const result = { requests: answeredMs.length, unanswered, p50Ms: at(0.5), p99Ms: at(0.99) };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

let ready = 0;
for (let count = 0; count < READY_CONNECTIONS; count++) {
  const client: Client = new Client(() => {
    idle.push(client);
    if (++ready < READY_CONNECTIONS) return;
    startMs = performance.now();
    tick();
  });
}
// Without all connections there is nothing to measure.
setTimeout(() => {
  if (startMs === 0) process.exit(1);
}, 5000);

/**
 * Several agents on one URL, each a process of its own: frozen, killed and stopped under load, and
 * the official SDK beside ours.
 */
import assert from "node:assert/strict";
import https from "node:https";
import { type Agent, connect } from "../../lib/agent/agent.ts";
import type { ForwardOptions } from "../../lib/agent/config.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { test } from "../harness.ts";
import { dial, readToEnd, startAfterEnd, startWeb, visit } from "./kit.ts";
import { type Program, startProgram } from "./program.ts";
import { Sdk } from "./sdk.ts";
import { AUTHTOKEN, DOMAIN, eventually, startTestEdge, type TestEdge } from "./tunnel_suite.ts";

const HOST = `pool.${DOMAIN}`;
const URL_OF_POOL = `https://${HOST}`;

/** Whatever has to be taken down, the latest first. */
class Stack {
  readonly #things: (() => Promise<unknown>)[] = [];

  use<T extends { close(): Promise<void> }>(thing: T): T {
    this.#things.push(() => thing.close());
    return thing;
  }

  defer(end: () => Promise<unknown>): void {
    this.#things.push(end);
  }

  async end(): Promise<void> {
    for (const end of this.#things.reverse()) await end();
  }
}

async function withEdge(
  run: (edge: TestEdge, stack: Stack) => Promise<void>,
): Promise<void> {
  const stack = new Stack();
  try {
    const edge = stack.use(
      await startTestEdge({ limits: { doubtMs: 400, doubtAnswerMs: 400 } }),
    );
    await run(edge, stack);
  } finally {
    await stack.end();
  }
}

/** Waits for what is going to happen. */
function until(check: () => boolean | Promise<boolean>): Promise<void> {
  return eventually(async () => assert.ok(await check(), String(check)));
}

/** A member in a process of its own, and its service in this one. */
async function startMember(edge: TestEdge, stack: Stack) {
  const service = stack.use(await startWeb());
  const program: Program = startProgram([
    "http",
    `127.0.0.1:${service.port}`,
    "--url",
    URL_OF_POOL,
    "--pooling-enabled",
    "--connect-url",
    edge.agents,
    "--connect-cas",
    edge.caPath,
    "--log",
    "stdout",
    "--log-format",
    "json",
  ], { env: { SALLYPORT_AUTHTOKEN: AUTHTOKEN } });
  stack.defer(() => {
    program.signal("SIGCONT");
    return program.stop();
  });
  return { service, program };
}

/** So many requests, some at a time; every one has to succeed. */
async function load(
  edge: TestEdge,
  { count, atATime, path = "/hello" }: { count: number; atATime: number; path?: string },
): Promise<void> {
  let begun = 0;
  const worker = async () => {
    while (begun++ < count) {
      const { status, text } = await visit(edge.door, URL_OF_POOL + path);
      assert.equal(status, 200, text);
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}

test("pool: a frozen agent, a killed one and a stopped one cost no visitor a request", () =>
  withEdge(async (edge, stack) => {
    const members = await Promise.all([0, 1, 2].map(() => startMember(edge, stack)));
    await Promise.all(
      members.map(({ program }) =>
        program.waitForJsonLine((line) => line.msg === "started tunnel")
      ),
    );
    assert.equal(edge.edge.endpoints().length, 3);
    for (const endpoint of edge.edge.endpoints()) assert.equal(endpoint.poolingEnabled, true);
    await load(edge, { count: 150, atATime: 5 });
    for (const { service } of members) assert.ok(service.requests() > 5, "each has its share");

    const [frozen, killed, stopped] = members;
    const before = frozen.service.requests();
    frozen.program.signal("SIGSTOP");
    await load(edge, { count: 200, atATime: 20 });
    assert.ok(frozen.service.requests() - before <= 1, "its share has dried up");
    frozen.program.signal("SIGCONT");
    await until(async () => {
      await load(edge, { count: 20, atATime: 5 });
      return frozen.service.requests() - before > 5;
    });

    const loading = load(edge, { count: 300, atATime: 20, path: "/slow?ms=10&i=1" });
    await until(() => killed.service.requests() > 0);
    killed.program.signal("SIGKILL");
    await loading;
    await until(() => edge.edge.endpoints().length === 2);

    const closing = load(edge, { count: 200, atATime: 20, path: "/slow?ms=100&i=1" });
    stopped.program.signal("SIGTERM");
    assert.equal((await stopped.program.exited).code, 0);
    await closing;
    assert.equal(edge.edge.endpoints().length, 1);
  }));

async function startOwn(
  edge: TestEdge,
  stack: Stack,
  options: ForwardOptions,
): Promise<{ agent: Agent; url: string }> {
  const agent = await connect({
    connectUrl: edge.agents,
    connectCas: edge.caPath,
    authtoken: AUTHTOKEN,
    runtime: detectRuntime(),
  });
  stack.defer(() => agent.close({ graceMs: 0 }));
  const { url } = await agent.forward({ ...options, poolingEnabled: true });
  return { agent, url };
}

test("pool: the official SDK and our agent share a URL, also over one connection of a visitor", () =>
  withEdge(async (edge, stack) => {
    const ours = stack.use(await startWeb());
    const theirs = stack.use(await startWeb());
    const sdk = await Sdk.start();
    stack.defer(() => sdk.stop());
    await sdk.must("connect", {
      serverAddr: edge.agents,
      rootCas: edge.caPath,
      authtoken: AUTHTOKEN,
    });
    const made = await sdk.listen("http", `127.0.0.1:${theirs.port}`, {
      domain: HOST,
      pooled: true,
    });
    const { url } = await startOwn(edge, stack, {
      addr: ours.port,
      url: URL_OF_POOL,
    });
    assert.equal(url, made.url);
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    for (let count = 0; count < 60; count++) {
      const { status } = await visit(edge.door, `${URL_OF_POOL}/hello`, { agent });
      assert.equal(status, 200);
    }
    agent.destroy();
    assert.ok(ours.requests() > 5 && theirs.requests() > 5, `${ours.requests()}`);
    assert.equal(ours.requests() + theirs.requests(), 60);
    // Without pooling nobody joins.
    const refused = await sdk.ask("listen", { kind: "http", domain: HOST, to: "127.0.0.1:9" });
    assert.equal(refused.errorCode, "ERR_NGROK_334");
    // A closed SDK keeps its connection and answers nothing (wire-protocol 10.10).
    await sdk.must("disconnect", {});
    await load(edge, { count: 30, atATime: 10 });
    assert.equal(edge.edge.endpoints().length, 2);
  }));

test("pool: connections to a tcp address are spread over its members", () =>
  withEdge(async (edge, stack) => {
    const services = [stack.use(await startAfterEnd()), stack.use(await startAfterEnd())];
    const first = await startOwn(edge, stack, {
      addr: `127.0.0.1:${services[0].port}`,
      proto: "tcp",
      url: "tcp://",
    });
    const second = await startOwn(edge, stack, {
      addr: `127.0.0.1:${services[1].port}`,
      proto: "tcp",
      url: first.url,
    });
    assert.equal(second.url, first.url);
    const port = Number(new URL(first.url).port);
    const ask = async () => {
      const socket = await dial(port);
      socket.end("hello");
      assert.match(new TextDecoder().decode(await readToEnd(socket)), /^5 /);
    };
    for (let round = 0; round < 4; round++) {
      await Promise.all(Array.from({ length: 10 }, ask));
    }
    const counts = edge.edge.endpoints().map(({ traffic }) => traffic.requests);
    assert.equal(counts[0] + counts[1], 40);
    assert.ok(Math.min(...counts) > 5, counts.join());
    await first.agent.close({ graceMs: 0 });
    await until(() => edge.edge.endpoints().length === 1);
    await ask();
  }));

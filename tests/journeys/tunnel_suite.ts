/**
 * What every agent must be able to do through our edge: run with the official SDK and with our own.
 * The edge runs in the process of the tests, on the runtime that runs them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import type { EdgeOptions } from "../../lib/edge/config.ts";
import { launchEdge } from "../../lib/edge/edge.ts";
import type { EdgeInside } from "../../lib/edge/edge_handle.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import type { Address } from "../../lib/runtime/net.ts";
import { makeCa, type TestCa } from "../fakes/certs.ts";
import { test } from "../harness.ts";
import {
  dial,
  type Door,
  expectedBytes,
  type FaultRelay,
  pattern,
  readToEnd,
  sha256,
  splitAddress,
  startEcho,
  startFaultRelay,
  startTlsEcho,
  startWeb,
  visit,
  webSocketEcho,
  writeAll,
} from "./kit.ts";

/** The token of every edge here. */
export const AUTHTOKEN = "2journeys00000000000000tokn_3Z9x8Y7w6V5u4T3s2R1q0P";

/** The domain of every edge here. */
export const DOMAIN = "tunnel.test";

/** An edge under test, with all doors. */
export interface TestEdge {
  edge: EdgeInside;
  readonly door: Door;
  readonly caPem: string;
  readonly caPath: string;
  /** The data folder. */
  readonly dataDir: string;
  /** `127.0.0.1:port` of the agents' door. */
  readonly agents: string;
  /** Ends the edge and starts another one on the same ports and data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

function at(address: Address | undefined): string {
  assert.ok(address);
  return `${address.host}:${address.port}`;
}

/** Starts an edge on free ports of loopback. */
export async function startTestEdge(
  more: Partial<EdgeOptions> = {},
): Promise<TestEdge> {
  const dataDir = await mkdtemp(join(tmpdir(), "sallyport-edge-"));
  const start = (ports: { http: number; https: number; agents: number }) =>
    launchEdge({
      domain: DOMAIN,
      dataDir,
      authtoken: AUTHTOKEN,
      http: { port: ports.http },
      https: { port: ports.https },
      agents: { port: ports.agents },
      ...more,
    }, detectRuntime());
  const edge = await start({ http: 0, https: 0, agents: 0 });
  const { addresses } = edge;
  const caPem = edge.caPem!;
  const running: TestEdge = {
    edge,
    caPem,
    caPath: edge.caPath!,
    dataDir,
    agents: at(addresses.agents),
    door: { http: at(addresses.http), https: at(addresses.https), caPem },
    async restart() {
      await running.edge.close({ graceMs: 0 });
      running.edge = await start({
        http: addresses.http!.port,
        https: addresses.https!.port,
        agents: addresses.agents!.port,
      });
    },
    async close() {
      await running.edge.close({ graceMs: 0 });
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return running;
}

/** A tunnel somebody made. */
export interface Made {
  readonly url: string;
}

/** An agent under test. */
export interface TestAgent {
  /** Puts a local address on a public URL. */
  forward(
    kind: "http" | "tcp" | "tls",
    to: string,
    more?: { domain?: string; scheme?: string },
  ): Promise<Made>;
  close(): Promise<void>;
}

/** How an agent under test is started: towards this `host:port`. */
export type StartAgent = (
  edge: TestEdge,
  connectTo: string,
) => Promise<TestAgent>;

/** What a journey works with. */
export interface Stage {
  readonly edge: TestEdge;
  /** Between the agent and the edge: what passes can be broken. */
  readonly relay: FaultRelay;
  readonly agent: TestAgent;
  readonly ca: TestCa;
  /** Closes with the stage. */
  use<T extends { close(): Promise<void> }>(thing: T): T;
}

/** Runs a journey on a fresh stage, and takes it down whatever happens. */
export async function onStage(
  startAgent: StartAgent,
  run: (stage: Stage) => Promise<void>,
  more: Partial<EdgeOptions> = {},
): Promise<void> {
  const closables: { close(): Promise<void> }[] = [];
  const use = <T extends { close(): Promise<void> }>(thing: T): T => {
    closables.push(thing);
    return thing;
  };
  try {
    const edge = use(await startTestEdge(more));
    const relay = use(await startFaultRelay(splitAddress(edge.agents)[1]));
    const agent = use(await startAgent(edge, `127.0.0.1:${relay.port}`));
    await run({ edge, relay, agent, ca: await makeCa(), use });
  } finally {
    for (const thing of closables.reverse()) await thing.close();
  }
}

/** Tries until it works: what reconnects needs a moment, and a machine may be slow. */
export async function eventually<T>(
  run: () => Promise<T>,
  limitMs = 30_000,
): Promise<T> {
  const endMs = Date.now() + limitMs;
  for (;;) {
    try {
      return await run();
    } catch (thrown) {
      if (Date.now() > endMs) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const SIZE = 50 * 1024 * 1024;

/**
 * Declares the journeys for one kind of agent.
 *
 * @param name who makes the tunnels
 * @param startAgent starts it
 */
export function declareTunnelJourneys(
  name: string,
  startAgent: StartAgent,
): void {
  test(`S1 S10 ${name}: a visitor reaches the service over https, and it learns who came`, () =>
    onStage(startAgent, async ({ edge, agent, use }) => {
      const web = use(await startWeb());
      const { url } = await agent.forward(
        "http",
        `http://127.0.0.1:${web.port}`,
      );
      assert.match(url, /^https:\/\/[a-z0-9-]+\.tunnel\.test(:\d+)?$/);
      const hello = await visit(edge.door, `${url}/hello`);
      assert.deepEqual([hello.status, hello.text], [
        200,
        "hello from the service",
      ]);
      assert.ok(
        hello.rawHeaders.includes("X-Service"),
        "the case of headers is kept",
      );
      const seen = JSON.parse(
        (await visit(edge.door, `${url}/headers?a=%2F..%2f`, {
          headers: { "X-Mixed-Case": "Kept", "x-forwarded-for": "10.0.0.1" },
        })).text,
      );
      assert.equal(seen.url, "/headers?a=%2F..%2f");
      const headers = new Map<string, string>();
      for (let i = 0; i < seen.raw.length; i += 2) {
        headers.set(seen.raw[i].toLowerCase(), seen.raw[i + 1]);
      }
      assert.ok(seen.raw.includes("X-Mixed-Case"));
      assert.equal(headers.get("host"), new URL(url).host);
      assert.match(
        headers.get("x-forwarded-for")!,
        /^10\.0\.0\.1, ?127\.0\.0\.1$/,
      );
      assert.equal(headers.get("x-forwarded-proto"), "https");
      assert.equal(headers.get("x-forwarded-host"), new URL(url).host);
    }));

  test(`S11 ${name}: a chosen name is given, over http too`, () =>
    onStage(startAgent, async ({ edge, agent, use }) => {
      const web = use(await startWeb());
      const { url } = await agent.forward(
        "http",
        `http://127.0.0.1:${web.port}`,
        {
          domain: `shop.${DOMAIN}`,
          scheme: "http",
        },
      );
      assert.match(url, /^http:\/\/shop\.tunnel\.test(:\d+)?$/);
      assert.equal(
        (await visit(edge.door, `${url}/hello`)).text,
        "hello from the service",
      );
      assert.equal(
        (await visit(edge.door, `http://nobody.${DOMAIN}/`)).status,
        404,
      );
    }));

  test(`S1 ${name}: 50 MB down and 50 MB up arrive unchanged`, () =>
    onStage(startAgent, async ({ edge, agent, use }) => {
      const web = use(await startWeb());
      const { url } = await agent.forward(
        "http",
        `http://127.0.0.1:${web.port}`,
      );
      const down = await visit(edge.door, `${url}/bytes?n=${SIZE}`);
      assert.equal(down.body.length, SIZE);
      assert.equal(sha256(down.body), sha256(expectedBytes(SIZE)));
      const body = expectedBytes(SIZE);
      const up = await visit(edge.door, `${url}/hash`, {
        method: "POST",
        body,
      });
      assert.deepEqual(JSON.parse(up.text), {
        total: SIZE,
        hash: sha256(body),
      });
    }));

  test(`${name}: 50 requests at a time all get their own answer`, () =>
    onStage(startAgent, async ({ edge, agent, use }) => {
      const web = use(await startWeb());
      const { url } = await agent.forward(
        "http",
        `http://127.0.0.1:${web.port}`,
      );
      const answers = await Promise.all(
        Array.from(
          { length: 50 },
          (_, i) => visit(edge.door, `${url}/slow?ms=50&i=${i}`),
        ),
      );
      answers.forEach((answer, i) => assert.equal(answer.text, `slow ${i}`));
    }));

  test(`${name}: one connection of a visitor carries many requests`, () =>
    onStage(startAgent, async ({ edge, agent, use }) => {
      const web = use(await startWeb());
      const { url } = await agent.forward(
        "http",
        `http://127.0.0.1:${web.port}`,
        { scheme: "http" },
      );
      const keepAlive = new http.Agent({ keepAlive: true, maxSockets: 1 });
      try {
        for (let i = 0; i < 30; i++) {
          const answer = await visit(edge.door, `${url}/echo`, {
            method: "POST",
            body: `turn ${i}`,
            agent: keepAlive,
          });
          assert.equal(answer.text, `turn ${i}`);
        }
      } finally {
        keepAlive.destroy();
      }
      assert.equal(web.requests(), 30);
    }));

  test(`${name}: a WebSocket passes, on http and on https`, () =>
    onStage(startAgent, async ({ edge, agent, use }) => {
      const web = use(await startWeb());
      const to = `http://127.0.0.1:${web.port}`;
      const secure = await agent.forward("http", to);
      const plain = await agent.forward("http", to, { scheme: "http" });
      for (const { url } of [secure, plain]) {
        const message = `hello ${"x".repeat(300)} ü`;
        assert.equal(
          await webSocketEcho(edge.door, `${url}/ws`, message),
          message,
        );
      }
    }));

  test(`S21 ${name}: a tcp endpoint carries 50 MB there and back`, () =>
    onStage(startAgent, async ({ agent, use }) => {
      const echo = use(await startEcho());
      const { url } = await agent.forward("tcp", `127.0.0.1:${echo.port}`);
      assert.match(url, /^tcp:\/\/.+:\d+$/);
      const socket = await dial(Number(new URL(url).port));
      const sent = pattern(1 << 20);
      const got = readToEnd(socket);
      for (let i = 0; i < 50; i++) await writeAll(socket, sent);
      socket.end();
      const back = await got;
      assert.equal(back.length, 50 << 20);
      for (let i = 0; i < 50; i++) {
        assert.equal(
          sha256(back.subarray(i << 20, (i + 1) << 20)),
          sha256(sent),
        );
      }
      socket.destroy();
    }));

  test(`S23 S24 ${name}: a tls endpoint passes the visitor's TLS to the service, HTTPS or not`, () =>
    onStage(startAgent, async ({ edge, agent, ca, use }) => {
      const host = `raw.${DOMAIN}`;
      const leaf = await ca.leaf([host]);
      const service = use(await startTlsEcho(leaf.chainPem, leaf.keyPem));
      const { url } = await agent.forward("tls", `127.0.0.1:${service.port}`, {
        domain: host,
      });
      assert.match(url, /^tls:\/\/raw\.tunnel\.test(:\d+)?$/);
      const [address, port] = splitAddress(edge.door.https!);
      const got = await new Promise<string>((resolve, reject) => {
        const socket = tls.connect({
          host: address,
          port,
          servername: host,
          ca: ca.caPem,
        }, () => {
          socket.write("only the service can read this");
        });
        socket.once("data", (data) => {
          resolve(String(data));
          socket.destroy();
        });
        socket.once("error", reject);
      });
      assert.equal(got, "only the service can read this");

      const shop = `shop.${DOMAIN}`;
      const { chainPem: cert, keyPem: key } = await ca.leaf([shop]);
      const web = use(await startWeb({ tls: { cert, key } }));
      await agent.forward("tls", `127.0.0.1:${web.port}`, { domain: shop });
      const door = { https: edge.door.https, caPem: ca.caPem };
      assert.equal((await visit(door, `https://${shop}/hello`)).text, "hello from the service");
    }));

  for (const how of ["rst", "fin"] as const) {
    test(`${name}: after a ${how.toUpperCase()} the same URL is back`, () =>
      onStage(startAgent, async ({ edge, relay, agent, use }) => {
        const web = use(await startWeb());
        const echo = use(await startEcho());
        const first = await agent.forward(
          "http",
          `http://127.0.0.1:${web.port}`,
        );
        const second = await agent.forward("tcp", `127.0.0.1:${echo.port}`);
        const before = relay.total;
        relay.cut(how);
        await eventually(async () => {
          assert.ok(relay.total > before, "the agent dialled again");
          const answer = await visit(edge.door, `${first.url}/hello`);
          assert.equal(answer.text, "hello from the service");
        });
        await eventually(async () => {
          const socket = await dial(Number(new URL(second.url).port));
          try {
            const got = readToEnd(socket);
            socket.end("still here");
            assert.equal(new TextDecoder().decode(await got), "still here");
          } finally {
            socket.destroy();
          }
        });
      }));
  }

  test(`${name}: after the edge was restarted the same URL is back`, () =>
    onStage(startAgent, async ({ edge, agent, use }) => {
      const web = use(await startWeb());
      const { url } = await agent.forward(
        "http",
        `http://127.0.0.1:${web.port}`,
      );
      await edge.restart();
      await eventually(async () => {
        const answer = await visit(edge.door, `${url}/hello`);
        assert.equal(answer.text, "hello from the service");
      });
    }));
}

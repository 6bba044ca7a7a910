/**
 * What breaks between an agent and its edge, and how many seconds it takes until visitors are served
 * again, at the same URL always. The seconds are printed.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Agent, connect } from "../../lib/agent/agent.ts";
import type { AgentOptions } from "../../lib/agent/config.ts";
import type { AgentEvent } from "../../lib/agent/events.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { startDns } from "../fakes/dns.ts";
import { Link } from "../fakes/link.ts";
import { startHttpProxy, startSocksProxy } from "../fakes/proxies.ts";
import { test } from "../harness.ts";
import { type Door, splitAddress, startWeb, visit } from "./kit.ts";
import { type Program, selfName, startProgram } from "./program.ts";
import { AUTHTOKEN, startTestEdge, type TestEdge } from "./tunnel_suite.ts";

/** Short, so that a test is: an agent is found dead after their sum, 2 s. */
const HEARTBEATS = { heartbeatIntervalMs: 1_000, heartbeatToleranceMs: 1_000 };

/** No recovery may take longer; most take a fraction. The machine may be busy. */
const LIMIT_S = 30;

interface Stage {
  readonly edge: TestEdge;
  readonly link: Link;
  readonly agent: Agent;
  readonly url: string;
  readonly events: AgentEvent[];
  use<T extends { close(): Promise<void> }>(thing: T): T;
  /** Breaks something and tells how long it takes until visitors are served. */
  recovers(what: string, fault: () => unknown): Promise<void>;
}

async function onStage(
  run: (stage: Stage) => Promise<void>,
  options: (link: Link, use: Stage["use"]) => AgentOptions | Promise<AgentOptions> = () => ({}),
): Promise<void> {
  const closables: { close(): Promise<void> }[] = [];
  const use: Stage["use"] = (thing) => {
    closables.push(thing);
    return thing;
  };
  const events: AgentEvent[] = [];
  try {
    const service = use(await startWeb());
    const edge = use(await startTestEdge());
    const link = use(await Link.open(splitAddress(edge.agents)[1]));
    const agent = await connect({
      connectUrl: `127.0.0.1:${link.port}`,
      connectCas: edge.caPath,
      authtoken: AUTHTOKEN,
      crlNoverify: true,
      connectTimeoutMs: 3_000,
      backoff: { firstMs: 200, maxMs: 1_000 },
      ...HEARTBEATS,
      runtime: detectRuntime(),
      onEvent: (event) => events.push(event),
      ...await options(link, use),
    });
    use({ close: () => agent.close({ graceMs: 0 }) });
    const { url } = await agent.forward({ addr: service.port });
    assert.equal((await visit(edge.door, `${url}/hello`)).status, 200);
    await run({
      ...{ edge, link, agent, url, events, use },
      async recovers(what, fault) {
        const before = edge.edge.sessions()[0]?.id;
        const startedMs = Date.now();
        await fault();
        await served(edge.door, url, () => edge.edge.sessions().some(({ id }) => id !== before));
        report(what, startedMs);
        assert.equal(agent.endpoints[0].url, url, "the same URL always");
      },
    });
  } finally {
    for (const thing of closables.reverse()) await thing.close();
  }
}

function report(what: string, startedMs: number): void {
  const seconds = (Date.now() - startedMs) / 1000;
  process.stderr.write(
    `recovery ${selfName().padEnd(5)} ${seconds.toFixed(2).padStart(6)} s  ${what}\n`,
  );
  assert.ok(seconds < LIMIT_S, `${what}: ${seconds} s`);
}

/** Waits until a visitor is served, over a session that is not the one of before. */
async function served(door: Door, url: string, isNew: () => boolean = () => true): Promise<void> {
  const untilMs = Date.now() + LIMIT_S * 1000;
  for (;;) {
    if (isNew() && await answers(door, url) && isNew()) return;
    assert.ok(Date.now() < untilMs, `${url} is not served after ${LIMIT_S} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether one visitor is served within a second. */
async function answers(door: Door, url: string): Promise<boolean> {
  const over = new AbortController();
  const late = new Promise<undefined>((resolve) => {
    const timer = setTimeout(resolve, 1_000);
    over.signal.addEventListener("abort", () => clearTimeout(timer));
  });
  const asked = visit(door, `${url}/hello`).catch(() => undefined);
  const answer = await Promise.race([asked, late]);
  over.abort();
  return answer?.status === 200;
}

test("S118 S119 S121 S125 reconnect: resets, ends, black holes and half-open links, at the same URL", () =>
  onStage(async ({ link, recovers, events }) => {
    await recovers("reset of both sides", () => link.cut("rst"));
    await recovers("end of both sides", () => link.cut("fin"));
    await recovers("half-open: only the agent hears of the reset", () => link.halve("agent"));
    await recovers("half-open: only the edge hears of the reset", () => link.halve("edge"));
    await recovers("black hole for 3 s, no end is heard", async () => {
      link.mood = "hole";
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      link.mood = "well";
    });
    const lost = events.filter((event) => event.type === "session_lost");
    assert.ok(lost.some((event) => event.code === "heartbeat_lost"), JSON.stringify(lost));
    assert.ok(lost.length >= 5);
  }));

test("S119 S123 reconnect: a complete outage and return, a slow link, another address of the agent", () =>
  onStage(async ({ link, recovers, edge, url, events }) => {
    await recovers("complete outage for 3 s", async () => {
      link.mood = "refusing";
      link.cut("rst");
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      link.mood = "well";
    });
    const failed = events.filter((event) => event.type === "session_failed").length;
    assert.ok(failed >= 3 && failed < 40, `${failed} attempts while nothing answered`);
    link.delayMs = 150;
    await recovers("reset on a link of 300 ms round trip", () => link.cut("rst"));
    assert.equal((await visit(edge.door, `${url}/hello`)).status, 200);
  }));

test("S122 reconnect: the name of the edge gets another address during an outage", () => {
  const host = "connect.tunnel.test";
  const dns = startDns({ [host]: ["127.0.0.1"] });
  return onStage(
    async ({ link, recovers, edge, use }) => {
      const { names } = await dns;
      // The agent comes from another address then, too: its new network.
      const other = use(
        await Link.open(splitAddress(edge.agents)[1], {
          host: "127.0.0.2",
          port: link.port,
          from: "127.0.0.7",
        }),
      );
      await recovers("DNS change, and a new IP of the agent", () => {
        link.mood = "refusing";
        link.cut("rst");
        names.set(host, ["127.0.0.2"]);
      });
      assert.ok(other.total > 0);
      assert.equal(edge.edge.sessions().length, 1);
    },
    async (link, use) => ({
      connectUrl: `${host}:${link.port}`,
      dnsResolverIps: [use(await dns).address],
    }),
  );
});

for (
  const [words, start, kind] of [
    ["an HTTP proxy", startHttpProxy, "http"],
    ["a SOCKS5 proxy", startSocksProxy, "socks5"],
  ] as const
) {
  test(`S121 reconnect: through ${words}`, () =>
    onStage(
      async ({ link, recovers, edge }) => {
        await recovers(`reset behind ${words}`, () => link.cut("rst"));
        assert.equal(edge.edge.sessions().length, 1);
      },
      async (_link, use) => {
        const proxy = use(await start({ credentials: "ada:s3cret" }));
        return { proxyUrl: `${kind}://ada:s3cret@127.0.0.1:${proxy.port}` };
      },
    ));
}

test("S121 reconnect: an edge that cuts the connection anywhere in the TLS handshake holds nobody up", () =>
  onStage(async ({ link, recovers, events }) => {
    const places = [0, 1, 5, 60, 127, 200, 400, 600, 800, 900, 1_000, 1_100, 1_200, 1_500];
    for (const how of ["rst", "fin"] as const) {
      for (const afterBytes of places) link.cuts.push({ afterBytes, how });
    }
    const count = link.cuts.length;
    const before = link.total;
    await recovers(
      `${count} handshakes and first answers cut, one after the other`,
      () => link.cut("rst"),
    );
    assert.equal(link.cuts.length, 0);
    assert.equal(link.total, before + count + 1);
    const failed = events.filter((event) => event.type === "session_failed");
    assert.ok(failed.length > 10, String(failed.length));
    assert.deepEqual(failed.filter((event) => event.code === "timed_out"), [], "nobody waited");
  }, () => ({ backoff: { firstMs: 10, maxMs: 50 } })));

/** A port that was free a moment ago: who comes back needs the same one. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

test("S120 S121 S125 reconnect: kill -9 and a freeze of either program, at the same URL", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-reconnect-"));
  const service = await startWeb();
  const [httpPort, httpsPort, agentsPort] = await Promise.all([1, 2, 3].map(freePort));
  const log = ["--log", "stdout", "--log-format", "json"];
  const programs: Program[] = [];
  const run = async (args: string[], msg: string, env: Record<string, string> = {}) => {
    const program = startProgram([...args, ...log], { env });
    programs.push(program);
    await program.waitForJsonLine((line) => line.msg === msg);
    return program;
  };
  const startEdge = () =>
    run(
      [
        ...["edge", "--domain", "localhost", "--data", `${folder}/data`, "--api", "none"],
        ...["--http", `127.0.0.1:${httpPort}`, "--https", `127.0.0.1:${httpsPort}`],
        ...["--agents", `127.0.0.1:${agentsPort}`, "--tcp-ports", "none"],
      ],
      "edge ready",
      { SALLYPORT_EDGE_AUTHTOKEN: AUTHTOKEN },
    );
  const config = join(folder, "agent.yml");
  await detectRuntime().host.files.write(
    config,
    `version: 3\nagent:\n  authtoken: ${AUTHTOKEN}\n  connect_url: 127.0.0.1:${agentsPort}\n` +
      `  connect_cas: ${folder}/data/certs/ca.pem\n  web_addr: "false"\n  update_check: false\n` +
      "  heartbeat_interval: 1s\n  heartbeat_tolerance: 1s\n  connect_timeout: 3s\n",
  );
  const url = "http://shop.localhost";
  const startAgent = () =>
    run(["http", String(service.port), "--url", url, "--config", config], "started tunnel");
  const door = { http: `127.0.0.1:${httpPort}` };
  const until = async (status: number) => {
    const endMs = Date.now() + LIMIT_S * 1000;
    for (;;) {
      const answer = await visit(door, `${url}/hello`).catch(() => undefined);
      if (answer?.status === status) return;
      assert.ok(Date.now() < endMs, `${url} does not answer ${status}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  try {
    let edge = await startEdge();
    let agent = await startAgent();
    await served(door, url);

    let startedMs = Date.now();
    edge.signal("SIGKILL");
    await edge.exited;
    edge = await startEdge();
    await served(door, url);
    report("kill -9 of the edge, and its start", startedMs);

    startedMs = Date.now();
    agent.signal("SIGKILL");
    await agent.exited;
    agent = await startAgent();
    await served(door, url);
    report("kill -9 of the agent, and its start", startedMs);

    // The edge is frozen for longer than heartbeats bear: the agent comes back when it thaws.
    const lost = agent.waitForJsonLine(({ msg }) =>
      msg === "session closed, starting reconnect loop"
    );
    edge.signal("SIGSTOP");
    await lost;
    startedMs = Date.now();
    edge.signal("SIGCONT");
    await served(door, url);
    report("edge frozen until its agent gave up, since it thawed", startedMs);

    // The agent is frozen: the edge drops the session, and the endpoint with it.
    startedMs = Date.now();
    agent.signal("SIGSTOP");
    await until(404);
    report("agent frozen: its endpoint is offline", startedMs);
    startedMs = Date.now();
    agent.signal("SIGCONT");
    await served(door, url);
    report("agent frozen until the edge gave up, since it thawed", startedMs);
  } finally {
    for (const program of programs) {
      program.signal("SIGCONT");
      program.signal("SIGKILL");
    }
    await Promise.all(programs.map((program) => program.exited));
    await service.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

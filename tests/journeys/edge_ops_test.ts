/** An edge as its operator has it: real processes, watched, reloaded, drained, restarted. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { findTool, toolAdvice } from "../../scripts/debian.mjs";
import { readPrometheus } from "../fakes/prometheus.ts";
import { test } from "../harness.ts";
import { startWeb, visit } from "./kit.ts";
import { type Program, programWords, startProgram } from "./program.ts";
import { Sdk } from "./sdk.ts";

const TOKEN = "owner_token_of_this_test_0123456789";
const KEY = "owner_key_of_this_test_0123456789";
const JSON_LOG = ["--log", "stdout", "--log-format", "json"];

/** A port that was free a moment ago: a restart needs ports that stay the same. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

interface Stage {
  readonly folder: string;
  readonly config: string;
  readonly ports: { http: number; https: number; agents: number; api: number };
  /** The edge that runs now. */
  edge: Program;
  /** Writes the file: these lines, behind the doors. */
  configure(more: string): void;
  startEdge(): Promise<Program>;
  startAgent(args: string[], env?: Record<string, string>): Promise<Program>;
  page(path: string, init?: RequestInit): Promise<string>;
}

async function withStage(
  more: (folder: string) => string,
  work: (stage: Stage) => Promise<void>,
  env: (folder: string) => Record<string, string> = () => ({}),
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-ops-"));
  const [httpPort, https, agents, api] = await Promise.all([1, 2, 3, 4].map(freePort));
  const ports = { http: httpPort, https, agents, api };
  const config = join(folder, "edge.yml");
  const programs: Program[] = [];
  const stage: Stage = {
    folder,
    config,
    ports,
    edge: undefined as unknown as Program,
    configure(lines) {
      writeFileSync(
        config,
        `domain: localhost\ndata_dir: ${folder}/data\ntcp_ports: none\n` +
          Object.entries(ports).map(([door, port]) => `${door}: 127.0.0.1:${port}\n`).join("") +
          lines,
      );
    },
    async startEdge() {
      const edge = startProgram(["edge", "--config", config, ...JSON_LOG], {
        env: { SALLYPORT_EDGE_AUTHTOKEN: TOKEN, SALLYPORT_EDGE_API_KEY: KEY, ...env(folder) },
      });
      programs.push(edge);
      stage.edge = edge;
      await edge.waitForJsonLine(({ msg }) => msg === "edge ready");
      return edge;
    },
    async startAgent(args) {
      const way = [
        "--connect-url",
        `127.0.0.1:${agents}`,
        "--connect-cas",
        `${folder}/data/certs/ca.pem`,
      ];
      const agent = startProgram([...args, ...way, ...JSON_LOG], {
        env: { SALLYPORT_AUTHTOKEN: TOKEN },
      });
      programs.push(agent);
      await agent.waitForJsonLine(({ msg }) => msg === "started tunnel");
      return agent;
    },
    async page(path, init) {
      return await (await fetch(`http://127.0.0.1:${api}${path}`, init)).text();
    },
  };
  stage.configure(more(folder));
  try {
    await stage.startEdge();
    await work(stage);
  } finally {
    await Promise.all(programs.map((program) => program.stop()));
    rmSync(folder, { recursive: true });
  }
}

/** Waits for something outside of this process. */
async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  for (let look = 0; look < 400; look++) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`it did not happen: ${what}`);
}

// deno-lint-ignore no-explicit-any -- lines of another program
type Json = any;

async function startCollector() {
  const bodies: Json[] = [];
  const server = http.createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    bodies.push(JSON.parse(text));
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: (): Json[] => bodies.flatMap((body) => body.resourceSpans[0].scopeSpans[0].spans),
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

test("an edge that is watched counts, logs and traces what visitors do, exactly", async () => {
  const web = await startWeb();
  const collector = await startCollector();
  await withStage(
    (folder) => `access_log: {to: ${folder}/access.log}\n`,
    async (stage) => {
      const { folder, ports } = stage;
      await stage.startAgent(["http", String(web.port), "--url", "http://shop.localhost"]);
      const door = { http: `127.0.0.1:${ports.http}` };
      const url = `http://shop.localhost:${ports.http}`;
      const trace = "0af7651916cd43dd8448eb211c80319c";
      const headers = { traceparent: `00-${trace}-b7ad6b7169203331-01`, tracestate: "x=y" };
      const seen = JSON.parse((await visit(door, `${url}/headers?token=s3cret`, { headers })).text);
      const raw = seen.raw as string[];
      const passed = raw[raw.findIndex((name) => name.toLowerCase() === "traceparent") + 1];
      assert.match(passed, new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
      assert.ok(!passed.includes("b7ad6b7169203331"), "the edge is who called the service");

      for (let count = 0; count < 5; count++) await visit(door, `${url}/hello`);
      await visit(door, `${url}/missing`);
      await visit(door, `${url}/hash`, { method: "POST", body: "x".repeat(1_000) });
      await visit(door, `${url}/bytes?n=70000`, {
        headers: { referer: "http://r.test/?t=s3cret" },
      });
      await visit(door, `http://nobody.localhost:${ports.http}/`);

      const log = join(folder, "access.log");
      const lines = () =>
        readFileSync(log, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
      await until("10 lines", () => lines().length === 10).catch((thrown) => {
        throw new Error(`${thrown.message}\n${readFileSync(log, "utf8")}`);
      });
      const written = lines();
      assert.deepEqual(written.map(({ method, path, status }) => `${method} ${path} ${status}`), [
        "GET /headers 200",
        ...Array<string>(5).fill("GET /hello 200"),
        "GET /missing 404",
        "POST /hash 200",
        "GET /bytes 200",
        "GET / 404",
      ]);
      assert.equal(written[7].in_bytes, 1_000);
      assert.equal(written[8].out_bytes, 70_000);
      assert.equal(written[8].referer, "http://r.test/");
      assert.equal(written[9].error_code, "ERR_NGROK_3200");
      assert.ok(!readFileSync(log, "utf8").includes("s3cret"));

      const text = await stage.page("/metrics");
      const page = readPrometheus(text);
      const endpoint = `endpoint="${url}",account="${written[0].account}"`;
      const value = (name: string, more = "") =>
        page.get(`sallyport_endpoint_${name}{${endpoint}${more}}`);
      assert.equal(value("requests_total", ',status="2xx"'), 8, text);
      assert.equal(value("requests_total", ',status="4xx"'), 1);
      assert.equal(value("request_duration_seconds_count"), 9);
      assert.equal(value("open"), 0);
      const sum = (key: string) =>
        written.reduce((all, line) => all + (line.endpoint ? line[key] : 0), 0);
      assert.equal(value("in_bytes_total"), sum("in_bytes"));
      assert.equal(value("out_bytes_total"), sum("out_bytes"));
      assert.equal(page.get("sallyport_unrouted_requests_total"), 1);
      assert.equal(page.get(`sallyport_sessions{account="${written[0].account}"}`), 1);
      assert.equal(await stage.page("/healthz"), "ok\n");
      assert.equal(await stage.page("/readyz"), "ready\n");
      const outside = await visit(door, `http://api.localhost:${ports.http}/metrics`);
      assert.equal(outside.status, 401, "visitors are no watchers");

      // Rotation: the file is moved away, and the next lines are in a new one.
      renameSync(log, `${log}.1`);
      stage.edge.signal("SIGHUP");
      await visit(door, `${url}/hello`);
      await until("a new file", () => {
        try {
          return lines().length === 1;
        } catch {
          return false;
        }
      });

      assert.equal((await stage.edge.stop()).code, 0);
      const span = collector.spans().find(({ traceId }) => traceId === trace);
      assert.equal(span.parentSpanId, "b7ad6b7169203331");
      assert.ok(passed.includes(span.spanId));
      assert.equal(span.kind, 2);
      assert.equal(collector.spans().length, 11, "one for each request");
      assert.ok(!JSON.stringify(collector.spans()).includes("s3cret"));
    },
    () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }),
  ).finally(() => Promise.all([web.close(), collector.close()]));
});

test("a running edge takes a changed file on SIGHUP or by its API, and no wrong one", async () => {
  await withStage(() => "", async (stage) => {
    const { edge, ports } = stage;
    stage.configure("limits:\n  hold: 1m\n  handshake: 3s\n");
    edge.signal("SIGHUP");
    const line = await edge.waitForJsonLine(({ msg }) => msg === "configuration reloaded");
    assert.equal(line.changed, "limits.hold");
    const later = await edge.waitForJsonLine(({ msg }) => /wait for a restart/.test(String(msg)));
    assert.equal(later.options, "limits.handshake");

    stage.configure("limits:\n  hodl: 1m\n");
    edge.signal("SIGHUP");
    const refused = await edge.waitForJsonLine(({ msg }) => /was refused/.test(String(msg)));
    assert.match(
      String(refused.err),
      /edge\.yml": line 9, column 3: unknown key "limits\.hodl"; did you mean "hold"\?$/,
    );
    const authorization = `Bearer ${KEY}`;
    const ask = async () =>
      JSON.parse(
        await stage.page("/_sallyport/reload", { method: "POST", headers: { authorization } }),
      );
    assert.match((await ask()).msg, /line 9, column 3/);
    stage.configure("limits:\n  hold: 2m\n  max_sessions: 0\n");
    const { changed } = await ask();
    assert.deepEqual(changed, ["limits.max_sessions", "limits.hold"]);

    // The limit holds: no agent more is let in, while the doors are where they were.
    const agent = startProgram(
      ["http", "1", "--connect-url", `127.0.0.1:${ports.agents}`, ...JSON_LOG],
      {
        env: {
          SALLYPORT_AUTHTOKEN: TOKEN,
          SALLYPORT_CONNECT_CAS: `${stage.folder}/data/certs/ca.pem`,
        },
      },
    );
    const turned = await edge.waitForJsonLine(({ msg }) => msg === "agent was refused");
    assert.match(String(turned.err), /ERR_NGROK_743/);
    await agent.stop();
    const text = await visit(
      { http: `127.0.0.1:${ports.http}` },
      `http://x.localhost:${ports.http}/`,
    );
    assert.equal(text.status, 404);
  });
});

test("an edge that is told to end finishes 200 requests that are under way", async () => {
  const web = await startWeb();
  await withStage(() => "", async (stage) => {
    const { ports } = stage;
    await stage.startAgent(["http", String(web.port), "--url", "http://shop.localhost"]);
    const door = { http: `127.0.0.1:${ports.http}` };
    const url = `http://shop.localhost:${ports.http}`;
    const before = web.requests();
    const visits = Array.from({ length: 200 }, (_, i) => visit(door, `${url}/slow?ms=3000&i=${i}`));
    await until("200 requests", () => web.requests() === before + 200);
    stage.edge.signal("SIGTERM");
    const answers = await Promise.all(visits);
    assert.deepEqual(
      answers.map(({ status, text }) => `${status} ${text}`),
      Array.from({ length: 200 }, (_, i) => `200 slow ${i}`),
    );
    assert.equal((await stage.edge.exited).code, 0);
    await assert.rejects(visit(door, `${url}/hello`), "nobody is let in any more");
  }).finally(() => web.close());
});

test("an edge that drains ends at once on the second signal", async () => {
  const silent = await startSilent();
  await withStage(() => "", async (stage) => {
    await stage.startAgent(["http", String(silent.port), "--url", "http://shop.localhost"]);
    const { http: port } = stage.ports;
    const never = visit({ http: `127.0.0.1:${port}` }, `http://shop.localhost:${port}/`);
    const cut = assert.rejects(never);
    await silent.asked;
    stage.edge.signal("SIGTERM");
    await stage.edge.waitForJsonLine(({ msg }) => /received signal/.test(String(msg)));
    stage.edge.signal("SIGTERM");
    await cut;
    assert.equal((await stage.edge.exited).code, 0);
  }).finally(() => silent.close());
});

/** A service that takes requests and never answers. */
async function startSilent() {
  const sockets = new Set<net.Socket>();
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("data", () => resolve());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close: () =>
      new Promise<void>((closed) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => closed());
      }),
  };
}

test("an edge that is restarted under load loses no request of a client that dials again", async () => {
  const web = await startWeb({ host: "::" });
  // A busy machine starts programs slowly: nobody's patience may decide here.
  await withStage(() => "limits:\n  comeback: 60s\n", async (stage) => {
    const { ports, folder } = stage;
    await stage.startAgent(["http", `[::1]:${web.port}`, "--url", "http://ours.localhost"]);
    const sdk = await Sdk.start();
    try {
      await sdk.must("connect", {
        serverAddr: `localhost:${ports.agents}`,
        rootCas: `${folder}/data/certs/ca.pem`,
        authtoken: TOKEN,
      });
      const to = `http://127.0.0.1:${web.port}`;
      await sdk.listen("http", to, { domain: "theirs.localhost", scheme: "http" });
      const door = { http: `127.0.0.1:${ports.http}` };
      const load = new Load(door, [
        `http://ours.localhost:${ports.http}/hello`,
        `http://theirs.localhost:${ports.http}/hello`,
      ]);
      await load.during(async () => {
        await new Promise((resolve) => setTimeout(resolve, 5_500));
        const old = stage.edge;
        load.mark();
        old.signal("SIGTERM");
        assert.equal((await old.exited).code, 0);
        load.say("the old edge has ended");
        await stage.startEdge();
        load.say("the new edge is ready");
        await load.back();
      });
      load.report();
      assert.deepEqual(
        [...new Set(load.wrong)],
        [],
        "no visitor got anything but the service's answer",
      );
      assert.ok(load.done > 500, `${load.done} requests`);
      // Without the machine's other work: 1 s for ours, and for the SDK what it leaves between two tries.
      assert.ok(load.gapsMs.every((gapMs) => gapMs < 30_000), `${load.gapsMs} ms`);
    } finally {
      await sdk.stop();
    }
  }).finally(() => web.close());
});

if (process.platform === "linux") {
  test("an edge takes the sockets that systemd holds, and the visitors who wait in them", async () => {
    const tool = findTool("systemd-socket-activate");
    assert.ok(tool, toolAdvice("systemd-socket-activate"));
    const folder = mkdtempSync(join(tmpdir(), "sallyport-sockets-"));
    const [http, https, stray] = await Promise.all([1, 2, 3].map(freePort));
    // It listens, and becomes the program when the first visitor comes.
    const edge = startProgram([
      ...[http, https, stray].map((port) => `--listen=127.0.0.1:${port}`),
      ...[`SALLYPORT_EDGE_AUTHTOKEN=${TOKEN}`, `SALLYPORT_EDGE_API_KEY=${KEY}`, "NO_COLOR=1"]
        .map((one) => `--setenv=${one}`),
      ...programWords(),
      ...["edge", "--domain", "localhost", "--data", `${folder}/data`, "--api", "none"],
      ...["--http", `127.0.0.1:${http}`, "--https", `127.0.0.1:${https}`, "--tcp-ports", "none"],
      ...JSON_LOG,
    ], { compiled: tool });
    try {
      await edge.waitForText(/Listening on \S+ as 5\./);
      const early = visit({ http: `127.0.0.1:${http}` }, `http://nobody.localhost:${http}/`);
      const rest = await edge.waitForJsonLine(({ msg }) => /at no door/.test(String(msg)));
      assert.equal(rest.port, stray);
      const ready = await edge.waitForJsonLine(({ msg }) => msg === "edge ready");
      assert.deepEqual([ready.http, ready.https], [`127.0.0.1:${http}`, `127.0.0.1:${https}`]);
      assert.equal((await early).status, 404);
      assert.equal((await edge.stop()).code, 0);
    } finally {
      await edge.stop();
      rmSync(folder, { recursive: true });
    }
  });
}

/** 500 requests a second, as far as the machine lets them, each repeated until somebody takes it. */
class Load {
  /** Requests that were answered. */
  done = 0;
  /** Connections that nobody took. */
  redials = 0;
  /** Answers that were not the service's. */
  readonly wrong: string[] = [];
  /** The longest time in which no request of a name was answered, name by name. */
  readonly gapsMs: number[];
  readonly #door: { http: string };
  readonly #urls: readonly string[];
  readonly #notes: string[] = [];
  readonly #last: number[];
  #markMs = 0;

  constructor(door: { http: string }, urls: readonly string[]) {
    this.#door = door;
    this.#urls = urls;
    this.#last = urls.map(() => performance.now());
    this.gapsMs = urls.map(() => 0);
  }

  mark(): void {
    this.#markMs = performance.now();
  }

  say(note: string): void {
    this.#notes.push(`${Math.round(performance.now() - this.#markMs)} ms: ${note}`);
  }

  /** Until each name is served again, and a moment longer. */
  async back(): Promise<void> {
    const nowMs = performance.now();
    for (let turn = 0; turn < 400 && this.#last.some((lastMs) => lastMs < nowMs); turn++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }

  async during(work: () => Promise<void>): Promise<void> {
    let isOver = false;
    const asked: Promise<void>[] = [];
    const startedMs = performance.now();
    const pace = (async () => {
      while (!isOver) {
        const due = (performance.now() - startedMs) / 2;
        // A machine that is late does not make up for it: it would be no steady load.
        for (let burst = 0; asked.length < due && burst < 50; burst++) {
          // Of ten requests one is for the SDK, which carries few streams at a time.
          asked.push(this.#ask(asked.length % 10 === 0 ? 1 : 0));
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    try {
      await work();
    } finally {
      isOver = true;
      await pace;
      await Promise.all(asked);
    }
  }

  async #ask(name: number): Promise<void> {
    for (let attempt = 0; attempt < 1_000; attempt++) {
      try {
        const { status, text } = await visit(this.#door, this.#urls[name]);
        if (status !== 200 || text !== "hello from the service") {
          this.wrong.push(`${status} ${text}`);
        }
        const nowMs = performance.now();
        this.gapsMs[name] = Math.max(this.gapsMs[name], nowMs - this.#last[name]);
        this.#last[name] = nowMs;
        this.done++;
        return;
      } catch {
        this.redials++;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    this.wrong.push("nobody took it");
  }

  report(): void {
    const { done, redials } = this;
    const [oursMs, sdkMs] = this.gapsMs.map(Math.round);
    // deno-lint-ignore no-console -- the measure that the journey is for
    console.log(`restart: ${JSON.stringify({ done, redials, oursMs, sdkMs, notes: this.#notes })}`);
  }
}

import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { type AgentOptions, resolveAgentOptions } from "../../../lib/agent/config.ts";
import { Reach } from "../../../lib/agent/reach.ts";
import { detectRuntime } from "../../../lib/runtime/detect.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import type { Conn, ConnectOptions, Listener } from "../../../lib/runtime/net.ts";
import { makeCa, type TestCa } from "../../fakes/certs.ts";
import { startDns } from "../../fakes/dns.ts";
import { type FakeProxy, startHttpProxy, startSocksProxy } from "../../fakes/proxies.ts";
import { test } from "../../harness.ts";

const never = new AbortController().signal;
const EDGE = "edge.corp.internal";
const { net, host, clock } = detectRuntime();

/** A TLS server in the place of an edge: says where its visitor comes from. */
async function stage(
  run: (edge: {
    readonly ca: TestCa;
    readonly port: number;
    /** The way of an agent with these options; the edge is `EDGE` unless they say otherwise. */
    reach(options?: AgentOptions): Reach;
    use<T extends { close(): Promise<void> }>(thing: T): T;
  }) => Promise<void>,
): Promise<void> {
  const ca = await makeCa();
  const certificate = await ca.leaf([EDGE, "127.0.0.1"]);
  const serving: Promise<void>[] = [];
  async function serve(conn: Conn) {
    const from = conn.remote.host;
    try {
      const secure = await net.startTlsServer(conn, { certificate });
      secure.write(new TextEncoder().encode(from));
      secure.closeWrite();
      while (await secure.read() !== undefined) { /* until it ends */ }
      secure.abort();
    } catch {
      conn.abort(); // the client has told the test what was wrong
    }
  }
  const listener: Listener = await net.listen({
    onConnection: (conn) => void serving.push(serve(conn)),
  });
  const { port } = listener.address;
  const closables: { close(): Promise<void> }[] = [listener];
  try {
    await run({
      ca,
      port,
      reach(options = {}) {
        const connectUrl = options.connectUrl ?? `${EDGE}:${port}`;
        const config = resolveAgentOptions({ ...options, connectUrl });
        return new Reach(config.connect!, {
          ...{ net, host, clock, logger: silentLogger, roots: () => [ca.caPem] },
          ...config,
          timeoutMs: config.connectTimeoutMs,
        });
      },
      use(thing) {
        closables.push(thing);
        return thing;
      },
    });
  } finally {
    for (const thing of closables.reverse()) await thing.close();
    await Promise.all(serving);
  }
}

/** Where the edge saw the visitor come from. */
async function sees(reach: Reach): Promise<string> {
  const conn = await reach.open(never);
  const from = new TextDecoder().decode(await conn.read());
  conn.closeWrite();
  while (await conn.read() !== undefined) { /* until it ends */ }
  conn.abort();
  await conn.closed;
  return from;
}

test("S89 S106 S110 S122 Reach resolves the name of the edge by the name servers it is told, at each attempt", () =>
  stage(async ({ reach, use }) => {
    const dns = use(await startDns({ [EDGE]: ["127.0.0.9"] }));
    const way = reach({ dnsResolverIps: [dns.address] });
    await assert.rejects(way.open(never), { code: "connection_refused" });
    dns.names.set(EDGE, ["127.0.0.1"]);
    assert.equal(await sees(way), "127.0.0.1");
    assert.equal(await sees(way), "127.0.0.1");
    assert.equal(dns.asked.length, 6);
  }));

test("S107 S108 S109 Reach finds the edge by public servers, HTTPS and a list, one way per attempt", () =>
  stage(async ({ ca, reach, use }) => {
    const broken = use(await startDns({}));
    broken.mood = "failing";
    const open = use(await startDns({ [EDGE]: ["127.0.0.1"] }, await ca.leaf(["127.0.0.1"])));
    const list = use(await startList(`{"${EDGE}": ["127.0.0.1"]}`));
    const options: AgentOptions = {
      dnsMechanisms: ["system", "public", "https", "list"],
      dnsResolverIps: [broken.address],
      dnsPublicIps: [open.address],
      dnsHttpsUrls: [open.url],
      dnsList: list.url,
    };
    const way = reach(options);
    await assert.rejects(way.open(never), { code: "host_not_found" });
    assert.equal(await sees(way), "127.0.0.1");
    assert.ok(open.asked.every((one) => one.startsWith("udp")), String(open.asked));

    // Port 53 blocked: HTTPS. That blocked too: the list.
    const further = reach({ ...options, dnsPublicIps: [broken.address] });
    for (let attempt = 0; attempt < 2; attempt++) {
      await assert.rejects(further.open(never), { code: "host_not_found" });
    }
    open.asked.length = 0;
    assert.equal(await sees(further), "127.0.0.1");
    assert.ok(open.asked.every((one) => one.startsWith("https")), String(open.asked));
    const last = reach({
      ...options,
      dnsPublicIps: [broken.address],
      dnsHttpsUrls: ["https://127.0.0.1:1/dns-query"],
    });
    for (let attempt = 0; attempt < 3; attempt++) await assert.rejects(last.open(never));
    assert.equal(await sees(last), "127.0.0.1");
  }));

test("Reach tries the address it knew when no way finds one any more", () =>
  stage(async ({ reach, use }) => {
    const dns = use(await startDns({ [EDGE]: ["127.0.0.1"] }));
    const way = reach({ dnsResolverIps: [dns.address] });
    assert.equal(await sees(way), "127.0.0.1");
    dns.mood = "failing";
    await assert.rejects(way.open(never), { code: "host_not_found" });
    assert.equal(await sees(way), "127.0.0.1");
  }));

/** A list of addresses as a web server has it. */
async function startList(text: string) {
  const listener = await net.listen({
    onConnection: async (conn) => {
      await conn.read();
      const bytes = new TextEncoder().encode(text);
      const head = `HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`;
      conn.write(new TextEncoder().encode(head));
      conn.write(bytes);
      conn.closeWrite();
    },
  });
  const url = `http://127.0.0.1:${listener.address.port}/tunnel.json`;
  return { url, close: () => listener.close() };
}

const PROXIES: readonly [string, string, (ca: TestCa) => Promise<FakeProxy>][] = [
  ["an HTTP proxy", "http", () => startHttpProxy({ credentials: "ada:s@cret" })],
  [
    "an HTTPS proxy",
    "https",
    async (ca) =>
      startHttpProxy({
        credentials: "ada:s@cret",
        certificate: await ca.leaf(["127.0.0.1"]),
      }),
  ],
  ["a SOCKS5 proxy", "socks5", () => startSocksProxy({ credentials: "ada:s@cret" })],
];

for (const [words, kind, start] of PROXIES) {
  test(`Reach goes through ${words}, which resolves the name`, () =>
    stage(async ({ ca, port, reach, use }) => {
      const proxy = use(await start(ca));
      const url = (user: string) => `${kind}://${user}@127.0.0.1:${proxy.port}`;
      assert.equal(await sees(reach({ proxyUrl: url("ada:s%40cret") })), "127.0.0.1");
      assert.deepEqual(proxy.asked, [`${EDGE}:${port}`]);
      await assert.rejects(reach({ proxyUrl: url("ada:other") }).open(never), {
        code: "proxy_failed",
        message: `Cannot reach "${EDGE}:${port}" through the proxy ` +
          `${kind}://127.0.0.1:${proxy.port}: it does not accept the credentials of its URL`,
      });
    }));
}

test("Reach does without the proxy for whom it is passed by", () =>
  stage(async ({ port, reach, use }) => {
    const proxy = use(await startHttpProxy());
    const proxyUrl = `http://127.0.0.1:${proxy.port}`;
    const connectUrl = `127.0.0.1:${port}`;
    await sees(reach({ connectUrl, proxyUrl, noProxy: "127.0.0.0/8" }));
    assert.deepEqual(proxy.asked, []);
    await sees(reach({ connectUrl, proxyUrl }));
    assert.deepEqual(proxy.asked, [connectUrl]);
  }));

test("Reach says which proxy failed, and that it is silent", () =>
  stage(async ({ reach, use }) => {
    await assert.rejects(reach({ proxyUrl: "http://a:s3cret@127.0.0.1:1" }).open(never), {
      code: "proxy_failed",
      message: "Cannot reach the proxy http://127.0.0.1:1: connection refused",
    });
    for (const start of [startHttpProxy, startSocksProxy]) {
      const proxy = use(await start({ isSilent: true }));
      const kind = start === startHttpProxy ? "http" : "socks5";
      const proxyUrl = `${kind}://127.0.0.1:${proxy.port}`;
      await assert.rejects(reach({ proxyUrl, connectTimeoutMs: 300 }).open(never), {
        code: "timed_out",
        message: new RegExp(`The proxy ${kind}://127.0.0.1:${proxy.port} did not answer`),
      });
      const stop = new AbortController();
      const stopped = reach({ proxyUrl }).open(stop.signal);
      stop.abort();
      await assert.rejects(stopped, { code: "aborted" });
    }
    const secure = use(
      await startHttpProxy({ certificate: await (await makeCa()).leaf(["127.0.0.1"]) }),
    );
    await assert.rejects(reach({ proxyUrl: `https://127.0.0.1:${secure.port}` }).open(never), {
      code: "proxy_failed",
      message: /its certificate is not signed by an authority this machine trusts, nor by/,
    });
  }));

test("Reach checks the edge's certificate behind a proxy", () =>
  stage(async ({ port, reach, use }) => {
    const proxy = use(await startSocksProxy());
    const proxyUrl = `socks5://127.0.0.1:${proxy.port}`;
    await assert.rejects(reach({ connectUrl: `other.test:${port}`, proxyUrl }).open(never), {
      code: "tls_name_mismatch",
    });
  }));

test("Reach asks beside the session the same way", () =>
  stage(async ({ port, reach, use }) => {
    const proxy = use(await startHttpProxy());
    const way = reach({ proxyUrl: `http://127.0.0.1:${proxy.port}` });
    (await way.openBeside({ host: "127.0.0.1", port, timeoutMs: 5_000 })).abort();
    assert.deepEqual(proxy.asked, [`127.0.0.1:${port}`]);
    (await reach().openBeside({ host: "127.0.0.1", port })).abort();
    const refusing = use(await startHttpProxy({ refuseWith: "403 No" }));
    const other = reach({ proxyUrl: `http://127.0.0.1:${refusing.port}` });
    await assert.rejects(other.openBeside({ host: "127.0.0.1", port }), { code: "proxy_failed" });
  }));

test("Reach dials from the interface it is told, and says when there is none", () =>
  stage(async ({ port, reach }) => {
    const loopback = Object.entries(host.interfaces())
      .find(([, addresses]) => addresses.includes("127.0.0.1"))![0];
    const connectUrl = `127.0.0.1:${port}`;
    assert.equal(await sees(reach({ connectUrl, connectInterface: loopback })), "127.0.0.1");
    await assert.rejects(reach({ connectUrl, connectInterface: "nope0" }).open(never), {
      code: "address_not_available",
      message: 'Cannot dial from the network interface "nope0": there is none of that name, ' +
        "or it is down",
    });
  }));

test("Reach gives the addresses of the interface to the network", async () => {
  const runtime = memoryRuntime({
    clock: new FakeClock(),
    host: { interfaces: { eth1: ["192.0.2.5"] } },
  });
  const config = resolveAgentOptions({ connectUrl: "192.0.2.1:443", connectInterface: "eth1" });
  let seen: unknown;
  const reach = new Reach(config.connect!, {
    ...{ host: runtime.host, clock: runtime.clock, logger: silentLogger, roots: () => "system" },
    net: Object.assign(Object.create(runtime.net), {
      connect(options: { localAddresses: readonly string[] }) {
        seen = options.localAddresses;
        return Promise.reject(new Error("enough"));
      },
    }),
    ...config,
    timeoutMs: 5,
  });
  await assert.rejects(reach.open(never), /enough/);
  assert.deepEqual(seen, ["192.0.2.5"]);
});

test("Reach begins with another address of the edge after each attempt that led nowhere", async () => {
  const runtime = memoryRuntime({ clock: new FakeClock() });
  const config = resolveAgentOptions({ connectUrl: "edge.corp.internal:443" });
  const codes = ["timed_out", "host_not_found", "tls_failed", "connection_refused"] as const;
  const seen: unknown[] = [];
  const reach = new Reach(config.connect!, {
    ...{ host: runtime.host, clock: runtime.clock, logger: silentLogger, roots: () => "system" },
    net: Object.assign(Object.create(runtime.net), {
      connect({ beginWith }: ConnectOptions) {
        const code = codes[seen.push(beginWith) - 1];
        return Promise.reject(new TunnelError(code, "No way"));
      },
    }),
    ...config,
    timeoutMs: 5,
  });
  for (const code of codes) await assert.rejects(reach.open(never), { code });
  assert.deepEqual(seen, [undefined, 1, 1, 2]);
});

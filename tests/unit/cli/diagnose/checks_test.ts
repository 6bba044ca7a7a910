import assert from "node:assert/strict";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { TunnelError } from "../../../../lib/base/errors.ts";
import {
  checkEdge,
  checkInternet,
  checkLocalhost,
  checkProxy,
  type CheckTools,
  type EdgeTarget,
} from "../../../../lib/cli/diagnose/checks.ts";
import type { CheckGroup } from "../../../../lib/cli/diagnose/report.ts";
import { type MemoryNetOptions, memoryRuntime } from "../../../../lib/runtime/memory.ts";
import type { Net } from "../../../../lib/runtime/net.ts";
import { test } from "../../../harness.ts";

const NOWHERE = { host: "", port: 0 };

/** Handshakes that succeed at once: what is tested is what is asked for. */
const TLS: NonNullable<MemoryNetOptions["tls"]> = {
  startTlsClient: (carrier) =>
    Promise.resolve(
      Object.assign(Object.create(carrier), {
        ...{ remote: NOWHERE, local: NOWHERE, abort: () => carrier.abort() },
        tls: {
          ...{ version: "TLSv1.3", alpn: undefined },
          ...{ serverName: undefined, peerCertificatePem: undefined },
        },
      }),
    ),
  startTlsServer: () => Promise.reject(new TunnelError("internal", "nobody serves TLS here")),
};

/** The same network, but for what is given. */
function changed(net: Net, changes: Partial<Net>): Net {
  return {
    connect: (options) => net.connect(options),
    lookUp: (name, options) => net.lookUp(name, options),
    listen: (options) => net.listen(options),
    startTlsClient: (carrier, options) => net.startTlsClient(carrier, options),
    startTlsServer: (carrier, options) => net.startTlsServer(carrier, options),
    ...changes,
  };
}

async function tools(
  names: Record<string, string[]>,
  doors: readonly string[],
  more: Partial<CheckTools> = {},
): Promise<CheckTools> {
  const clock = new FakeClock();
  const { net } = memoryRuntime({ clock, net: { names, tls: TLS } });
  for (const host of doors) await net.listen({ host, port: 443, onConnection: () => {} });
  return { net, clock, ipv6: false, timeoutMs: 1_000, ...more };
}

const EDGE: EdgeTarget = {
  host: "edge.test",
  port: 443,
  label: "Auto",
  roots: "system",
  resolverIps: [],
  isProxied: false,
  openTunnel: () => Promise.resolve({ hasSession: true, latencyMs: 7, region: "eu", others: [] }),
};

function stagesOf({ checks }: CheckGroup): string[] {
  return checks.map(({ name, status }) => `${name} ${status}`);
}

function codesOf({ checks }: CheckGroup): unknown[] {
  return checks.flatMap(({ findings }) => findings.map(({ code }) => code));
}

test("S126 checkEdge() goes from the name to a session", async () => {
  const { group, facts } = await checkEdge(
    await tools({ "edge.test": ["192.0.2.1"] }, ["192.0.2.1"]),
    EDGE,
  );
  assert.deepEqual(stagesOf(group), [
    "Name Resolution ok",
    "TCP ok",
    "TLS ok",
    "Tunnel Protocol ok",
  ]);
  assert.deepEqual([group.region, group.latencyMs, facts?.region], ["eu", 7, "eu"]);
  assert.match(group.title, /^Sallyport Connectivity - Region: Auto$/);
});

test("S127 checkEdge() stops at the stage that fails, and names it", async () => {
  const noName = await checkEdge(await tools({}, []), EDGE);
  assert.deepEqual(stagesOf(noName.group), ["Name Resolution error"]);
  assert.deepEqual(codesOf(noName.group), [8000]);
  assert.deepEqual(noName.group.checks[0].findings[0].facts, {
    Resolver: "system",
    Hostname: "edge.test",
  });

  const noDoor = await checkEdge(await tools({ "edge.test": ["192.0.2.1"] }, []), EDGE);
  assert.deepEqual(stagesOf(noDoor.group), ["Name Resolution ok", "TCP error"]);
  assert.deepEqual(codesOf(noDoor.group), [8002]);

  const several = { "edge.test": ["192.0.2.1", "192.0.2.2"] };
  assert.deepEqual(codesOf((await checkEdge(await tools(several, []), EDGE)).group), [8007, 8007]);
  const half = (await checkEdge(await tools(several, ["192.0.2.2"]), EDGE)).group;
  assert.deepEqual(stagesOf(half).slice(0, 2), ["Name Resolution ok", "TCP warn"]);
  assert.deepEqual(codesOf(half), [8002]);

  const plain = await tools({ "edge.test": ["192.0.2.1"] }, ["192.0.2.1"]);
  const startTlsClient = () => Promise.reject(new TunnelError("tls_untrusted", "Who is that"));
  const net = changed(plain.net, { startTlsClient });
  const noTls = await checkEdge({ ...plain, net }, EDGE);
  assert.deepEqual(stagesOf(noTls.group), ["Name Resolution ok", "TCP ok", "TLS error"]);
  assert.deepEqual(codesOf(noTls.group), [8003]);
  assert.match(noTls.group.checks[2].findings[0].causes[0], /connect_cas/);

  const refused = await checkEdge(plain, {
    ...EDGE,
    openTunnel: () => Promise.reject(new TunnelError("refused", "Who are you", { ngrokCode: 107 })),
  });
  assert.deepEqual(stagesOf(refused.group).at(-1), "Tunnel Protocol error");
  assert.deepEqual(codesOf(refused.group), [8004]);
  assert.equal(refused.facts, undefined);
});

test("checkEdge() tries IPv6 when it is asked to, or when there is nothing else", async () => {
  const names = { "edge.test": ["2001:db8::1", "192.0.2.1"] };
  const doors = ["2001:db8::1", "192.0.2.1"];
  const four = await checkEdge(await tools(names, doors), EDGE);
  assert.equal(four.group.checks[0].detail, "192.0.2.1");
  const both = await checkEdge(await tools(names, doors, { ipv6: true }), EDGE);
  assert.equal(both.group.checks[0].detail, "2001:db8::1, 192.0.2.1");
  const six = { "edge.test": ["2001:db8::1"] };
  const only = await checkEdge(await tools(six, doors), EDGE);
  assert.equal(only.group.checks[0].detail, "2001:db8::1");

  const machine = await tools(names, ["192.0.2.1"], { ipv6: true });
  const connect: Net["connect"] = (options) =>
    options.host?.includes(":")
      ? Promise.reject(new TunnelError("network_unreachable", "No way"))
      : machine.net.connect(options);
  const net = changed(machine.net, { connect });
  const without = await checkEdge({ ...machine, net }, EDGE);
  assert.deepEqual(stagesOf(without.group)[1], "TCP warn");
  assert.deepEqual(codesOf(without.group), [8011]);
});

test("checkEdge() compares the name servers of the configuration with the system", async () => {
  const machine = await tools({ "edge.test": ["192.0.2.1"] }, ["192.0.2.1"]);
  const target = { ...EDGE, resolverIps: ["192.0.2.53"] };
  assert.deepEqual(codesOf((await checkEdge(machine, target)).group), []);
  const lookUp: Net["lookUp"] = (_name, options) =>
    options?.servers
      ? Promise.resolve(["192.0.2.1"])
      : Promise.reject(new TunnelError("host_not_found", "The system does not know it"));
  const net = changed(machine.net, { lookUp });
  const { group } = await checkEdge({ ...machine, net }, target);
  assert.deepEqual(stagesOf(group)[0], "Name Resolution warn");
  assert.match(
    group.checks[0].findings[0].err,
    /to 192\.0\.2\.53; to the system: The system does not/,
  );
  assert.deepEqual(codesOf(group), [8010]);
});

test("checkEdge() leaves a way through a proxy to the agent, and says when nobody was asked in", async () => {
  const { group } = await checkEdge(await tools({}, []), {
    ...EDGE,
    isProxied: true,
    openTunnel: () => Promise.resolve({ hasSession: false, latencyMs: 1, region: "", others: [] }),
  });
  assert.deepEqual(stagesOf(group), ["Tunnel Protocol warn"]);
  assert.equal(group.checks[0].detail, "through the proxy, 1.0 ms");
  assert.match(group.checks[0].findings[0].err, /no authtoken/);
});

test("S127 checkProxy() and checkInternet() have numbers of their own", async () => {
  const proxy = { host: "proxy.test", port: 443 };
  assert.deepEqual(codesOf(await checkProxy(await tools({}, []), proxy)), [8005]);
  const known = { "proxy.test": ["192.0.2.9"] };
  assert.deepEqual(codesOf(await checkProxy(await tools(known, []), proxy)), [8006]);
  const good = await checkProxy(await tools(known, ["192.0.2.9"]), proxy);
  assert.deepEqual(stagesOf(good), ["Name Resolution ok", "TCP ok"]);
  assert.deepEqual(codesOf(await checkInternet(await tools({}, []), proxy)), [8001]);
  const whole = await checkInternet(await tools(known, ["192.0.2.9"]), proxy);
  assert.deepEqual(stagesOf(whole), ["Name Resolution ok", "TCP ok", "TLS ok"]);
});

test("checkLocalhost() notices a localhost that leads away", async () => {
  assert.deepEqual(stagesOf(await checkLocalhost(await tools({}, []))), [
    "Name Resolution ok",
    "TCP ok",
  ]);
  const away = await checkLocalhost(await tools({ localhost: ["192.0.2.7"] }, []));
  assert.deepEqual(stagesOf(away), ["Name Resolution error"]);
  assert.match(away.checks[0].findings[0].err, /"localhost" leads to 192\.0\.2\.7/);
});

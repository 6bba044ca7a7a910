import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { type ErrorCode, TunnelError } from "../../../lib/base/errors.ts";
import { type AgentOptions, resolveAgentOptions } from "../../../lib/agent/config.ts";
import { createDialer } from "../../../lib/agent/dial.ts";
import { detectRuntime } from "../../../lib/runtime/detect.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import type { ConnectOptions, Net } from "../../../lib/runtime/net.ts";
import { makeCa } from "../../fakes/certs.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
const never = new AbortController().signal;

/** What the network is asked for, and what is thrown when it fails so. */
async function asked(
  options: AgentOptions,
  code: ErrorCode = "connection_refused",
): Promise<ConnectOptions & { readonly thrown: TunnelError }> {
  const runtime = memoryRuntime({
    clock: new FakeClock(),
    host: { files: { "/ca.pem": `${PEM}\n${PEM}` } },
  });
  let seen: ConnectOptions | undefined;
  const connect: Net["connect"] = (wanted) => {
    seen = wanted;
    return Promise.reject(new TunnelError(code, `it failed: ${code}`));
  };
  const net = Object.assign(Object.create(runtime.net), { connect }) as Net;
  const dial = await createDialer(resolveAgentOptions(options), {
    ...runtime,
    net,
  });
  const thrown = await dial(never).then(
    () => assert.fail("it connected"),
    (error) => error,
  );
  assert.equal(thrown.code, code);
  return { ...seen!, thrown };
}

test("createDialer() dials TLS with the host as name, by the system's authorities", async () => {
  const { signal, thrown, ...rest } = await asked({
    connectUrl: "edge.test:4443",
    connectTimeoutMs: 5,
  });
  assert.equal(signal, never);
  assert.equal(
    thrown.message,
    "it failed: connection_refused",
    "there is nothing to add",
  );
  assert.deepEqual(rest, {
    host: "edge.test",
    port: 4443,
    tls: { serverName: "edge.test", roots: "system" },
    timeoutMs: 5,
  });
});

test("S90 createDialer() dials port 443 unless it is told another one", async () => {
  const { host, port } = await asked({ connectUrl: "edge.test" });
  assert.deepEqual([host, port], ["edge.test", 443]);
});

test("createDialer() says what to do about what does not pass by itself", async () => {
  const advice = async (code: ErrorCode) =>
    (await asked({ connectUrl: "[::1]:1" }, code)).thrown.message;
  const about = /^Cannot connect to "\[::1\]:1": /;
  assert.match(await advice("tls_untrusted"), /--connect-cas ca.pem/);
  assert.match(
    await advice("tls_name_mismatch"),
    /its certificate is not for "::1"/,
  );
  assert.match(await advice("tls_expired"), /renew it on the edge/);
  assert.match(await advice("permission_denied"), /allow it to this program/);
  assert.match(await advice("tls_expired"), about);
});

test("createDialer() takes authorities by word, file or text", async () => {
  const roots = async (connectCas: string) =>
    (await asked({ connectUrl: "h", connectCas })).tls?.roots;
  assert.equal(await roots("trusted"), "system");
  assert.equal(await roots("host"), "system");
  assert.deepEqual(await roots("/ca.pem"), [PEM, PEM]);
  assert.deepEqual(await roots(PEM), [PEM]);
});

test("S91 S111 S113 createDialer() connects over real TLS, and says what to do when it cannot", async () => {
  const { net, host } = detectRuntime();
  const ca = await makeCa();
  const good = await ca.leaf(["localhost", "127.0.0.1"]);
  const elsewhere = await ca.leaf(["elsewhere.test"]);
  let certificate = good;
  const door = await net.listen({
    host: "127.0.0.1",
    onConnection: async (conn) => {
      try {
        const tls = await net.startTlsServer(conn, { certificate });
        await tls.write(new TextEncoder().encode("welcome"));
        await tls.read();
        tls.abort();
      } catch {
        conn.abort(); // the agent did not like the certificate: what the test is about
      }
    },
  });
  const connectUrl = `127.0.0.1:${door.address.port}`;
  const dial = async (connectCas: string) => {
    const config = resolveAgentOptions({ connectUrl, connectCas });
    const dialer = await createDialer(config, { ...detectRuntime(), host });
    const carrier = await dialer(never);
    assert.equal(new TextDecoder().decode(await carrier.read()), "welcome");
    carrier.abort();
    await carrier.closed;
  };
  await dial(ca.caPem);
  await assert.rejects(dial("host"), {
    code: "tls_untrusted",
    message:
      `Cannot connect to "${connectUrl}": its certificate is not signed by an authority this ` +
      "machine trusts; for an edge of your own give its CA file as connect_cas (--connect-cas ca.pem)",
  });
  certificate = elsewhere;
  await assert.rejects(dial(ca.caPem), {
    code: "tls_name_mismatch",
    message: /its certificate is not for "127.0.0.1"/,
  });

  // The edge moves to another authority, and its file to the agent's machine.
  const next = await makeCa();
  certificate = await next.leaf(["127.0.0.1"]);
  const { host: machine } = memoryRuntime({ host: { files: { "/ca.pem": ca.caPem } } });
  const config = resolveAgentOptions({ connectUrl, connectCas: "/ca.pem" });
  const dialer = await createDialer(config, { ...detectRuntime(), host: machine });
  await assert.rejects(dialer(never), { code: "tls_untrusted" });
  await machine.files.write("/ca.pem", next.caPem);
  const carrier = await dialer(never);
  carrier.abort();
  await carrier.closed;
  await door.close();
});

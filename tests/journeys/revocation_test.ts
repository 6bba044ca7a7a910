/**
 * An edge certificate that was revoked at the machine: the running edge presents another one, and
 * agents do not talk to whoever still has the old one.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../../mod.ts";
import { silentLogger } from "../../lib/base/log.ts";
import { listCertificates, revokeCertificate } from "../../lib/cli/edge_certificates.ts";
import type { Cli } from "../../lib/cli/command.ts";
import { readLeaf } from "../../lib/edge/certificates/x509.ts";
import { launchEdge } from "../../lib/edge/edge.ts";
import { askHttp } from "../../lib/http/ask.ts";
import { serveFetch } from "../../lib/http/serve_fetch.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import type { Conn, ConnectOptions } from "../../lib/runtime/net.ts";
import { test } from "../harness.ts";

test("S96 S97 S98 S114 S115 an agent refuses an edge whose certificate was revoked, and takes its next one", async () => {
  const runtime = detectRuntime();
  const folder = mkdtempSync(join(tmpdir(), "sallyport-crl-"));
  let printed = "";
  const stdout = { ...runtime.host.stdout, write: (text: string) => void (printed += text) };
  const cli = {
    runtime: { ...runtime, host: { ...runtime.host, stdout } },
    logger: silentLogger,
  } as unknown as Cli;
  const edge = await launchEdge({
    domain: "edge.test",
    http: { port: 0 },
    https: { port: 0 },
    tcpPorts: "none",
    dataDir: folder,
  }, runtime);
  try {
    const { https, http } = edge.addresses;
    const roots = [edge.caPem!];
    const agentLeaf = async () => {
      const { port } = https!;
      const tls = { serverName: "localhost", roots };
      const conn = await runtime.net.connect({ host: "127.0.0.1", port, tls });
      conn.abort();
      return (await readLeaf(conn.tls!.peerCertificatePem!)).serial;
    };
    const before = await agentLeaf();
    const old = await runtime.host.files.readText(`${folder}/certs/agents.pem`);
    const pemOf = (label: string) =>
      new RegExp(`-----BEGIN ${label}-----[^]*-----END ${label}-----\n`).exec(old)![0];
    await revokeCertificate(cli, folder, "agents");
    await edge.identityChanged();
    assert.notEqual(await agentLeaf(), before);
    printed = "";
    await listCertificates(cli, folder);
    const states = JSON.parse(printed) as { readonly serial_number: string }[];
    assert.ok(states.some(({ serial_number }) => serial_number !== before));
    // Somebody else has the old key, and listens with it.
    const robbed: Conn[] = [];
    const thief = await runtime.net.listen({
      onConnection: (conn) => {
        const certificate = { chainPem: pemOf("CERTIFICATE"), keyPem: pemOf("PRIVATE KEY") };
        runtime.net.startTlsServer(conn, { certificate }).then(
          (secure) => robbed.push(secure),
          () => {},
        );
      },
    });
    const listHost = `crl.edge.test:${http!.port}`;
    // The door of the edge, by the name that the list has there: not every system knows *.localhost.
    let asked = 0;
    const fetchList = async () => {
      asked++;
      const upstream = await runtime.net.connect({ host: "127.0.0.1", port: http!.port });
      const url = new URL(`http://${listHost}/sallyport.crl`);
      const { body } = await askHttp(upstream, { method: "GET", url });
      upstream.abort();
      return new Response(new Uint8Array(body));
    };
    const { clock } = runtime;
    const listDoor = await runtime.net.listen({
      onConnection: (conn) => void serveFetch(conn, fetchList, { clock, scheme: "http" }),
    });
    try {
      const dialled = new Set<string>();
      const net = new Proxy(runtime.net, {
        get: (target, key) => {
          const value = Reflect.get(target, key, target) as unknown;
          if (typeof value !== "function") return value;
          if (key !== "connect") return value.bind(target);
          return (options: ConnectOptions) => {
            dialled.add(`${options.host}:${options.port}`);
            return runtime.net.connect(options);
          };
        },
      });
      const dial = (port: number, crlNoverify = false) =>
        connect({
          runtime: { ...runtime, net },
          connectUrl: `localhost:${port}`,
          connectCas: edge.caPem!,
          authtoken: edge.newAuthtoken!,
          crlUrl: `http://127.0.0.1:${listDoor.address.port}/sallyport.crl`,
          crlNoverify,
        });
      await assert.rejects(dial(thief.address.port), { code: "tls_untrusted", message: /revoked/ });
      const agent = await dial(https!.port);
      await agent.close();
      const before = asked;
      assert.ok(before > 0);
      const careless = await dial(https!.port, true);
      await careless.close();
      assert.equal(asked, before, "crlNoverify asks for no list");
      assert.deepEqual(
        [...dialled].sort(),
        [
          `127.0.0.1:${listDoor.address.port}`,
          `localhost:${https!.port}`,
          `localhost:${thief.address.port}`,
        ].sort(),
        "an agent dials its edge, and the list of that; nobody else",
      );
    } finally {
      await thief.close();
      for (const conn of robbed) conn.abort();
      await listDoor.close();
    }
  } finally {
    await edge.close({ graceMs: 0 });
    rmSync(folder, { recursive: true });
  }
});

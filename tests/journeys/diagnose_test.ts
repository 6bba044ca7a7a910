/**
 * A diagnosis of a real edge by the real program, and of ways that are broken stage by stage.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCa } from "../fakes/certs.ts";
import { test } from "../harness.ts";
import { startTlsEcho } from "./kit.ts";
import { runProgram } from "./program.ts";
import { AUTHTOKEN, startTestEdge } from "./tunnel_suite.ts";

function run(connectUrl: string, ...args: string[]) {
  return runProgram(["diagnose", "--connect-url", connectUrl, ...args]);
}

test("S126 diagnose is satisfied with a good edge, and ends with 0", async () => {
  const edge = await startTestEdge({ region: "eu" });
  const folder = mkdtempSync(join(tmpdir(), "sallyport-diagnose-"));
  const path = join(folder, "report.json");
  try {
    const more = ["--connect-cas", edge.caPath, "--authtoken", AUTHTOKEN, "-w", path];
    const { code, stdout, stderr } = await run(edge.agents, ...more);
    assert.deepEqual([code, stderr], [0, ""], stdout);
    for (const stage of ["Name Resolution", "TCP", "TLS", "Tunnel Protocol"]) {
      assert.match(stdout, new RegExp(`^  ${stage}: .*\\[ OK \\]$`, "m"));
    }
    assert.match(stdout, /^Connected to the edge \(region: eu, latency: [\d.]+ ms\)$/m);
    const report = JSON.parse(readFileSync(path, "utf8"));
    assert.equal(report.ok, true);
    assert.ok(!JSON.stringify(report).includes(AUTHTOKEN));
    const elsewhere = await run(edge.agents, ...more, "--region", "mars");
    assert.match(elsewhere.stderr, /Cannot test the region "mars": the edge names "eu"/);
  } finally {
    await edge.close();
    rmSync(folder, { recursive: true });
  }
});

test("S127 diagnose names the stage that is broken, and ends with 1", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-diagnose-"));
  const ca = await makeCa("diagnose");
  const caPath = join(folder, "ca.pem");
  writeFileSync(caPath, ca.caPem);
  const edge = await startTestEdge();
  const { chainPem, keyPem } = await ca.leaf(["127.0.0.1"]);
  const stranger = await startTlsEcho(chainPem, keyPem);
  const closed = net.createServer();
  const port = await new Promise<number>((resolve) => {
    closed.listen(0, "127.0.0.1", () => resolve((closed.address() as AddressInfo).port));
  });
  await new Promise<void>((resolve) => closed.close(() => resolve()));
  try {
    const tcp = await run(`127.0.0.1:${port}`);
    assert.equal(tcp.code, 1);
    assert.match(tcp.stdout, /^ {2}TCP +\[ ERROR \]$/m);
    assert.match(tcp.stdout, /connection refused[\s\S]*ERR_NGROK_8002/);

    const tls = await run(edge.agents);
    assert.equal(tls.code, 1);
    assert.match(tls.stdout, /^ {2}TLS +\[ ERROR \]$/m);
    assert.match(tls.stdout, /ERR_NGROK_8003\n.*\n.*connect_cas/);

    const tunnel = await run(`127.0.0.1:${stranger.port}`, "--connect-cas", caPath);
    assert.equal(tunnel.code, 1);
    assert.match(tunnel.stdout, /^ {2}Tunnel Protocol +\[ ERROR \]$/m);
    assert.match(tunnel.stdout, /ERR_NGROK_8004/);

    const token = ["--connect-cas", edge.caPath, "--authtoken", "of_somebody_else"];
    const refused = await run(edge.agents, ...token);
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /Answer: {3}ERR_NGROK_105\n/);
    assert.ok(!refused.stdout.includes("of_somebody_else"));

    const config = join(folder, "sallyport.yml");
    writeFileSync(config, `version: 3\nagent: {proxy_url: "http://127.0.0.1:${port}"}\n`);
    const proxied = await run(edge.agents, "--config", config, "--connect-cas", edge.caPath);
    assert.equal(proxied.code, 1);
    assert.match(proxied.stdout, /^Proxy Connectivity\n.*\[ OK \]\n {2}TCP +\[ ERROR \]$/m);
    assert.match(proxied.stdout, /ERR_NGROK_8006/);
  } finally {
    await stranger.close();
    await edge.close();
    rmSync(folder, { recursive: true });
  }
});

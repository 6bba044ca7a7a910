import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Plugin } from "vite";
import { test } from "../harness.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { sallyport, type SallyportViteOptions, type ViteServer } from "../../vite.ts";
import { readAll } from "../fakes/edge.ts";

const { net } = detectRuntime();
const PROGRAM = fileURLToPath(new URL("../fakes/vite_program.ts", import.meta.url));

/** Vite, as far as a plugin sees it: hooks in the documented order, a host check, `printUrls`. */
async function startVite(options: SallyportViteOptions, more: { middleware?: boolean } = {}) {
  const printed: string[] = [];
  const plugin = sallyport(options);
  const config = await plugin.config();
  const allowed = config?.server.allowedHosts ?? [];
  const http = createServer((request, response) => {
    const name = (request.headers.host ?? "").replace(/:\d+$/, "");
    response.statusCode = allowed.includes(name) ? 200 : 403;
    response.end(`vite for ${name}`);
  });
  const logger = {
    info: (line: string) => void printed.push(line),
    warn: (line: string) => void printed.push(`warning ${line}`),
  };
  const server: ViteServer = {
    httpServer: more.middleware ? null : http as unknown as ViteServer["httpServer"],
    config: { server: {}, logger },
    printUrls: () => logger.info("  ➜  Local:   http://localhost"),
  };
  plugin.configureServer(server);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  server.printUrls();
  return {
    plugin,
    config,
    printed,
    url: printed.at(-1)!.split(" ").at(-1)!,
    port: (http.address() as AddressInfo).port,
    stop: () => new Promise<void>((resolve) => http.close(() => resolve())),
  };
}

/** One request to the URL. */
async function get(url: string): Promise<string> {
  const { host, port } = new URL(url);
  const conn = await net.connect({ host: "127.0.0.1", port: Number(port) });
  const head = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  await conn.write(new TextEncoder().encode(head));
  const answer = await readAll(conn);
  await conn.closeWrite();
  await conn.closed;
  return answer;
}

/** Until nobody listens at the URL any more. */
async function gone(url: string): Promise<void> {
  for (;;) {
    try {
      await get(url);
    } catch {
      return;
    }
  }
}

test("sallyport() puts the dev server on a URL that passes Vite's host check, and prints it", async () => {
  const vite = await startVite({ url: "dev.localhost" });
  assert.equal(vite.plugin.apply, "serve");
  assert.deepEqual(vite.config?.server.allowedHosts, ["dev.localhost"]);
  assert.deepEqual(vite.config?.preview.allowedHosts, ["dev.localhost"]);
  assert.match(vite.printed[1], /Public: {2}http:\/\/dev\.localhost:\d+$/);
  assert.match(await get(vite.url), /^HTTP\/1\.1 200 [^]*vite for dev\.localhost/);
  await vite.stop();
  await gone(vite.url);
});

/** The shape is Vite's own: it goes into a configuration as it is. */
export const plugin: Plugin = sallyport();

test("sallyport() serves a real Vite: pages, modules and updates, over a restart", async () => {
  const root = await mkdtemp(join(tmpdir(), "sallyport-vite-"));
  try {
    const isDeno = detectRuntime().host.runtime.name === "deno";
    const flags = isDeno ? ["run", "-A", "--no-check", "--node-modules-dir=manual"] : [];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, PROGRAM, root], {
      env: { ...process.env, NO_COLOR: "1" },
      timeout: 60_000,
    });
    const { url, allowedHosts, ...happened } = JSON.parse(stdout);
    assert.match(url, /^http:\/\/vite\.localhost:\d+$/);
    assert.ok(["else.example", "vite.localhost"].every((name) => allowedHosts.includes(name)));
    assert.deepEqual(happened, {
      hasPage: true,
      hasModule: true,
      isConnected: true,
      isReloaded: true,
      isSame: true,
    });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

test("sallyport() keeps the URL when Vite starts anew before it ends the old server", async () => {
  const options = { url: "again.localhost" };
  const first = await startVite(options);
  const second = await startVite(options);
  assert.equal(second.url, first.url);
  await first.stop();
  assert.match(await get(second.url), /vite for again\.localhost/);
  await second.stop();
  await gone(second.url);
});

test("sallyport() says so in middleware mode, and does nothing when it is switched off", async () => {
  const middleware = await startVite({ url: "none.localhost" }, { middleware: true });
  assert.match(
    middleware.printed[0],
    /^warning Cannot publish [^]*in middleware mode there is none/,
  );
  await middleware.stop();
  const off = await startVite({ enabled: false });
  assert.equal(off.config, undefined);
  assert.equal(off.printed.length, 1);
  await off.stop();
});

test("sallyport() does not wait for ever for an edge that does not answer", async () => {
  const deaf = await net.listen({ host: "127.0.0.1", onConnection: (conn) => void conn });
  const connectUrl = `127.0.0.1:${deaf.address.port}`;
  await assert.rejects(sallyport({ connectUrl, connectLimitMs: 100 }).config(), {
    code: "timed_out",
    message: `Cannot publish the dev server: "${connectUrl}" did not answer within 100 ms`,
  });
  await deaf.close();
  await assert.rejects(sallyport({ url: "ftp://x" }).config(), { code: "address_invalid" });
});

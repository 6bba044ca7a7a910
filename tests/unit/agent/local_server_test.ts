import assert from "node:assert/strict";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "../../harness.ts";
import { findServer, placeOf } from "../../../lib/agent/local_server.ts";

test("findServer() has a server listen on loopback, and ends that", async () => {
  const server = http.createServer();
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  const found = await findServer(server);
  const { address, port } = server.address() as AddressInfo;
  assert.equal(address, "127.0.0.1");
  assert.deepEqual([found.addr, found.isEncrypted], [`127.0.0.1:${port}`, false]);
  found.release();
  await closed;
  found.release();
});

test("findServer() leaves a server alone that listens already", async () => {
  const server = https.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const found = await findServer(server);
  assert.deepEqual([found.addr, found.isEncrypted], [`127.0.0.1:${port}`, true]);
  found.release();
  assert.notEqual(server.address(), null);
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

test("findServer() takes an app that makes its server when it listens, as one of Express", async () => {
  const server = http.createServer();
  const app = Object.assign(() => {}, {
    listen: (port: number, host: string, done: () => void) => server.listen(port, host, done),
  });
  const found = await findServer(app);
  assert.match(found.addr, /^127\.0\.0\.1:\d+$/);
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  found.release();
  await closed;
  await assert.rejects(findServer({ listen: () => Promise.resolve("http://[::1]") }), {
    code: "address_invalid",
    message: /its listen\(\) gives no server/,
  });
});

test("findServer() knows what Deno.serve() and Bun.serve() give", async () => {
  const places: [Parameters<typeof findServer>[0], string, boolean][] = [
    [{ addr: { hostname: "0.0.0.0", port: 8000 } }, "localhost:8000", false],
    [{ addr: { hostname: "::1", port: 8000 } }, "[::1]:8000", false],
    [{ addr: { path: "/run/a.sock" } }, "unix:/run/a.sock", false],
    [{ url: new URL("http://localhost:3000/") }, "localhost:3000", false],
    [{ url: new URL("https://[::1]/") }, "[::1]:443", true],
    [{ url: new URL("unix:///run/b.sock") }, "unix:/run/b.sock", false],
  ];
  for (const [server, addr, isEncrypted] of places) {
    const found = await findServer(server);
    assert.deepEqual([found.addr, found.isEncrypted], [addr, isEncrypted]);
    found.release();
  }
});

test("findServer() passes on what keeps a server from listening, and refuses what is none", async () => {
  const inUse = {
    address: () => null,
    listen: () => {},
    once: (_: string, run: (error: Error) => void) => run(new Error("in use")),
  };
  await assert.rejects(findServer(inUse), /in use/);
  const failing = {
    ...inUse,
    once: () => {},
    listen: (_: number, __: string, done: (error: Error) => void) => done(new Error("no")),
  };
  await assert.rejects(findServer(failing), /no/);
  const gone = {
    ...inUse,
    once: () => {},
    listen: (_: number, __: string, done: () => void) => done(),
  };
  await assert.rejects(findServer(gone), { code: "address_invalid", message: /it was closed/ });
  await assert.rejects(findServer({ addr: "host:80" } as never), {
    code: "address_invalid",
    message: /the service comes first; write forward\("host:80", \{ … \}\)$/,
  });
  await assert.rejects(findServer({} as never), {
    code: "address_invalid",
    message: /give its port/,
  });
});

test("placeOf() says loopback where a server listens on all addresses", () => {
  assert.deepEqual(
    [placeOf("::", 1), placeOf("0.0.0.0", 2), placeOf(undefined, 3), placeOf("192.0.2.1", 4)],
    ["localhost:1", "localhost:2", "localhost:3", "192.0.2.1:4"],
  );
});

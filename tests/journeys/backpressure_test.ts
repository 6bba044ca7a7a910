/**
 * Who does not read stops who writes, through every hop: a gigabyte waits at its source, not in
 * anybody's memory. The source counts what it could get rid of.
 */
import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import net from "node:net";
import { connect } from "../../lib/agent/agent.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { test } from "../harness.ts";
import { dial, splitAddress, startWeb, visit } from "./kit.ts";
import { AUTHTOKEN, onStage, type StartAgent } from "./tunnel_suite.ts";

const GIGABYTE = 1 << 30;

/**
 * What may lie between a source and a reader that does not read: five sockets with some megabytes of
 * kernel buffer at either end (4 to 6 MB each on Linux), a stream window of 256 KiB, our own queues.
 */
const IN_FLIGHT = 64 << 20;

const startOwn: StartAgent = async (edge, connectTo) => {
  const agent = await connect({
    connectUrl: connectTo,
    connectCas: edge.caPath,
    authtoken: AUTHTOKEN,
    runtime: detectRuntime(),
  });
  return {
    forward: (kind, to, more = {}) =>
      agent.forward({
        addr: to,
        proto: kind,
        url: `${kind === "http" ? more.scheme ?? "http" : kind}://`,
      }),
    close: () => agent.close({ graceMs: 0 }),
  };
};

/** Writes a gigabyte as fast as it is taken; `taken` is what left. */
function pour(socket: net.Socket): { taken: () => number } {
  const block = new Uint8Array(1 << 16);
  let queued = 0;
  socket.on("error", () => {});
  const push = () => {
    while (queued < GIGABYTE) {
      queued += block.length;
      if (!socket.write(block)) return void socket.once("drain", push);
    }
  };
  push();
  return { taken: () => queued - socket.writableLength };
}

/** Waits until a count has stopped: unchanged for a second of looking. */
async function settled(count: () => number): Promise<number> {
  let last = -1;
  for (let same = 0; same < 20;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const now = count();
    same = now === last && now > 0 ? same + 1 : 0;
    last = now;
  }
  return last;
}

for (const kind of ["http", "tcp"] as const) {
  test(`a visitor that stops reading a ${kind} endpoint stops the service, and nobody else`, () =>
    onStage(startOwn, async ({ edge, agent, use }) => {
      let poured: { taken: () => number } | undefined;
      const sockets = new Set<net.Socket>();
      const server = net.createServer((socket) => {
        sockets.add(socket);
        socket.once("data", () => {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${GIGABYTE}\r\n\r\n`);
          poured = pour(socket);
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      use({
        close: () =>
          new Promise<void>((resolve) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => resolve());
          }),
      });
      const { port } = server.address() as AddressInfo;
      const { url } = await agent.forward(
        kind,
        kind === "http" ? `http://127.0.0.1:${port}` : `127.0.0.1:${port}`,
      );
      const target = new URL(url);
      const visitor = await dial(
        kind === "http" ? splitAddress(edge.door.http!)[1] : Number(target.port),
      );
      visitor.on("error", () => {});
      visitor.pause();
      visitor.write(`GET / HTTP/1.1\r\nHost: ${target.host}\r\n\r\n`);
      const stopped = await settled(() => poured?.taken() ?? 0);
      assert.ok(stopped < IN_FLIGHT, `${stopped} bytes left the source`);
      // The same agent, the same session: others are served meanwhile.
      const web = use(await startWeb());
      const other = await agent.forward("http", `http://127.0.0.1:${web.port}`);
      for (let i = 0; i < 10; i++) {
        assert.equal((await visit(edge.door, `${other.url}/hello`)).status, 200);
      }
      // And it goes on as soon as the visitor reads.
      let read = 0;
      const further = new Promise<void>((resolve) =>
        visitor.on("data", (chunk) => {
          if ((read += chunk.length) > 2 * IN_FLIGHT) resolve();
        })
      );
      visitor.resume();
      await further;
      assert.ok(poured!.taken() > stopped);
      visitor.destroy();
    }));

  test(`a service behind a ${kind} endpoint that stops reading stops the visitor, and nobody else`, () =>
    onStage(startOwn, async ({ edge, agent, use }) => {
      const sockets = new Set<net.Socket>();
      const server = net.createServer((socket) => {
        sockets.add(socket);
        socket.on("error", () => {});
        socket.pause();
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      use({
        close: () =>
          new Promise<void>((resolve) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => resolve());
          }),
      });
      const { port } = server.address() as AddressInfo;
      const { url } = await agent.forward(
        kind,
        kind === "http" ? `http://127.0.0.1:${port}` : `127.0.0.1:${port}`,
      );
      const target = new URL(url);
      const visitor = await dial(
        kind === "http" ? splitAddress(edge.door.http!)[1] : Number(target.port),
      );
      visitor.write(
        `POST / HTTP/1.1\r\nHost: ${target.host}\r\nContent-Length: ${GIGABYTE}\r\n\r\n`,
      );
      const poured = pour(visitor);
      const stopped = await settled(poured.taken);
      assert.ok(stopped < IN_FLIGHT, `${stopped} bytes left the source`);
      const web = use(await startWeb());
      const other = await agent.forward("http", `http://127.0.0.1:${web.port}`);
      for (let i = 0; i < 10; i++) {
        assert.equal((await visit(edge.door, `${other.url}/hello`)).status, 200);
      }
      visitor.destroy();
    }));
}

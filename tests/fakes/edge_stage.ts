/**
 * A whole edge on the machine's own sockets, its data folder in memory, with an agent that does what
 * a test tells it.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { EdgeOptions } from "../../lib/edge/config.ts";
import { launchEdge } from "../../lib/edge/edge.ts";
import type { EdgeInside } from "../../lib/edge/edge_handle.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import type { Host, Runtime } from "../../lib/runtime/host.ts";
import type { Conn, TlsClientOptions } from "../../lib/runtime/net.ts";
import { FakeAgent } from "./agent.ts";
import { MemoryFiles } from "./files.ts";
import { memorySqlite } from "./sqlite.ts";

/** The owner's authtoken. */
export const TOKEN = "ownertoken_0123456789";

/** An edge and how it is reached. */
export interface EdgeStage {
  readonly edge: EdgeInside;
  readonly runtime: Runtime;
  /** Dials a door of the edge; the authority of TLS is the edge's own unless another is given. */
  dial(door: "http" | "https" | "tls" | "agents" | "api", tls?: TlsClientOptions): Promise<Conn>;
  /** Speaks TLS over a connection that was dialled. */
  secure(conn: Conn, serverName: string, tls?: TlsClientOptions): Promise<Conn>;
  /** An agent that is let in, with the owner's token unless another is given. */
  agent(token?: string): Promise<FakeAgent>;
}

/** Starts one; doors are at free ports of 127.0.0.1. */
export async function edgeStage(options: EdgeOptions = {}): Promise<EdgeStage> {
  const machine = detectRuntime();
  const { net, clock } = machine;
  const files = new MemoryFiles();
  const runtime: Runtime = {
    ...machine,
    host: { files, keepAlive: () => () => {} } as unknown as Host,
    openSqlite: memorySqlite(files),
  };
  const edge = await launchEdge({
    domain: "example.com",
    dataDir: "/data",
    authtoken: TOKEN,
    http: { port: 0 },
    https: { port: 0 },
    ...options,
  }, runtime);
  const roots = () => [edge.caPem!];
  const stage: EdgeStage = {
    edge,
    runtime,
    dial(door, tls) {
      const { host, port } = edge.addresses[door]!;
      return net.connect({ host, port, ...(tls && { tls: { roots: roots(), ...tls } }) });
    },
    secure: (conn, serverName, tls) =>
      net.startTlsClient(conn, { roots: roots(), ...tls, serverName }),
    async agent(token = TOKEN) {
      const door = edge.addresses.agents ? "agents" : "https";
      const conn = await stage.dial(door, { serverName: "connect.example.com" });
      const agent = new FakeAgent(conn, { clock });
      assert.equal((await agent.auth({ AuthToken: token }))["Error"], "");
      return agent;
    },
  };
  return stage;
}

/** Serves a visitor's stream of an http or https endpoint: gives the head, answers 200. */
export async function answerHttp(agent: FakeAgent, body = "ok"): Promise<string> {
  const { stream } = await agent.nextVisitor();
  const decoder = new TextDecoder();
  let head = "";
  while (!head.includes("\r\n\r\n")) {
    const chunk = await stream.read();
    if (chunk === undefined) break;
    head += decoder.decode(chunk);
  }
  const answer =
    `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
  await stream.write(new TextEncoder().encode(answer));
  await stream.closeWrite();
  return head;
}

/**
 * An edge's two sides in memory, with several agents that serve one URL: visitors come in by hand,
 * agents answer by rules that a test changes while it runs.
 *
 * @module
 */
import { type FakeClock, sleep } from "../../lib/base/clock.ts";
import { pair } from "../../lib/base/duplex.ts";
import { silentLogger } from "../../lib/base/log.ts";
import { type ExchangeEnded, type HttpVisit, serveHttp } from "../../lib/edge/http_relay.ts";
import type { MuxStream } from "../../lib/mux/mux.ts";
import type { BindResponse } from "../../lib/wire/messages.ts";
import type { FakeAgent, Json } from "./agent.ts";
import { AgentsSide, type AgentsSideOptions } from "./agents_side.ts";
import { FakeConn } from "./edge_visit.ts";
import { Peer } from "./peer.ts";

/** Numbers in [0, 1) that are the same each time (mulberry32). */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A member of the pool. */
export interface StageMember {
  /** What it answers with, and what it is called. */
  readonly name: string;
  /** The agent. */
  readonly agent: FakeAgent;
  /** Its Bind's answer. */
  readonly bound: BindResponse;
  /** How long it takes to answer. */
  delayMs: number;
  /** What it does with a request. */
  does: "answer" | "down" | "reset" | "refuse";
  /** What it sends when its service is down. */
  downAnswer: string;
  /** Requests it has begun to answer. */
  served: number;
  /** Streams it was opened. */
  streams: number;
  /** What it was asked, heads alone. */
  readonly heads: string[];
}

/** What the service says when the agent cannot reach it. */
const DOWN = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n" +
  "ngrok-error-code: ERR_NGROK_8012\r\nConnection: close\r\n\r\ndown";

/** The agents' side with a pool of `http://pool.example.com`, and visitors for it. */
export class PoolStage {
  readonly side: AgentsSide;
  readonly members: StageMember[] = [];
  readonly events: ExchangeEnded[] = [];

  private constructor(side: AgentsSide) {
    this.side = side;
  }

  /** Makes one with so many members. */
  static async create(count: number, options: AgentsSideOptions = {}): Promise<PoolStage> {
    const side = await AgentsSide.create({ random: seeded(11), ...options });
    const stage = new PoolStage(side);
    for (let index = 0; index < count; index++) await stage.join(`m${index}`);
    return stage;
  }

  /** Time. */
  get clock(): FakeClock {
    return this.side.clock;
  }

  /** One more member; without `pooled` it asks for the URL alone. */
  async join(
    name: string,
    { token = "one", extra = { PoolingEnabled: true } as Json, opts = {} as Json } = {},
  ): Promise<StageMember> {
    const { agent } = await this.side.agent(token);
    const bound = await agent.bind("http", { Domain: "pool.example.com", ...opts }, {
      Extra: extra,
    });
    const member: StageMember = {
      name,
      agent,
      bound,
      delayMs: 0,
      does: "answer",
      downAnswer: DOWN,
      served: 0,
      streams: 0,
      heads: [],
    };
    this.members.push(member);
    void this.#serve(member);
    return member;
  }

  /** A visitor of the pool. */
  visit(): { peer: Peer; conn: FakeConn; visit: HttpVisit } {
    const [near, far] = pair({ highWaterBytes: 65_536 });
    const conn = new FakeConn(near);
    const visit = serveHttp(conn, "http", {
      endpoints: this.side.registry,
      clock: this.clock,
      logger: silentLogger,
      onExchange: (event) => this.events.push(event),
    });
    return { peer: new Peer(far), conn, visit };
  }

  /**
   * One request on a connection of its own.
   *
   * @returns status and body, once it is answered
   */
  async ask(method = "GET", body = ""): Promise<string> {
    const { peer, visit } = this.visit();
    await peer.send(requestOf(method, body));
    const answer = await readAnswer(peer);
    peer.duplex.closeWrite();
    await visit.over;
    return answer;
  }

  /** Who served how many. */
  get served(): number[] {
    return this.members.map(({ served }) => served);
  }

  /** Ends all. */
  async close(): Promise<void> {
    await this.side.close();
  }

  async #serve(member: StageMember): Promise<void> {
    for (;;) {
      const { stream } = await member.agent.nextVisitor();
      member.streams++;
      this.#answer(member, stream).catch(() => {});
    }
  }

  async #answer(member: StageMember, stream: MuxStream): Promise<void> {
    const peer = new Peer(stream);
    if (member.does === "refuse") return stream.reset(4);
    for (;;) {
      const head = await peer.readHead();
      member.heads.push(head);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      await peer.readBytes(length);
      if (member.delayMs > 0) await sleep(this.clock, member.delayMs);
      if (member.does === "reset") return stream.reset(6);
      member.served++;
      if (member.does === "down") {
        await peer.send(member.downAnswer);
        return void await stream.closeWrite();
      }
      const { name } = member;
      await peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`);
    }
  }
}

/** A request for the pool. */
export function requestOf(method = "GET", body = ""): string {
  const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
  return `${method} / HTTP/1.1\r\nHost: pool.example.com\r\n${length}\r\n${body}`;
}

/** The status and the body of the next answer. */
export async function readAnswer(peer: Peer): Promise<string> {
  const head = await peer.readHead();
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  return `${head.slice(9, 12)} ${await peer.readBytes(length)}`;
}

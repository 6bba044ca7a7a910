/**
 * A visitor before a fetch handler, on a pipe in memory and with a clock that stands still.
 *
 * @module
 */
import { FakeClock } from "../../lib/base/clock.ts";
import { pair } from "../../lib/base/duplex.ts";
import type { LogFields, Logger, LogLevel } from "../../lib/base/log.ts";
import { Through } from "../../lib/edge/through.ts";
import type { FetchHandler, FetchOptions } from "../../lib/http/fetch_options.ts";
import { type FetchVisit, serveFetch } from "../../lib/http/serve_fetch.ts";
import { latin1Bytes, Peer } from "./peer.ts";

/** The `Date` of every response: the clock stands at 1970. */
export const DATE = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n";

/** How the head of {@linkcode said} goes on behind its first line. */
export const SAID: string = `content-type: a/b\r\n${DATE}`;

/**
 * A response whose type is known: what becomes of a body without one differs between runtimes.
 *
 * @param text the body, a byte for each character
 */
export function said(text: string): Response {
  const body = latin1Bytes(text) as Uint8Array<ArrayBuffer>;
  return new Response(body, { headers: { "Content-Type": "a/b" } });
}

/** A carrier that counts. */
export class CountedConn extends Through {
  /** How many writes it got. */
  writes = 0;
  /** How many reads it got. */
  reads = 0;
  /** Whether our side cut it. */
  aborted = false;

  override read(): ReturnType<Through["read"]> {
    this.reads++;
    return this.under.read();
  }

  override write(chunk: Uint8Array): void | Promise<void> {
    this.writes++;
    return this.under.write(chunk);
  }

  override abort(reason?: unknown): void {
    this.aborted = true;
    this.under.abort(reason);
  }
}

/** A body that a generator makes, a chunk for each pull. */
export function generated(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  }, { highWaterMark: 0 });
}

/** One line of a log. */
export interface LogLine {
  /** How much it matters. */
  readonly level: LogLevel;
  /** What it says. */
  readonly message: string;
  /** And besides. */
  readonly fields: LogFields | undefined;
}

/** A logger that keeps what it is told. */
export class KeptLog implements Logger {
  /** Every line so far. */
  readonly lines: LogLine[] = [];

  log(level: LogLevel, message: string, fields?: LogFields): void {
    this.lines.push({ level, message, fields });
  }

  child(): Logger {
    return this;
  }

  /** The lines that matter. */
  get errors(): LogLine[] {
    return this.lines.filter(({ level }) => level === "error");
  }
}

/** What a scene differs in. */
export interface FetchSceneOptions extends Partial<FetchOptions> {
  /** How much each direction of the pipe holds. */
  readonly highWaterBytes?: number;
}

/** One visitor and what serves it. */
export interface FetchScene {
  /** The visitor. */
  readonly visitor: Peer;
  /** Our end of its connection. */
  readonly conn: CountedConn;
  /** Time. */
  readonly clock: FakeClock;
  /** The visit. */
  readonly visit: FetchVisit;
  /** What was told. */
  readonly log: KeptLog;
}

/** Puts a visitor before a handler. */
export function fetchScene(handler: FetchHandler, options: FetchSceneOptions = {}): FetchScene {
  const clock = new FakeClock(0);
  const [near, far] = pair({ highWaterBytes: options.highWaterBytes ?? 65_536 });
  const conn = new CountedConn(near);
  const log = new KeptLog();
  const visit = serveFetch(conn, handler, { clock, scheme: "http", logger: log, ...options });
  return { visitor: new Peer(far), conn, clock, visit, log };
}

/** A visitor that sends all of this, ends its side, and reads to the end. */
export async function answerTo(
  text: string | readonly string[],
  handler: FetchHandler,
  options: FetchSceneOptions = {},
): Promise<string> {
  const { visitor, visit } = fetchScene(handler, options);
  for (const piece of typeof text === "string" ? [text] : text) await visitor.send(piece);
  visitor.duplex.closeWrite();
  const answer = await visitor.readToEnd();
  await visit.over;
  return answer;
}

/**
 * Services that speak HTTP/2: what the exchange says in HTTP/1.1 goes on as a stream of an HTTP/2
 * session, and the answer comes back as HTTP/1.1. A session runs over one stream to the agent and
 * carries requests of one visitor's connection alone, so that what the agent is told about the
 * visitor holds for all of them.
 *
 * @module
 */
import type { Clock, Timer } from "../base/clock.ts";
import { type Chunk, RawDuplex } from "../base/duplex.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import { BodyCut, requestFraming } from "../http/body.ts";
import { latin1, writeLatin1 } from "../http/chars.ts";
import { HttpError } from "../http/fault.ts";
import { H2_CODE, type Http2Call, type Http2Client, type Http2Options } from "../http/h2/http2.ts";
import { connectHttp2 } from "../http/h2/session.ts";
import { parseRequestHead } from "../http/head.ts";
import { http1Trailers, http2RequestFields, http2Trailers } from "../http/http2_request.ts";
import { http1Response } from "../http/http2_response.ts";
import type { MuxStream } from "../mux/mux.ts";
import { Through } from "./through.ts";

/** How sessions to services behave. */
export interface Http2UpstreamOptions {
  /** Whose time. */
  readonly clock: Clock;
  /** A session without a request is ended after so long; 0 keeps it as long as the visitor. */
  readonly keepMs: number;
  /** What a session may cost. */
  readonly session?: Http2Options | undefined;
}

/** A service: what is asked of an endpoint. */
export interface Http2Target {
  /** Tells one from another. */
  readonly id: string;
  /** The agent's words about it: `https://…` when it is spoken to over TLS. */
  readonly forwardsTo: string;
}

/** The sessions of one visitor's connection, one for each service it asks. */
export class Http2Upstreams {
  readonly #options: Http2UpstreamOptions;
  readonly #links = new Map<string, Promise<Link>>();
  #isOver = false;

  /**
   * Holds nothing yet.
   *
   * @param options time and limits
   */
  constructor(options: Http2UpstreamOptions) {
    this.#options = options;
  }

  /**
   * A carrier for one request and its answer, both in HTTP/1.1.
   *
   * @param target the service
   * @param dial opens a stream to its agent, ready for the first byte
   * @throws {TunnelError} what `dial` throws
   */
  async open(target: Http2Target, dial: () => Promise<MuxStream>): Promise<MuxStream> {
    return new UpstreamCall(await this.#link(target, dial), target);
  }

  async #link(target: Http2Target, dial: () => Promise<MuxStream>): Promise<Link> {
    const held = this.#links.get(target.id);
    if (held) {
      const link = await held;
      if (link.session.isOpen) return link;
      if (this.#links.get(target.id) === held) this.#links.delete(target.id);
    }
    const again = this.#links.get(target.id);
    if (again) return await again;
    const made = dial().then((stream) => new Link(stream, this.#options));
    this.#links.set(target.id, made);
    try {
      const link = await made;
      if (this.#isOver) link.session.close();
      return link;
    } catch (thrown) {
      this.#links.delete(target.id);
      throw thrown;
    }
  }

  /** The visitor is gone: sessions end with what is under way. */
  close(): void {
    this.#isOver = true;
    for (const made of this.#links.values()) {
      made.then((link) => link.session.close(), () => {}); // who dialled was told
    }
    this.#links.clear();
  }
}

/** A session and the stream it runs over. */
class Link {
  readonly session: Http2Client;
  readonly carrier: FirstLook;
  readonly #options: Http2UpstreamOptions;
  #calls = 0;
  #idle: Timer | undefined;

  constructor(stream: MuxStream, options: Http2UpstreamOptions) {
    this.carrier = new FirstLook(stream);
    this.#options = options;
    this.session = connectHttp2(this.carrier, options.clock, options.session ?? {});
    void this.session.closed.then(() => this.#idle?.cancel());
  }

  began(): void {
    this.#calls++;
    this.#idle?.cancel();
  }

  ended(): void {
    const { clock, keepMs } = this.#options;
    if (--this.#calls > 0 || keepMs === 0 || !this.session.isOpen) return;
    this.#idle = clock.after(keepMs, () => this.session.close());
  }
}

/** `HTTP/1`: an agent that cannot reach its service says so, in the only words it has. */
const HTTP1 = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31];

/** Keeps an answer of HTTP/1.1 from the session, which could make nothing of it. */
class FirstLook extends Through {
  /** The beginning of such an answer. */
  http1: Uint8Array | undefined;
  #hasLooked = false;

  override read(): Chunk | Promise<Chunk> {
    const next = this.under.read();
    if (this.#hasLooked) return next;
    return next instanceof Promise ? next.then((chunk) => this.#look(chunk)) : this.#look(next);
  }

  #look(chunk: Chunk): Chunk {
    this.#hasLooked = true;
    if (!chunk || !HTTP1.every((byte, index) => chunk[index] === byte)) return chunk;
    this.http1 = chunk;
    return undefined;
  }

  /** The rest of it. */
  readRest(): Chunk | Promise<Chunk> {
    return this.under.read();
  }
}

/** One request to a service, written and answered in HTTP/1.1. */
class UpstreamCall extends RawDuplex implements MuxStream {
  readonly id = 0;
  readonly type = 0;
  readonly closed: Promise<void>;
  readonly #link: Link;
  readonly #scheme: "http" | "https";
  #setClosed!: () => void;
  #method = "";
  #body: BodyCut | undefined;
  #call: Promise<Http2Call> | undefined;
  #open: Http2Call | undefined;
  #full: void | Promise<void> = undefined;
  #stage: "head" | "content" | "raw" | "over" = "head";
  #chunked = false;
  #ready: Uint8Array[] = [];
  #error: TunnelError | undefined;

  constructor(link: Link, target: Http2Target) {
    super();
    this.#link = link;
    this.#scheme = target.forwardsTo.startsWith("https:") ? "https" : "http";
    this.closed = new Promise((resolve) => this.#setClosed = resolve);
    link.began();
    void this.closed.then(() => link.ended());
  }

  /** The head comes in one piece; content follows as it is framed. */
  write(bytes: Uint8Array): void | Promise<void> {
    if (this.#error) throw this.#error;
    if (this.#body) {
      this.#full = undefined;
      this.#body.take(bytes);
      if (this.#body.done) this.#open?.endWith(http2Trailers(this.#body.trailers ?? []));
      return this.#full;
    }
    const head = parseRequestHead(bytes);
    const framing = requestFraming(head);
    this.#method = head.method;
    this.#body = new BodyCut(framing, "request", (piece) => {
      this.#full = this.#open?.write(piece);
    });
    const asked = this.#link.session.request(
      http2RequestFields(head, this.#scheme),
      framing.kind === "none",
    );
    if (!(asked instanceof Promise)) return this.#begun(asked);
    this.#call = asked;
    return asked.then((call) => this.#begun(call));
  }

  #begun(call: Http2Call): void {
    this.#call = Promise.resolve(call);
    this.#open = call;
    if (this.#error) return call.reset(H2_CODE.cancel);
    void call.closed.then(this.#setClosed);
  }

  protected readRaw(): Chunk | Promise<Chunk> {
    const ready = this.#ready.shift();
    if (ready) return ready;
    if (this.#error) throw this.#error;
    switch (this.#stage) {
      case "head":
        return this.#readHead();
      case "content":
        return this.#readContent();
      case "raw":
        return this.#link.carrier.readRest();
      case "over":
        return undefined;
    }
  }

  async #readHead(): Promise<Chunk> {
    if (!this.#call) throw new TypeError("An answer is read before anything was asked");
    const call = await this.#call;
    try {
      const { fields, bodiless } = await call.nextHead();
      const { bytes, chunked } = http1Response(fields, bodiless, this.#method);
      const isInterim = fields.some(([name, value]) => name === ":status" && value[0] === "1");
      if (!isInterim) {
        this.#chunked = chunked;
        this.#stage = bodiless ? "over" : "content";
      }
      return bytes;
    } catch (thrown) {
      const { http1 } = this.#link.carrier;
      if (!http1) throw thrown;
      // An agent that cannot reach it says 502; a service that can make nothing of us says 400.
      if (!/^HTTP\/1\.\d 502 /.test(latin1(http1, 0, Math.min(13, http1.length)))) {
        throw new HttpError(
          "version",
          "response",
          "it is HTTP/1.1, and HTTP/2 was asked for: leave --upstream-protocol http2 out",
        );
      }
      this.#link.carrier.http1 = undefined;
      this.#stage = "raw";
      return http1;
    }
  }

  #readContent(): Chunk | Promise<Chunk> {
    const next = this.#open!.read();
    return next instanceof Promise ? next.then((chunk) => this.#frame(chunk)) : this.#frame(next);
  }

  #frame(piece: Chunk): Chunk {
    if (piece === undefined) {
      this.#stage = "over";
      if (!this.#chunked) return undefined;
      return latin1Bytes(`0\r\n${http1Trailers(this.#open!.trailers)}\r\n`);
    }
    if (!this.#chunked) return piece;
    const size = `${piece.length.toString(16)}\r\n`;
    if (piece.length > JOIN_BYTES) {
      this.#ready.push(piece, CRLF);
      return latin1Bytes(size);
    }
    const bytes = new Uint8Array(size.length + piece.length + 2);
    writeLatin1(size, bytes, 0);
    bytes.set(piece, size.length);
    bytes.set(CRLF, size.length + piece.length);
    return bytes;
  }

  /** The end of a request is where its framing says; the session goes on. */
  closeWrite(): void {}

  reset(_code: number): void {
    this.abort();
  }

  abort(reason?: unknown): void {
    if (this.#error) return;
    this.#error = reason === undefined
      ? new TunnelError("aborted", "The request to the service was cancelled")
      : toTunnelError(reason, "aborted");
    this.#open?.reset(H2_CODE.cancel);
    this.#setClosed();
  }
}

/** Content up to this size is copied to leave together with its size line. */
const JOIN_BYTES = 16 * 1024;
const CRLF = new Uint8Array([13, 10]);

function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  writeLatin1(text, bytes, 0);
  return bytes;
}

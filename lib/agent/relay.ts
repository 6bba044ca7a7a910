/**
 * A visitor's stream and a connection to the service, joined. The agent makes one relay for each
 * stream the edge opens; whatever happens to it concerns no other.
 *
 * @module
 */
import { randomHex } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { type Chunk, type Duplex, giveTo, join } from "../base/duplex.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { readRequestHead, type RequestHead } from "../http/head.ts";
import type { MuxStream } from "../mux/mux.ts";
import type { Conn, Net, TlsServerOptions } from "../runtime/net.ts";
import type { ProxyHeader } from "../wire/messages.ts";
import { formatHostPort } from "./address.ts";
import { badGatewayResponse, describeFailure } from "./bad_gateway.ts";
import type { AgentReport } from "./events.ts";
import type { Inspector } from "./inspector.ts";
import { enterService } from "./service.ts";
import { endTls } from "./tls_termination.ts";
import { dialUpstream, type UpstreamTarget } from "./upstream_dial.ts";

/** What a relay needs of its agent. */
export interface RelayOptions {
  /** Where upstreams are dialled. */
  readonly net: Net;
  /** Whose time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** Gets the events. */
  readonly report: (event: AgentReport) => void;
  /**
   * From where services are dialled at this moment, by endpoint, and how many visitors came from
   * such a place one behind the other: they are the agent itself, whose service leads back to the edge.
   */
  readonly dialledFrom?: Map<string, number>;
  /** Follows the connections of endpoints that are inspected. @default nobody does */
  readonly inspector?: Inspector | undefined;
}

/** How long the head of a request is awaited, only to choose between a page and plain text. */
const HEAD_WAIT_MS = 1_000;

/** A head larger than this gets plain text. */
const HEAD_BYTES = 64 * 1024;

/** How long a visitor who still uploads is listened to after the answer, so that it arrives. */
const DRAIN_MS = 5_000;

/**
 * Dials that may seem to follow from each other. On one machine a visitor may by chance have the port
 * that the agent dials another address from; that this happens in a row is no chance.
 */
const MAX_CIRCLES = 4;

/** One visitor's connection. */
export class Relay {
  /** Names it in logs and events. */
  readonly id: string = randomHex(6);
  #visitor: CountedSide;
  readonly #stream: MuxStream;
  readonly #target: UpstreamTarget;
  readonly #options: RelayOptions;
  #upstream: CountedSide | undefined;

  /**
   * Takes over a stream; {@linkcode Relay.run} begins.
   *
   * @param stream the edge's stream, its header read
   * @param target the service
   * @param options network, time, log
   */
  constructor(
    stream: MuxStream,
    target: UpstreamTarget,
    options: RelayOptions,
  ) {
    this.#stream = stream;
    this.#visitor = new CountedSide(stream, this);
    this.#target = target;
    this.#options = options;
    this.lastMoveMs = options.clock.steady();
  }

  /** Which side wrote last; `undefined` before the first byte. */
  lastWriter: "visitor" | "upstream" | undefined;

  /** When bytes last passed, by the clock's `steady()`. */
  lastMoveMs: number;

  /** Whether the visitor speaks HTTP, where a quiet connection after an answer is an idle one. */
  get isHttp(): boolean {
    return this.#target.upstream.kind === "http";
  }

  /** Who follows this connection, if anybody does. */
  get #inspector(): Inspector | undefined {
    return this.#target.inspect && this.isHttp ? this.#options.inspector : undefined;
  }

  /** Bytes from the visitor. */
  get inBytes(): number {
    return this.#upstream?.writtenBytes ?? 0;
  }

  /** Bytes to the visitor. */
  get outBytes(): number {
    return this.#visitor.writtenBytes;
  }

  /** Whether bytes wait for a slow reader, on either side. */
  get isBlocked(): boolean {
    return this.#visitor.isBlocked || this.#upstream?.isBlocked === true;
  }

  /** Called by the sides when bytes pass. */
  note(to: Duplex): void {
    this.lastMoveMs = this.#options.clock.steady();
    this.lastWriter = to === this.#visitor ? "upstream" : "visitor";
  }

  /**
   * Dials and joins until both directions are over.
   *
   * @param header what the edge said about the visitor
   */
  async run(header: ProxyHeader): Promise<void> {
    const { clock, report } = this.#options;
    const { name, url } = this.#target;
    const startedMs = clock.steady();
    const about = { name, url, connectionId: this.id };
    report({
      type: "connection_opened",
      ...about,
      clientAddr: header.ClientAddr,
    });
    try {
      const circles = this.#options.dialledFrom?.get(this.#place(header.ClientAddr)) ?? 0;
      if (circles >= MAX_CIRCLES) {
        return await this.#refuse(
          new TunnelError("loop", `The service leads back to the endpoint ${url}`),
          header.ClientAddr,
        );
      }
      if (this.#target.termination && !await this.#endTls(this.#target.termination)) return;
      const conn = await this.#dial(header.ClientAddr);
      if (conn) await this.#join(conn, header, circles);
    } finally {
      report({
        type: "connection_closed",
        ...about,
        durationMs: clock.steady() - startedMs,
        inBytes: this.inBytes,
        outBytes: this.outBytes,
      });
    }
  }

  async #join(conn: Conn, header: ProxyHeader, circles: number): Promise<void> {
    const { remote } = conn;
    this.#options.logger.log("info", "join connections", {
      obj: "join",
      id: this.id,
      l: remote.path ?? formatHostPort(remote.host, remote.port),
      r: header.ClientAddr,
    });
    this.#upstream = new CountedSide(conn, this);
    const { dialledFrom } = this.#options;
    const from = this.#place(formatHostPort(conn.local.host, conn.local.port));
    // nothing that is inside of this program can come back as a visitor
    if (!this.#target.service) dialledFrom?.set(from, circles + 1);
    const tapped = this.#inspector?.follow(
      this.#visitor,
      this.#upstream,
      this.#target,
      header.ClientAddr,
    );
    const { error } = await join(
      tapped?.visitor ?? this.#visitor,
      tapped?.service ?? this.#upstream,
    );
    dialledFrom?.delete(from);
    tapped?.close(error?.message);
    if (!error) return;
    // a visitor or a service that goes away early is daily business
    this.#options.logger.log("debug", "joined connections were cut", {
      obj: "join",
      id: this.id,
      err: error.message,
    });
  }

  /** Speaks TLS with the visitor. @returns whether they agreed; the visitor is gone otherwise */
  async #endTls(termination: TlsServerOptions): Promise<boolean> {
    const { logger, net } = this.#options;
    try {
      const inside = await endTls(this.#stream, termination, this.#target.proxyProtocol, net);
      this.#visitor = new CountedSide(inside, this);
      return true;
    } catch (thrown) {
      const err = toTunnelError(thrown).message;
      logger.log("info", "visitor was refused", { obj: "join", id: this.id, err });
      this.#stream.abort(thrown);
      return false;
    }
  }

  /** An address in the eyes of this endpoint: what comes from another one is another's business. */
  #place(address: string): string {
    // A socket that listens for both families reports IPv4 peers as `::ffff:192.0.2.1`.
    return `${this.#target.name} ${address.replace(/^\[::ffff:([\d.]+)\]/i, "$1")}`;
  }

  /** The service's connection, or `undefined` after the visitor was told that there is none. */
  async #dial(clientAddr: string): Promise<Conn | undefined> {
    const { service, url } = this.#target;
    if (service) return enterService(service, clientAddr, url);
    const visitorLeft = new AbortController();
    void this.#stream.closed.then(() => visitorLeft.abort());
    try {
      return await dialUpstream(
        this.#target,
        this.#visitor,
        this.#options.net,
        visitorLeft.signal,
      );
    } catch (thrown) {
      if (visitorLeft.signal.aborted) return undefined;
      await this.#refuse(toTunnelError(thrown, "connection_closed"), clientAddr);
      return undefined;
    }
  }

  async #refuse(error: TunnelError, clientAddr: string): Promise<void> {
    const { upstream, name, url } = this.#target;
    const message = describeFailure(upstream, error);
    this.#options.logger.log("warn", "failed to reach upstream", {
      obj: "join",
      id: this.id,
      addr: upstream.display,
      err: error.message,
    });
    this.#options.report({
      type: "upstream_failed",
      name,
      url,
      connectionId: this.id,
      upstream: upstream.display,
      code: error.code,
      ngrokCode: undefined,
      message,
    });
    try {
      if (this.isHttp) await this.#answerBadGateway(error, clientAddr);
      else await this.#hangUp(undefined);
    } catch (thrown) {
      // the visitor left before hearing it; the stream is gone with it
      this.#options.logger.log("debug", "visitor left before the answer", {
        obj: "join",
        id: this.id,
        err: toTunnelError(thrown).message,
      });
    }
  }

  async #answerBadGateway(error: TunnelError, clientAddr: string): Promise<void> {
    const reading = readRequestHead(this.#stream, { maxBytes: HEAD_BYTES });
    const head = await this.#glance(reading);
    const answer = badGatewayResponse(this.#target.upstream, error, {
      html: /\btext\/html\b/i.test(head?.get("accept") ?? ""),
      body: head?.method !== "HEAD",
    });
    if (head) {
      const tap = this.#inspector?.watch(this.#target, clientAddr);
      tap?.fromVisitor(head.bytes);
      tap?.fromService(answer);
      tap?.close("The service could not be reached");
    }
    await this.#visitor.write(answer);
    await this.#hangUp(reading);
  }

  /** The head if it is at hand soon; what is not HTTP gets plain text like what is late. */
  async #glance(
    reading: Promise<RequestHead | undefined>,
  ): Promise<RequestHead | undefined> {
    const { clock } = this.#options;
    return await new Promise((resolve) => {
      const timer = clock.after(HEAD_WAIT_MS, () => resolve(undefined));
      reading.catch(() => undefined).then((head) => {
        timer.cancel();
        resolve(head);
      });
    });
  }

  /** Says the end and reads on while the visitor still sends, so that no reset overtakes the answer. */
  async #hangUp(reading: Promise<unknown> | undefined): Promise<void> {
    const timer = this.#options.clock.after(
      DRAIN_MS,
      () => this.#visitor.abort(),
    );
    try {
      await this.#visitor.closeWrite();
      await reading?.catch(() => undefined); // one read at a time: the head's comes first
      while (await this.#visitor.read() !== undefined);
    } finally {
      timer.cancel();
      this.#visitor.abort();
    }
  }
}

/** A side of a relay that counts what is written to it. */
class CountedSide implements Duplex {
  readonly #inner: Duplex;
  readonly #relay: Relay;
  writtenBytes = 0;
  /** What was written last waits for the reader. */
  isBlocked = false;

  constructor(inner: Duplex, relay: Relay) {
    this.#inner = inner;
    this.#relay = relay;
  }

  read(): Chunk | Promise<Chunk> {
    return this.#inner.read();
  }

  write(chunk: Uint8Array): void | Promise<void> {
    this.#count(chunk);
    return this.#watch(this.#inner.write(chunk));
  }

  give(chunk: Uint8Array): void | Promise<void> {
    this.#count(chunk);
    return this.#watch(giveTo(this.#inner, chunk));
  }

  #count(chunk: Uint8Array): void {
    this.writtenBytes += chunk.length;
    this.#relay.note(this);
  }

  #watch(full: void | Promise<void>): void | Promise<void> {
    if (!full) return;
    this.isBlocked = true;
    return full.finally(() => {
      this.isBlocked = false;
      this.#relay.note(this);
    });
  }

  closeWrite(): void | Promise<void> {
    return this.#inner.closeWrite();
  }

  abort(reason?: unknown): void {
    this.#inner.abort(reason);
  }

  unread(chunk: Uint8Array): void {
    this.#inner.unread(chunk);
  }

  get closed(): Promise<void> {
    return this.#inner.closed;
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#inner.readable;
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#inner.writable;
  }
}

/**
 * An edge that does what a test tells it: the server side of the wire protocol over in-memory
 * pipes, with every request kept as it came.
 *
 * @module
 */
import { concat, decodeText } from "../../lib/base/bytes.ts";
import type { Clock, FakeClock } from "../../lib/base/clock.ts";
import { type Chunk, type Duplex, pair, RawDuplex } from "../../lib/base/duplex.ts";
import { TunnelError } from "../../lib/base/errors.ts";
import type { Mux, MuxEnd, MuxStream } from "../../lib/mux/mux.ts";
import { createMux } from "../../lib/mux/muxer.ts";
import { answerJson, encodeJson, encodeProxyHeader, JsonBoundary } from "../../lib/wire/codec.ts";
import { type ProxyHeader, STREAM } from "../../lib/wire/messages.ts";

/** A JSON object. */
export type Json = Record<string, unknown>;

/** One request of the agent. */
export interface SeenRequest {
  /** The type of its stream. */
  readonly type: number;
  /** The number of its stream. */
  readonly streamId: number;
  /** The bytes, as text. */
  readonly text: string;
  /** The bytes, parsed. */
  readonly json: Json;
}

/** What the edge answers; `undefined` leaves the agent without an answer. */
export type Answer = Json | undefined;

/** One connection of the agent. */
export class FakeSession {
  /** The edge's side of the mux. */
  readonly mux: Mux;
  /** All requests, in order. */
  readonly requests: SeenRequest[] = [];
  /** How the session ended, once it has. */
  end: MuxEnd | undefined;
  readonly #carrier: Valve;

  /** Called by {@linkcode FakeEdge}. */
  constructor(edge: FakeEdge, carrier: Duplex) {
    this.#carrier = new Valve(carrier);
    this.mux = createMux(this.#carrier, {
      role: "server",
      clock: edge.clock,
      onStream: (stream) => void this.#serve(edge, stream),
    });
    void this.mux.closed.then((end) => this.end = end);
  }

  /** The requests of one type. */
  of(type: number): SeenRequest[] {
    return this.requests.filter((request) => request.type === type);
  }

  /** Ends the connection as a RST does. */
  cut(): void {
    this.#carrier.abort(
      new TunnelError("connection_reset", "The test cut the connection"),
    );
  }

  /** Ends the connection as a FIN does, without a word. */
  finish(): void {
    void this.#carrier.closeWrite();
  }

  /** From now on nothing arrives and nothing leaves, yet the connection stays open. */
  silence(): void {
    this.#carrier.shut = true;
  }

  /** Says GOAWAY and closes. */
  goAway(): Promise<void> {
    return this.mux.close(0, "moving");
  }

  /** A visitor: type, header and the first bytes in one frame. */
  visit(
    header: Partial<ProxyHeader> & { readonly Id: string },
    first?: Uint8Array,
  ): MuxStream {
    const bytes = encodeProxyHeader({
      ClientAddr: "192.0.2.7:50000",
      Proto: "http",
      EdgeType: "0",
      PassthroughTLS: false,
      ...header,
    });
    return this.mux.open(STREAM.proxy, first ? concat([bytes, first]) : bytes);
  }

  /** A request of the edge and the agent's whole answer. */
  async ask(type: number, request: Json): Promise<string> {
    const stream = this.mux.open(type, encodeJson(request));
    const text = await readAll(stream);
    stream.closeWrite();
    return text;
  }

  async #serve(edge: FakeEdge, stream: MuxStream): Promise<void> {
    try {
      const text = await readObject(stream);
      const json = JSON.parse(text) as Json;
      this.requests.push({
        type: stream.type,
        streamId: stream.id,
        text,
        json,
      });
      const answer = edge.answer(stream.type, json, this);
      if (answer) await answerJson(stream, answer);
    } catch {
      // the test ended the session meanwhile
    }
  }
}

/** The edge. */
export class FakeEdge {
  /** Whose time. */
  readonly clock: Clock;
  /** All connections, in order. */
  readonly sessions: FakeSession[] = [];
  /** How often it was dialled, refused dials included. */
  dials = 0;
  /** Dials fail with these, first come first served. */
  readonly dialErrors: (TunnelError | Error)[] = [];
  /** Every dial fails with this, as long as it is set. */
  down: TunnelError | undefined;
  /** Answers Auth; set it to answer something else. */
  onAuth: (request: Json, session: FakeSession) => Answer = () => this.defaultAuth();
  /** Answers Bind; set it to answer something else. */
  onBind: (request: Json, session: FakeSession) => Answer = (request) => this.defaultBind(request);
  #binds = 0;

  /** @param clock whose time */
  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** How an agent reaches it. */
  readonly dial = (): Promise<Duplex> => {
    this.dials++;
    const error = this.dialErrors.shift() ?? this.down;
    if (error) return Promise.reject(error);
    const [theirs, ours] = pair();
    this.accept(ours);
    return Promise.resolve(theirs);
  };

  /** Takes a connection that was made elsewhere. */
  accept(carrier: Duplex): void {
    this.sessions.push(new FakeSession(this, carrier));
  }

  /** The latest connection. */
  get session(): FakeSession {
    const session = this.sessions.at(-1);
    if (!session) throw new Error("nobody has connected");
    return session;
  }

  /** What every edge says to a welcome agent. */
  defaultAuth(extra: Json = {}): Json {
    return {
      Version: "3",
      ClientId: "client-1",
      Error: "",
      Extra: {
        Version: "fake-1",
        Region: "test",
        Cookie: "cookie-1",
        AccountName: "Owner",
        SessionDuration: 0,
        PlanName: "Self-hosted",
        Banner: "",
        DeprecationWarning: null,
        ConnectAddresses: [],
        AgentSessionID: "as_1",
        ...extra,
      },
    };
  }

  /** Gives each new bind an id, a URL and a token, and each known one what it had. */
  defaultBind(request: Json): Json {
    const opts = request.Opts as Json;
    const number = request.Id === "" ? ++this.#binds : Number(String(request.Id).slice(5));
    const proto = String(request.Proto);
    const wanted = String(opts.URL ?? "");
    const url = /:\/\/./.test(wanted)
      ? wanted
      : proto === "tcp"
      ? `tcp://tunnel.test:${20000 + number}`
      : `${proto}://name-${number}.tunnel.test`;
    return {
      Id: `bind-${number}`,
      URL: url,
      Proto: proto,
      Opts: {
        ...opts,
        ...(proto === "tcp" ? { Addr: url.slice(6) } : { Hostname: host(url) }),
      },
      Error: "",
      Extra: { Token: `token-${number}` },
    };
  }

  /** Called by its sessions. */
  answer(type: number, request: Json, session: FakeSession): Answer {
    if (type === STREAM.auth) return this.onAuth(request, session);
    if (type === STREAM.bind) return this.onBind(request, session);
    return { Error: "" };
  }
}

function host(url: string): string {
  return url.replace(/^[a-z]+:\/\//, "");
}

/** A refusal as servers write it. */
export function refusalText(text: string, ngrokCode: number): Json {
  return { Error: `${text}\r\n\r\nERR_NGROK_${ngrokCode}\r\n` };
}

/** Reads to the end of the stream. */
export async function readAll(stream: Duplex): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = await stream.read();
    if (chunk === undefined) return decodeText(concat(chunks));
    chunks.push(chunk);
  }
}

async function readObject(stream: Duplex): Promise<string> {
  const boundary = new JsonBoundary();
  let text = "";
  for (;;) {
    const chunk = await stream.read();
    if (chunk === undefined) throw new Error("the request is cut short");
    const end = boundary.push(chunk);
    text += decodeText(end < 0 ? chunk : chunk.subarray(0, end));
    if (end >= 0) return text;
  }
}

/** What other threads do, crypto and files, takes as long as the machine is busy. */
const PATIENCE_MS = 30_000;

/**
 * Lets everything happen that needs no time on a clock, until a condition holds.
 *
 * @param clock stands still meanwhile
 * @param check the condition
 */
export async function eventually(
  clock: FakeClock,
  check: () => boolean,
): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    if (check()) return;
    await clock.advance(0);
  }
  for (const untilMs = performance.now() + PATIENCE_MS; performance.now() < untilMs;) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await clock.advance(0);
    if (check()) return;
  }
  throw new Error(`it did not happen: ${check}`);
}

/** A carrier that can fall silent. */
class Valve extends RawDuplex {
  readonly #inner: Duplex;
  shut = false;

  constructor(inner: Duplex) {
    super();
    this.#inner = inner;
  }

  protected async readRaw(): Promise<Chunk> {
    for (;;) {
      const chunk = await this.#inner.read();
      if (!this.shut || chunk === undefined) return chunk;
    }
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (!this.shut) return this.#inner.write(chunk);
  }

  closeWrite(): void | Promise<void> {
    return this.#inner.closeWrite();
  }

  abort(reason?: unknown): void {
    this.#inner.abort(reason);
  }

  get closed(): Promise<void> {
    return this.#inner.closed;
  }
}

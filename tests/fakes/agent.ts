/**
 * An agent that does what a test tells it: the protocol's client side over any carrier, with
 * messages spelled by the test, and a switch that makes it deaf and dumb.
 *
 * @module
 */
import { concat, decodeText, encodeText } from "../../lib/base/bytes.ts";
import type { Clock } from "../../lib/base/clock.ts";
import { type Chunk, type Duplex, RawDuplex } from "../../lib/base/duplex.ts";
import type { Mux, MuxEnd, MuxStream } from "../../lib/mux/mux.ts";
import { createMux } from "../../lib/mux/muxer.ts";
import { readProxyHeader } from "../../lib/wire/codec.ts";
import { type BindResponse, type ProxyHeader, STREAM } from "../../lib/wire/messages.ts";

/** Any JSON object. */
export type Json = Record<string, unknown>;

/** A visitor's stream as the agent got it. */
export interface FakeVisitor {
  readonly header: ProxyHeader;
  readonly stream: MuxStream;
}

/** How a fake agent is made. */
export interface FakeAgentOptions {
  /** Whose time. */
  readonly clock: Clock;
  /** Gets each stream of the edge other than visitors. @default they are kept in `commands` */
  readonly onCommand?: (stream: MuxStream) => void;
}

/** What Auth says unless the test says otherwise: the Rust SDK's, in short. */
const AUTH_EXTRA: Json = {
  OS: "linux",
  Arch: "x86_64",
  AuthToken: "",
  Version: "1.7.0",
  UserAgent: "ngrok-javascript/1.7.0 ngrok-rust/0.18.0",
  Metadata: "",
  Cookie: "",
  HeartbeatInterval: 10_000_000_000,
  HeartbeatTolerance: 15_000_000_000,
  StopUnsupportedError: "",
  RestartUnsupportedError: "",
  UpdateUnsupportedError: "",
};

/** A scripted agent. */
export class FakeAgent {
  /** Its end of the protocol, for tests that go below messages. */
  readonly mux: Mux;
  /** Visitors that came and were not taken yet. */
  readonly visitors: FakeVisitor[] = [];
  /** Streams of the edge that are not visitors. */
  readonly commands: MuxStream[] = [];
  readonly #gate: Gate;
  readonly #waiting: ((visitor: FakeVisitor) => void)[] = [];

  constructor(carrier: Duplex, options: FakeAgentOptions) {
    this.#gate = new Gate(carrier);
    this.mux = createMux(this.#gate, {
      role: "client",
      clock: options.clock,
      onStream: (stream) => {
        if (stream.type === STREAM.proxy) void this.#greet(stream);
        else if (options.onCommand) options.onCommand(stream);
        else this.commands.push(stream);
      },
    });
  }

  /** Settles when the connection is over. */
  get closed(): Promise<MuxEnd> {
    return this.mux.closed;
  }

  async #greet(stream: MuxStream): Promise<void> {
    const visitor = { header: await readProxyHeader(stream), stream };
    const waiting = this.#waiting.shift();
    if (waiting) waiting(visitor);
    else this.visitors.push(visitor);
  }

  /** The next visitor. */
  nextVisitor(): Promise<FakeVisitor> {
    const visitor = this.visitors.shift();
    if (visitor) return Promise.resolve(visitor);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Sends a request and reads the answer to the end of the stream, as the Rust SDK does. */
  async request(type: number, message: Json | string): Promise<Json> {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    const stream = this.mux.open(type, encodeText(text));
    const answer = await readToEnd(stream);
    await stream.closeWrite();
    return JSON.parse(answer) as Json;
  }

  /** Authenticates. */
  auth(extra: Json = {}, rest: Json = {}): Promise<Json> {
    return this.request(STREAM.auth, {
      Version: ["3", "2"],
      ClientId: "",
      ...rest,
      Extra: { ...AUTH_EXTRA, ...extra },
    });
  }

  /** Authenticates as the agent that an earlier answer was for. */
  resume(answer: Json, extra: Json = {}): Promise<Json> {
    const { Cookie } = answer["Extra"] as Json;
    return this.auth({ Cookie, ...extra }, { ClientId: answer["ClientId"] });
  }

  /** Binds. */
  async bind(
    proto: string,
    opts: Json = {},
    rest: Json = {},
  ): Promise<BindResponse> {
    const { Extra = {}, ...others } = rest;
    return await this.request(STREAM.bind, {
      Id: "",
      Proto: proto,
      ForwardsTo: "localhost:80",
      Opts: opts,
      ...others,
      Extra: { Token: "", IPPolicyRef: "", Metadata: "", ...(Extra as Json) },
    }) as unknown as BindResponse;
  }

  /** Binds again what an earlier answer gave, as SDKs do after a reconnect. */
  rebind(answer: BindResponse): Promise<BindResponse> {
    return this.bind(answer.Proto, answer.Opts, {
      Id: answer.Id,
      Extra: { Token: answer.Extra.Token },
    });
  }

  /** Unbinds. */
  unbind(id: string): Promise<Json> {
    return this.request(STREAM.unbind, { Id: id });
  }

  /** From now on nothing is heard and nothing is said: a frozen process behind a live socket. */
  freeze(): void {
    this.#gate.isShut = true;
  }

  /** Ends {@linkcode FakeAgent.freeze}; what arrived meanwhile is heard now, as from a socket's buffer. */
  thaw(): void {
    this.#gate.thaw();
  }

  /** Cuts the connection. */
  abort(): void {
    this.mux.abort();
  }
}

/** Everything until the peer's end, as text. */
export async function readToEnd(stream: Duplex): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = await stream.read();
    if (chunk === undefined) break;
    chunks.push(chunk);
  }
  return chunks.length === 0 ? "" : decodeText(concat(chunks));
}

/** A carrier that can be shut: what is written vanishes, what arrives waits. */
class Gate extends RawDuplex {
  readonly #under: Duplex;
  isShut = false;
  readonly #missed: Uint8Array[] = [];
  #thawed: () => void = () => {};
  #reading: Promise<Chunk> | undefined;

  constructor(under: Duplex) {
    super();
    this.#under = under;
  }

  get closed(): Promise<void> {
    return this.#under.closed;
  }

  protected async readRaw(): Promise<Chunk> {
    for (;;) {
      if (!this.isShut && this.#missed.length > 0) return this.#missed.shift();
      const chunk = await (this.#reading ??= this.#read());
      this.#reading = undefined;
      if (chunk === undefined) return chunk;
      this.#missed.push(chunk);
      if (this.isShut) await new Promise<void>((resolve) => this.#thawed = resolve);
    }
  }

  async #read(): Promise<Chunk> {
    return await this.#under.read();
  }

  thaw(): void {
    this.isShut = false;
    this.#thawed();
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (!this.isShut) return this.#under.write(chunk);
  }

  closeWrite(): void | Promise<void> {
    return this.#under.closeWrite();
  }

  abort(reason?: unknown): void {
    this.#under.abort(reason);
  }
}

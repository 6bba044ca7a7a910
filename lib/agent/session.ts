/**
 * One connection to the edge: authentication, binds, heartbeats, and the streams the edge opens.
 * `agent.ts` makes one after the other; nothing here outlives its connection.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { deadline } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { RESET } from "../mux/frame.ts";
import type { Mux, MuxEnd, MuxStream } from "../mux/mux.ts";
import { createMux } from "../mux/muxer.ts";
import { encodeJson, pick, readJson } from "../wire/codec.ts";
import {
  type AuthRequest,
  type BindRequest,
  type BindResponse,
  type PlainResponse,
  type StopTunnelRequest,
  STREAM,
} from "../wire/messages.ts";
import { type AuthResult, readAuthResponse, refusal } from "./auth.ts";
import { readBindResponse } from "./bind.ts";
import {
  answerCommand,
  type CommandHandlers,
  type CommandName,
  commandOfStream,
} from "./commands.ts";

/** What a session needs of its agent. */
export interface SessionOptions {
  /** Whose time. */
  readonly clock: Clock;
  /** Where its lines go. */
  readonly logger: Logger;
  /** The first request. */
  readonly auth: AuthRequest;
  /** Limit of each answer of the edge. */
  readonly answerTimeoutMs: number;
  /** Time between heartbeats. */
  readonly heartbeatIntervalMs: number;
  /** Silence beyond the interval that ends the session. */
  readonly heartbeatToleranceMs: number;
  /** Gets each heartbeat's round trip. */
  readonly onBeat: (latencyMs: number) => void;
  /** Gets each visitor's stream, its header still unread. Must not throw. */
  readonly onVisitor: (stream: MuxStream) => void;
  /** The edge took an endpoint down. */
  readonly onStopEndpoint: (request: StopTunnelRequest) => void;
  /** What the program does when the edge asks. */
  readonly commands: CommandHandlers;
  /** The edge asked, and was answered; `error` is empty when the answer was yes. */
  readonly onCommand: (name: CommandName, error: string) => void;
}

/** The word that lets receive windows grow (wire/messages.ts). */
const WINDOW_GROWTH = "window-growth";

/** How long an answered stream may take to end on the other side. */
const LINGER_MS = 10_000;

/** An authenticated connection. */
export class Session {
  /** What the edge said. */
  readonly auth: AuthResult;
  readonly #mux: Mux;
  readonly #options: SessionOptions;

  /** Called by {@linkcode openSession}. */
  constructor(mux: Mux, auth: AuthResult, options: SessionOptions) {
    this.#mux = mux;
    this.auth = auth;
    this.#options = options;
  }

  /** Settles when the connection is over. */
  get closed(): Promise<MuxEnd> {
    return this.#mux.closed;
  }

  /** The last heartbeat's round trip. */
  get latencyMs(): number | undefined {
    return this.#mux.latencyMs;
  }

  /**
   * Asks for a public address.
   *
   * @throws {TunnelError} refused with the server's text and number; timed_out, session_closed …
   */
  async bind(request: BindRequest): Promise<BindResponse> {
    return readBindResponse(
      await this.#ask(STREAM.bind, request, "The edge did not answer Bind"),
    );
  }

  /**
   * Gives a public address back.
   *
   * @throws {TunnelError} refused, timed_out, session_closed …
   */
  async unbind(id: string): Promise<void> {
    const answer = await this.#ask(
      STREAM.unbind,
      { Id: id },
      "The edge did not answer Unbind",
    );
    const { Error: text } = pick<PlainResponse>(
      answer,
      { Error: "string" },
      "the Unbind response",
    );
    if (text) throw refusal(text);
  }

  /** Whether the edge still answers. */
  async isAlive(limitMs: number): Promise<boolean> {
    return await this.#mux.ping(limitMs) !== undefined;
  }

  /** Says goodbye and ends the connection. */
  close(): Promise<void> {
    return this.#mux.close();
  }

  /** Ends the connection now. */
  abort(reason: TunnelError): void {
    this.#mux.abort(reason);
  }

  #ask(
    type: number,
    request: object,
    late: string,
  ): Promise<Record<string, unknown>> {
    return ask(this.#mux, type, request, late, this.#options);
  }
}

/**
 * Makes a carrier a session: heartbeat and Auth leave together.
 *
 * @param carrier owned by the session from now on
 * @param options the request, and who hears of what
 * @throws {TunnelError} refused with the server's text and number; what ended the carrier
 */
export async function openSession(
  carrier: Duplex,
  options: SessionOptions,
): Promise<Session> {
  const mux = createMux(carrier, {
    role: "client",
    clock: options.clock,
    onStream: (stream) => void serve(stream, options),
  });
  try {
    mux.startHeartbeat(
      options.heartbeatIntervalMs,
      options.heartbeatToleranceMs,
      options.onBeat,
    );
    const late = "The edge did not answer Auth";
    const auth = readAuthResponse(
      await ask(mux, STREAM.auth, options.auth, late, options),
    );
    if (auth.features.includes(WINDOW_GROWTH)) mux.allowWindowGrowth();
    return new Session(mux, auth, options);
  } catch (thrown) {
    const error = await reasonOf(mux, thrown);
    mux.abort(error);
    throw error;
  }
}

/** A request fails with the symptom; when the whole connection went, why it went says more. */
async function reasonOf(mux: Mux, thrown: unknown): Promise<TunnelError> {
  const error = toTunnelError(thrown, "connection_closed");
  if (error.code !== "session_closed" && error.code !== "connection_closed") {
    return error;
  }
  const end = await Promise.race([mux.closed, undefined]);
  return end?.error ?? error;
}

/** One request, one answer (wire-protocol 5). */
async function ask(
  mux: Mux,
  type: number,
  request: object,
  late: string,
  options: SessionOptions,
): Promise<Record<string, unknown>> {
  const stream = mux.open(type, encodeJson(request));
  try {
    const answer = await deadline(
      options.clock,
      readJson(stream),
      options.answerTimeoutMs,
      late,
    );
    void linger(stream, options);
    return answer;
  } catch (thrown) {
    stream.abort(thrown);
    throw thrown;
  }
}

/** After the answer our end is said (wire-protocol 5) and the edge's end awaited, not for ever. */
async function linger(
  stream: MuxStream,
  options: SessionOptions,
): Promise<void> {
  const timer = options.clock.after(
    LINGER_MS,
    () => stream.reset(RESET.streamCancelled),
  );
  try {
    await stream.closeWrite();
    while (await stream.read() !== undefined);
  } catch (thrown) {
    // the answer is here already; how its stream ended is only worth a line for the curious
    options.logger.log("debug", "answered stream did not end well", {
      err: String(thrown),
    });
  }
  timer.cancel();
}

/** One stream that the edge opened. */
async function serve(
  stream: MuxStream,
  options: SessionOptions,
): Promise<void> {
  try {
    if (stream.type === STREAM.proxy) return options.onVisitor(stream);
    const command = commandOfStream(stream.type);
    if (command) {
      const error = await answerCommand(stream, command, options.commands);
      options.onCommand(command, error);
      await linger(stream, options);
    } else if (stream.type === STREAM.stopTunnel) {
      options.onStopEndpoint(await readStopEndpoint(stream));
      await linger(stream, options);
    } else {
      throw new TunnelError(
        "message_invalid",
        `Cannot serve stream type ${stream.type}`,
      );
    }
  } catch (thrown) {
    const { message } = toTunnelError(thrown);
    options.logger.log("warn", "stream from the edge failed", {
      type: stream.type,
      err: message,
    });
    stream.abort(thrown);
  }
}

async function readStopEndpoint(stream: MuxStream): Promise<StopTunnelRequest> {
  const { Id = "", Message = "", ErrorCode = "" } = pick<StopTunnelRequest>(
    await readJson(stream),
    { Id: "string", Message: "string", ErrorCode: "string" },
    "the StopTunnel request",
  );
  return { Id, Message, ErrorCode };
}

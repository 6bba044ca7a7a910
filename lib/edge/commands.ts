/**
 * What the edge tells agents: stop, restart, update, and that one endpoint is gone (wire-protocol
 * 5.7 and 5.8). An operator's page or API calls these through the edge.
 *
 * @module
 */
import { type Clock, deadline } from "../base/clock.ts";
import { parseNgrokError, toTunnelError, TunnelError } from "../base/errors.ts";
import { RESET } from "../mux/frame.ts";
import type { MuxStream } from "../mux/mux.ts";
import { encodeJson, pick, readJson } from "../wire/codec.ts";
import { type PlainResponse, STREAM } from "../wire/messages.ts";
import type { AgentSession } from "./agent_session.ts";

/** What an agent can be told to do with itself. */
export type CommandName = "stop" | "restart" | "update";

/** Which version an agent shall become. */
export interface UpdateWish {
  /** Empty: the latest. @default {""} */
  readonly version?: string;
  /** Whether it may cross a major version. @default {false} */
  readonly permitMajorVersion?: boolean;
}

/** How a command is given. */
export interface CommandOptions {
  /** Time. */
  readonly clock: Clock;
  /** How long the agent may take to answer: some never do. */
  readonly timeoutMs: number;
  /** For `update` only. */
  readonly update?: UpdateWish | undefined;
}

/** Stream types, and the numbers of "does not support it" and "it failed" (edge K). */
const COMMANDS: Readonly<
  Record<CommandName, { type: number; unsupportedCode: number; failedCode: number }>
> = {
  stop: { type: STREAM.stop, unsupportedCode: 805, failedCode: 807 },
  restart: { type: STREAM.restart, unsupportedCode: 804, failedCode: 808 },
  update: { type: STREAM.update, unsupportedCode: 806, failedCode: 809 },
};

/** The number of "the agent could not be asked" (edge K). */
const NETWORK_CODE = 810;

/**
 * Gives a command and waits for the answer.
 *
 * @param session whose agent
 * @param name what to do
 * @param options time limit and version
 * @throws {TunnelError} refused with 804 to 809 when the agent does not or cannot; timed_out,
 * session_closed … with 810 when it could not be asked
 */
export async function commandAgent(
  session: AgentSession,
  name: CommandName,
  options: CommandOptions,
): Promise<void> {
  const { type, unsupportedCode, failedCode } = COMMANDS[name];
  const unsupported = session.facts?.commands[name] ?? "it has not authenticated";
  if (unsupported !== "") {
    throw new TunnelError("refused", `Cannot ${name} the agent: ${unsupported}`, {
      ngrokCode: unsupportedCode,
    });
  }
  const { version = "", permitMajorVersion = false } = options.update ?? {};
  // The Rust SDK answers only when both keys are there.
  const request = name === "update"
    ? { Version: version, PermitMajorVersion: permitMajorVersion }
    : {};
  let stream: MuxStream | undefined;
  let message: Record<string, unknown>;
  try {
    stream = session.openCommand(type, encodeJson(request));
    message = await deadline(
      options.clock,
      readJson(stream),
      options.timeoutMs,
      `Cannot ${name} the agent: it did not answer`,
    );
  } catch (thrown) {
    stream?.reset(RESET.streamCancelled);
    const error = toTunnelError(thrown);
    throw new TunnelError(error.code, error.message, { ngrokCode: NETWORK_CODE, cause: error });
  }
  finish(stream, options.clock);
  const answer = pick<PlainResponse>(message, { Error: "string" }, `the answer to ${name}`);
  if (!answer.Error) return;
  const { message: reason } = parseNgrokError(answer.Error);
  throw new TunnelError("refused", `Cannot ${name} the agent: ${reason}`, {
    ngrokCode: failedCode,
  });
}

/**
 * Tells an agent that one of its endpoints is gone. There is no answer; an agent that does not know
 * the message (v2) is told nothing and notices nothing.
 *
 * @param session whose agent
 * @param endpointId the bind id
 * @param message for its user
 * @param ngrokCode the number behind it, if any
 * @param clock time
 * @throws {TunnelError} session_closed, streams_exhausted
 */
export function announceStop(
  session: AgentSession,
  endpointId: string,
  message: string,
  ngrokCode: number | undefined,
  clock: Clock,
): void {
  // A v2 agent takes type 9 for a visitor (wire-protocol 5.8).
  if (session.facts?.protocolVersion === "2") return;
  const request = {
    Id: endpointId,
    Message: message,
    ...(ngrokCode === undefined ? {} : { ErrorCode: `ERR_NGROK_${ngrokCode}` }),
  };
  finish(session.openCommand(STREAM.stopTunnel, encodeJson(request)), clock);
}

/** How long an agent may take to end its direction of a stream that is done. */
const FINISH_MS = 2_000;

/** Ends our direction and, because Go agents never end theirs (5.7), after a while the other. */
function finish(stream: MuxStream, clock: Clock): void {
  const timer = clock.after(FINISH_MS, () => stream.reset(RESET.streamCancelled));
  void stream.closed.then(() => timer.cancel());
  void stream.closeWrite();
}

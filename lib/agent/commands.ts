/**
 * What the edge may ask of an agent: stop, restart, update (wire-protocol 5.7). The session calls
 * this for streams of those types; the program around the agent brings the handlers.
 *
 * @module
 */
import type { Duplex } from "../base/duplex.ts";
import { answerJson, pick, readJson } from "../wire/codec.ts";
import { STREAM, type UpdateRequest } from "../wire/messages.ts";

/** What the edge can ask for. */
export type CommandName = "stop" | "restart" | "update";

/**
 * What the program does when the edge asks. A handler that returns agrees, one that throws refuses
 * with its message. After `stop` and `restart` the agent closes itself; {@linkcode AgentEnd} says
 * which it was, and starting again is the program's part.
 */
export interface CommandHandlers {
  /** Whether the agent may be stopped from afar. */
  readonly stop?: () => void | Promise<void>;
  /** Whether it may be restarted from afar. */
  readonly restart?: () => void | Promise<void>;
  /** Fetches another version of the program. */
  readonly update?: (request: UpdateRequest) => void | Promise<void>;
  /** Why a command without a handler is refused: the edge is told so before it asks. */
  readonly refusals?: Partial<Readonly<Record<CommandName, string>>>;
}

/** What an agent without a handler says; the SDKs use the same words. */
export const NO_HANDLER = "the agent has not defined a callback for this operation";

/** Which command a stream type stands for. */
export function commandOfStream(type: number): CommandName | undefined {
  if (type === STREAM.stop) return "stop";
  if (type === STREAM.restart) return "restart";
  if (type === STREAM.update) return "update";
  return undefined;
}

/** `""` when a command is supported, else why not: what Auth announces. */
export function unsupportedError(
  handlers: CommandHandlers,
  name: CommandName,
): string {
  return handlers[name] ? "" : handlers.refusals?.[name] || NO_HANDLER;
}

/**
 * Answers one command.
 *
 * @param stream the stream the edge opened; it is ended here
 * @param name what it asks for
 * @param handlers what the program does
 * @returns why it was refused; empty when the handler agreed
 * @throws {TunnelError} when the request cannot be read or the answer not be sent
 */
export async function answerCommand(
  stream: Duplex,
  name: CommandName,
  handlers: CommandHandlers,
): Promise<string> {
  const request = await readJson(stream);
  const error = await runHandler(request, name, handlers);
  await answerJson(stream, { Error: error });
  return error;
}

async function runHandler(
  request: Record<string, unknown>,
  name: CommandName,
  handlers: CommandHandlers,
): Promise<string> {
  try {
    if (!handlers[name]) return unsupportedError(handlers, name);
    if (name === "update") {
      const { Version = "", PermitMajorVersion = false } = pick<UpdateRequest>(
        request,
        { Version: "string", PermitMajorVersion: "boolean" },
        "the Update request",
      );
      await handlers.update?.({ Version, PermitMajorVersion });
    } else {
      await handlers[name]?.();
    }
    return "";
  } catch (thrown) {
    // the refusal travels to whoever asked; an empty text would mean consent
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return text || "the agent refused";
  }
}

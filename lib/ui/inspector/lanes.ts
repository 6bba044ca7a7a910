/**
 * Where the messages of a stream stand on its timeline: time from left to right, the visitor above,
 * the service below, what is larger drawn larger. `stream_lanes.tsx` draws it.
 *
 * @module
 */
import type { StreamMessageJson } from "../../api/agent/shapes.ts";

/** The timeline's own coordinates. */
export const LANE_WIDTH: number = 1_000;

/** More marks cannot be told apart. */
const MAX_MARKS = 600;

/** A message on the timeline. */
export interface LaneMark {
  /** Its place among the messages. */
  readonly at: number;
  /** From the left, 0 to {@linkcode LANE_WIDTH}. */
  readonly x: number;
  /** Which lane. */
  readonly from: StreamMessageJson["from"];
  /** How large it is drawn, in pixels. */
  readonly sizePx: number;
  /** Whether it is about the connection, and carries nothing: ping, pong, close. */
  readonly isControl: boolean;
}

/** How long the timeline is: until the last message, in milliseconds. */
export function laneMs(messages: readonly StreamMessageJson[]): number {
  return Math.max(1, messages.at(-1)?.at_ms ?? 0);
}

/** The newest messages on the timeline. */
export function laneMarks(messages: readonly StreamMessageJson[]): LaneMark[] {
  const first = Math.max(0, messages.length - MAX_MARKS);
  const endMs = laneMs(messages);
  return messages.slice(first).map((message, index) => ({
    at: first + index,
    x: Math.round(message.at_ms / endMs * LANE_WIDTH * 10) / 10,
    from: message.from,
    sizePx: Math.round(4 + Math.min(8, Math.log10(message.size_bytes + 1) * 2)),
    isControl: message.opcode !== null && message.opcode >= 8,
  }));
}

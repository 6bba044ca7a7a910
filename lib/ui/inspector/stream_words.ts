/**
 * Messages of a stream in words: what a frame is, why a WebSocket was closed, the beginning of what
 * was said. `stream_view.tsx` shows them.
 *
 * @module
 */
import type { StreamMessageJson } from "../../api/agent/shapes.ts";
import { bytesOf } from "./base64.ts";
import { textOf } from "./body_kind.ts";
import { hexRow } from "./hex.ts";

/** RFC 6455 section 5.2. */
const OPCODES: Readonly<Record<number, string>> = {
  0: "continued",
  1: "text",
  2: "binary",
  8: "close",
  9: "ping",
  10: "pong",
};

/** RFC 6455 section 7.4.1 and the registry of IANA. */
const CLOSE_CODES: Readonly<Record<number, string>> = {
  1000: "normal",
  1001: "going away",
  1002: "protocol error",
  1003: "unsupported data",
  1005: "no code",
  1006: "lost",
  1007: "invalid text",
  1008: "policy violation",
  1009: "too big",
  1010: "extension missing",
  1011: "error at the service",
  1012: "service restarts",
  1013: "try again later",
  1014: "bad gateway",
  1015: "TLS failed",
};

/** What a message is. */
export function messageKind(message: StreamMessageJson): string {
  if (message.kind === "sse") return message.event_name || "message";
  if (message.kind === "grpc") return "message";
  return OPCODES[message.opcode ?? -1] ?? `opcode ${message.opcode}`;
}

/** Why a WebSocket was closed: `1000 normal`; `undefined` for everything else. */
export function closeWords({ close_code: code }: StreamMessageJson): string | undefined {
  return code === null ? undefined : `${code} ${CLOSE_CODES[code] ?? "of the application"}`;
}

/** What else is to know about a message, a word each. */
export function messageMarks(message: StreamMessageJson): string[] {
  const marks: string[] = [];
  if (message.event_id !== null) marks.push(`id ${message.event_id}`);
  if (message.compressed) marks.push("compressed");
  if (message.final === false) marks.push("to be continued");
  if (message.truncated) marks.push("cut");
  return marks;
}

/** What was said: text, or the first bytes. */
export function previewOf(message: StreamMessageJson): { text: string; isText: boolean } {
  const bytes = bytesOf(message.preview_base64);
  const text = message.kind === "grpc" || message.opcode === 2 ? undefined : textOf(bytes);
  if (text !== undefined) return { text, isText: true };
  const rows: string[] = [];
  for (let row = 0; row * 16 < bytes.length; row++) {
    const { hex, text } = hexRow(bytes, row);
    rows.push(`${hex}  ${text}`);
  }
  return { text: rows.join("\n"), isText: false };
}

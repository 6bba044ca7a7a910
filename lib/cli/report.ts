/**
 * How an error reaches a person: `ERROR:  ` lines on standard error, never a stack trace (spec agent
 * C). `main.ts` calls it.
 *
 * @module
 */
import { parseNgrokError, toTunnelError, TunnelError } from "../base/errors.ts";

/**
 * The lines for an error. A refusal shows the other side's own text and its `ERR_NGROK_n`; a fault
 * of ours says so; everything else is one sentence and its stable code.
 *
 * @param thrown what was caught
 * @returns whole lines, each prefixed
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { TunnelError } from "../base/errors.ts";
 * import { formatError } from "./report.ts";
 *
 * assert.equal(formatError(new TunnelError("usage", "Unknown flag")), "ERROR:  Unknown flag\n");
 * ```
 */
export function formatError(thrown: unknown): string {
  const error = isMissingPermission(thrown)
    ? new TunnelError("permission_denied", `Deno's sandbox does not allow it: ${thrown.message}`)
    : toTunnelError(thrown);
  const { message, ngrokCode: written } = parseNgrokError(error.message);
  const ngrokCode = error.ngrokCode ?? written;
  const lines = message.split(/\r?\n/);
  if (ngrokCode !== undefined) lines.push("", `ERR_NGROK_${ngrokCode}`);
  else if (error.code === "internal") {
    lines[0] = `Sallyport did something wrong: ${lines[0]}`;
  }
  if (ngrokCode === undefined && !SELF_EVIDENT.has(error.code)) {
    lines[lines.length - 1] += ` (${error.code})`;
  }
  return lines.map((line) => `ERROR:  ${line}`.trimEnd() + "\n").join("");
}

/** What Deno throws, wherever it happens to, when the program was started without a permission. */
function isMissingPermission(thrown: unknown): thrown is Error {
  return thrown instanceof Error && thrown.name === "NotCapable";
}

/** Codes that tell a person nothing the sentence does not. */
const SELF_EVIDENT: ReadonlySet<string> = new Set(["usage", "address_invalid", "config_invalid"]);

/**
 * One option of a bind. Everything in this room that obeys an option asks here.
 *
 * @module
 */
import type { BindOptions } from "../wire/messages.ts";

/** An option of a bind: keys are the peer's, whose case may differ (wire-protocol 5). */
export function option(options: BindOptions, name: string): unknown {
  if (name in options) return options[name];
  const lower = name.toLowerCase();
  for (const [key, value] of Object.entries(options)) {
    if (key.toLowerCase() === lower) return value;
  }
  return undefined;
}

/**
 * The keys of the page. `app.tsx` listens, `help.tsx` lists them.
 *
 * @module
 */

/** What a key does. */
export type Command =
  | "next"
  | "previous"
  | "first"
  | "last"
  | "search"
  | "filter"
  | "replay"
  | "edit"
  | "compare"
  | "curl"
  | "fetch"
  | "clear"
  | "requests"
  | "status"
  | "theme"
  | "help"
  | "back";

/** Keys, what they do, and how the help says it. */
export const SHORTCUTS: readonly (readonly [keys: readonly string[], Command, words: string])[] = [
  [["j", "ArrowDown"], "next", "Next exchange"],
  [["k", "ArrowUp"], "previous", "Previous exchange"],
  [["Home"], "first", "Newest exchange"],
  [["End"], "last", "Oldest exchange"],
  [["/"], "search", "Search"],
  [["f"], "filter", "Add a filter"],
  [["r"], "replay", "Replay"],
  [["e"], "edit", "Edit and replay"],
  [["c"], "compare", "Compare with another"],
  [["y"], "curl", "Copy as curl"],
  [["Y"], "fetch", "Copy as fetch"],
  [["X"], "clear", "Clear all"],
  [["1"], "requests", "Exchanges"],
  [["2"], "status", "Status"],
  [["t"], "theme", "Light or dark"],
  [["?"], "help", "This help"],
  [["Escape"], "back", "Back, or close"],
];

/** What of a key event decides. */
export interface KeyPress {
  /** As keyboard events name it. */
  readonly key: string;
  /** Whether a key is held that makes it the browser's. */
  readonly held: boolean;
  /** Whether somebody is writing. */
  readonly isWriting: boolean;
  /** Whether the focus is on something that has the arrow keys for itself: tabs, a scrolled text. */
  readonly keepsArrows: boolean;
}

/** The command of a key; `undefined` when it has none here. */
export function commandFor({ key, held, isWriting, keepsArrows }: KeyPress): Command | undefined {
  if (held) return undefined;
  if (isWriting && key !== "Escape") return undefined;
  if (keepsArrows && /^(?:Arrow|Home|End)/.test(key)) return undefined;
  return SHORTCUTS.find(([keys]) => keys.includes(key))?.[1];
}

const NAMES: Readonly<Record<string, string>> = {
  ArrowDown: "\u2193",
  ArrowUp: "\u2191",
  Escape: "Esc",
};

/** How a key is written on its cap. */
export function keyName(key: string): string {
  return NAMES[key] ?? key;
}

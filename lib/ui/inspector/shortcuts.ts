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
  | "many"
  | "edit"
  | "compare"
  | "curl"
  | "fetch"
  | "nextView"
  | "previousView"
  | "messages"
  | "clear"
  | "save"
  | "import"
  | "requests"
  | "status"
  | "theme"
  | "help"
  | "back";

/** Keys, what they do, and how the help says it. */
export type Shortcut = readonly [keys: readonly string[], command: Command, words: string];

/** The keys, as the help puts them together. */
export const SHORTCUT_GROUPS:
  readonly (readonly [title: string, shortcuts: readonly Shortcut[]])[] = [
    ["The list", [
      [["j", "ArrowDown"], "next", "Next exchange"],
      [["k", "ArrowUp"], "previous", "Previous exchange"],
      [["Home"], "first", "Newest exchange"],
      [["End"], "last", "Oldest exchange"],
      [["/"], "search", "Search, or write a filter"],
      [["f"], "filter", "Add a filter"],
      [["X"], "clear", "Clear all"],
      [["s"], "save", "Save all as HAR"],
      [["o"], "import", "Open a HAR file"],
    ]],
    ["Everywhere", [
      [["1"], "requests", "Exchanges"],
      [["2"], "status", "Status"],
      [["t"], "theme", "Light or dark"],
      [["?"], "help", "This help"],
      [["Escape"], "back", "Back, or close"],
    ]],
    ["The exchange", [
      [["r"], "replay", "Replay"],
      [["n"], "many", "Replay several times"],
      [["e"], "edit", "Edit and replay"],
      [["c"], "compare", "Compare with another"],
      [["y"], "curl", "Copy as curl"],
      [["Y"], "fetch", "Copy as fetch"],
      [["]"], "nextView", "Next view: headers, raw, hex"],
      [["["], "previousView", "Previous view"],
      [["m"], "messages", "To the messages"],
    ]],
  ];

/** Keys of JSON or XML that has the focus, and how the help says it; `tree_view.tsx` listens. */
export const TREE_KEYS: readonly (readonly [keys: readonly string[], words: string])[] = [
  [["ArrowLeft", "ArrowRight"], "Fold, unfold"],
  [["-", "+"], "Fold all, unfold all"],
  [["p"], "Copy the path"],
  [["v"], "Copy the value"],
];

/** All keys. */
export const SHORTCUTS: readonly Shortcut[] = SHORTCUT_GROUPS.flatMap(([, shortcuts]) => shortcuts);

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
  ArrowLeft: "\u2190",
  ArrowRight: "\u2192",
  ArrowUp: "\u2191",
  Escape: "Esc",
};

/** How a key is written on its cap. */
export function keyName(key: string): string {
  return NAMES[key] ?? key;
}

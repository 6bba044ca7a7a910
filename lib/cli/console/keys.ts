/**
 * Understands what a terminal sends when somebody presses keys. Pure.
 *
 * @module
 */

/** What a key is to the status. */
export type Key =
  | "up"
  | "down"
  | "pageUp"
  | "pageDown"
  | "home"
  | "end"
  | "escape"
  | "ctrl+c"
  | "ctrl+l"
  | "ctrl+u"
  | "ctrl+z"
  | "q"
  | "c";

/** Sequences of ECMA-48 terminals: cursor keys come in two modes, Home and End in many. */
const KEYS: Readonly<Record<string, Key>> = {
  "\x1b[A": "up",
  "\x1bOA": "up",
  "k": "up",
  "\x1b[B": "down",
  "\x1bOB": "down",
  "j": "down",
  "\x1b[5~": "pageUp",
  "\x1b[6~": "pageDown",
  " ": "pageDown",
  "\x1b[H": "home",
  "\x1bOH": "home",
  "\x1b[1~": "home",
  "\x1b[7~": "home",
  "\x1b[F": "end",
  "\x1bOF": "end",
  "\x1b[4~": "end",
  "\x1b[8~": "end",
  "\x1b": "escape",
  "\x03": "ctrl+c",
  "\x0c": "ctrl+l",
  "\x15": "ctrl+u",
  "\x1a": "ctrl+z",
  "q": "q",
  "Q": "q",
  "c": "c",
  "C": "c",
};

// deno-lint-ignore no-control-regex -- escape sequences are what is looked for
const SEQUENCE = /\x1b\[[0-9;?<]*[ -/]*[@-~]|\x1bO[A-Za-z]|\x1b(?![[O])|[^\x1b]/gu;

/** The beginning of a sequence whose end is still under way. */
// deno-lint-ignore no-control-regex -- escape sequences are what is looked for
const UNFINISHED = /\x1b(?:\[[0-9;?<]*[ -/]*|O)$/;

/** No sequence is longer: what is, is none. */
const LONGEST = 32;

/** Reads keys, also those that come in two parts. */
export class KeyReader {
  #rest = "";

  /**
   * Takes what came.
   *
   * @param text as the terminal sent it
   * @returns the keys that mean something, in order
   */
  read(text: string): Key[] {
    let all = this.#rest + text;
    const [unfinished = ""] = UNFINISHED.exec(all) ?? [];
    this.#rest = unfinished.length > LONGEST ? "" : unfinished;
    all = all.slice(0, all.length - unfinished.length);
    const keys: Key[] = [];
    for (const [sequence] of all.matchAll(SEQUENCE)) {
      const key = Object.hasOwn(KEYS, sequence) ? KEYS[sequence] : undefined;
      if (key) keys.push(key);
    }
    return keys;
  }
}

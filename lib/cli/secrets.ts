/**
 * Secrets stay out of everything that is printed: whoever reads one registers it here, and each
 * text on its way out passes {@linkcode Secrets.hide}. `main.ts` makes the one keeper of a program.
 *
 * @module
 */

/** What stands where a secret stood. */
export const HIDDEN = "HIDDEN";

/** Shorter texts are no secrets, and hiding them would tear up ordinary words. */
const MIN_SECRET_CHARACTERS = 6;

/**
 * The secrets a program has read.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Secrets } from "./secrets.ts";
 *
 * const secrets = new Secrets();
 * secrets.add("s3cr3t-token");
 * assert.equal(secrets.hide("refused: s3cr3t-token"), "refused: HIDDEN");
 * ```
 */
export class Secrets {
  readonly #known = new Set<string>();

  /** Registers a secret. */
  add(secret: string): void {
    if (secret.length >= MIN_SECRET_CHARACTERS) this.#known.add(secret);
  }

  /** Registers a secret that may have a name in front: of `user:password` the password too. */
  addPassword(secret: string): void {
    this.add(secret);
    const colon = secret.indexOf(":");
    if (colon >= 0) this.add(secret.slice(colon + 1));
  }

  /** The text with `HIDDEN` in the place of each secret. */
  hide(text: string): string {
    for (const secret of this.#known) {
      if (text.includes(secret)) text = text.replaceAll(secret, HIDDEN);
    }
    return text;
  }
}

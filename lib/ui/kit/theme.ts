/**
 * Light or dark: as the system has it, or as the person chose. The choice is the only thing the pages
 * keep in the browser.
 *
 * @module
 */
import { type Signal, signal } from "@preact/signals";

/** What can be chosen. */
export type Theme = "system" | "light" | "dark";

/** Where the choice is kept. */
const STORAGE_KEY = "sallyport-theme";

const ORDER: readonly Theme[] = ["system", "light", "dark"];

/** What of a page the choice is written to. */
export interface ThemePage {
  /** The root element. */
  readonly root: { readonly dataset: Record<string, string | undefined> };
  /** Storage of the browser; reading it throws where it is forbidden. */
  readonly storage: () => Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

/** The choice, in force as soon as it is made. */
export class ThemeChoice {
  readonly #page: ThemePage;
  readonly #theme: Signal<Theme>;

  /**
   * Reads the last choice and puts it in force.
   *
   * @param page the page
   */
  constructor(page: ThemePage) {
    this.#page = page;
    this.#theme = signal(readTheme(page));
    this.#apply();
  }

  /** What is in force. */
  get theme(): Theme {
    return this.#theme.value;
  }

  /** What comes after it when the button is pressed. */
  get next(): Theme {
    return ORDER[(ORDER.indexOf(this.theme) + 1) % ORDER.length];
  }

  /** Goes on to the next. */
  turn(): void {
    this.#theme.value = this.next;
    this.#apply();
    try {
      const storage = this.#page.storage();
      if (this.theme === "system") storage.removeItem(STORAGE_KEY);
      else storage.setItem(STORAGE_KEY, this.theme);
    } catch {
      // Forbidden here: the choice holds until the page is left.
    }
  }

  #apply(): void {
    const { dataset } = this.#page.root;
    if (this.theme === "system") delete dataset.theme;
    else dataset.theme = this.theme;
  }
}

function readTheme(page: ThemePage): Theme {
  try {
    const kept = page.storage().getItem(STORAGE_KEY);
    return ORDER.find((theme) => theme === kept) ?? "system";
  } catch {
    return "system";
  }
}

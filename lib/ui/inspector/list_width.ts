/**
 * How wide the list is beside the exchange: as the person drew it, kept in the browser.
 * `splitter.tsx` lets it be drawn.
 *
 * @module
 */
import { type Signal, signal } from "@preact/signals";

/** In percent of the page. */
export const MIN_PERCENT: number = 20;

/** In percent of the page. */
export const MAX_PERCENT: number = 70;

/** Without a choice the style sheet decides; a key that widens starts from about that. */
const USUAL_PERCENT = 38;

const STORAGE_KEY = "sallyport-list-percent";

const STEP_PERCENT = 2;

/** The width of the list. */
export class ListWidth {
  /** In percent of the page; `undefined` without a choice. */
  readonly percent: Signal<number | undefined>;
  readonly #storage: () => Pick<Storage, "getItem" | "setItem" | "removeItem">;

  /**
   * Reads the last choice.
   *
   * @param storage storage of the browser; reading it throws where it is forbidden
   */
  constructor(storage: () => Pick<Storage, "getItem" | "setItem" | "removeItem">) {
    this.#storage = storage;
    this.percent = signal(read(storage));
  }

  /** What stands for it where a number is needed. */
  get current(): number {
    return this.percent.value ?? USUAL_PERCENT;
  }

  /** Another width, within reason; `undefined` gives the choice back. */
  set(percent: number | undefined): void {
    this.percent.value = percent === undefined
      ? undefined
      : Math.round(Math.min(Math.max(percent, MIN_PERCENT), MAX_PERCENT) * 10) / 10;
    try {
      if (percent === undefined) this.#storage().removeItem(STORAGE_KEY);
      else this.#storage().setItem(STORAGE_KEY, String(this.percent.value));
    } catch {
      // Forbidden here: the choice holds until the page is left.
    }
  }

  /**
   * Takes a key (ARIA Authoring Practices, window splitter).
   *
   * @returns whether it was one of ours
   */
  onKey(key: string): boolean {
    if (key === "ArrowLeft") this.set(this.current - STEP_PERCENT);
    else if (key === "ArrowRight") this.set(this.current + STEP_PERCENT);
    else if (key === "Home") this.set(MIN_PERCENT);
    else if (key === "End") this.set(MAX_PERCENT);
    else if (key === "Enter") this.set(undefined);
    else return false;
    return true;
  }
}

function read(storage: () => Pick<Storage, "getItem">): number | undefined {
  try {
    const kept = Number(storage().getItem(STORAGE_KEY) ?? NaN);
    return kept >= MIN_PERCENT && kept <= MAX_PERCENT ? kept : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Short news that come and go. Good news leave by themselves; bad news stay until somebody has seen
 * them. `toast.tsx` shows them.
 *
 * @module
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Clock } from "../../base/clock.ts";
import type { Problem } from "./problem.ts";

/** One piece of news. */
export interface Toast {
  /** Tells it from the others. */
  readonly id: number;
  /** Whether it is bad. */
  readonly bad: boolean;
  /** The sentence, and the code of bad news. */
  readonly problem: Problem;
}

/** How long good news stay. */
export const TOAST_MS = 6_000;

/** More would cover the page. */
const MAX_TOASTS = 4;

/** The news that are in sight. */
export class Toasts {
  readonly #clock: Clock;
  readonly #list = signal<readonly Toast[]>([]);
  #nextId = 1;

  /**
   * Makes an empty list.
   *
   * @param clock time
   */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Oldest first. */
  get list(): ReadonlySignal<readonly Toast[]> {
    return this.#list;
  }

  /** Says that something was done. */
  good(message: string): void {
    const id = this.#add(false, { message, code: undefined });
    this.#clock.after(TOAST_MS, () => this.dismiss(id));
  }

  /** Says that something went wrong. */
  bad(problem: Problem): void {
    this.#add(true, problem);
  }

  /** Takes one away; harmless when it is gone already. */
  dismiss(id: number): void {
    this.#list.value = this.#list.value.filter((toast) => toast.id !== id);
  }

  #add(bad: boolean, problem: Problem): number {
    const id = this.#nextId++;
    this.#list.value = [...this.#list.value, { id, bad, problem }].slice(-MAX_TOASTS);
    return id;
  }
}

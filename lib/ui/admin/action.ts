/**
 * Something a person asked for that takes a moment: it runs once at a time, and what goes wrong is
 * kept for the dialog that asked.
 *
 * @module
 */
import { type Signal, signal } from "@preact/signals";
import { type ApiFailure, toFailure } from "./api_client.ts";

/** One thing to do. */
export class Action {
  /** Whether it is being done. */
  readonly busy: Signal<boolean> = signal(false);
  /** What went wrong the last time. */
  readonly failure: Signal<ApiFailure | undefined> = signal(undefined);

  /**
   * Does it, unless it is being done already.
   *
   * @returns whether it was done and went well
   */
  async run(work: () => Promise<void>): Promise<boolean> {
    if (this.busy.value) return false;
    this.busy.value = true;
    this.failure.value = undefined;
    try {
      await work();
      return true;
    } catch (thrown) {
      this.failure.value = toFailure(thrown);
      return false;
    } finally {
      this.busy.value = false;
    }
  }
}

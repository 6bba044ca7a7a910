/**
 * Whether an agent is frozen: a process that was stopped keeps its connection, and only its silence
 * tells. Asked when a visitor waits for longer than usual, so that a pool need not wait for the
 * heartbeat, which takes its time.
 *
 * Used by `agent_session.ts`.
 *
 * @module
 */
import { type Clock, sleep } from "../base/clock.ts";

/** What a doubt needs of its session. */
export interface DoubtOptions {
  /** Time. */
  readonly clock: Clock;
  /** Pings the agent. */
  readonly isAlive: (limitMs: number) => Promise<boolean>;
  /** Whether the connection is still there. */
  readonly isOpen: () => boolean;
}

/** A doubt about one agent. */
export class Doubt {
  readonly #options: DoubtOptions;
  #isSilent = false;
  #asking: Promise<boolean> | undefined;

  /**
   * Makes one that has no cause yet.
   *
   * @param options the session
   */
  constructor(options: DoubtOptions) {
    this.#options = options;
  }

  /** Whether the agent did not answer when it was last asked, and has not answered since. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /**
   * Asks the agent for a sign of life; many who ask at once ask once. Once it was silent it is asked
   * again and again, until it answers or its connection is over.
   *
   * @param limitMs how long the answer may take
   * @returns whether it answered
   */
  ask(limitMs: number): Promise<boolean> {
    if (this.#isSilent) return Promise.resolve(false);
    return this.#asking ??= this.#ask(limitMs).finally(() => this.#asking = undefined);
  }

  async #ask(limitMs: number): Promise<boolean> {
    const { isAlive, isOpen } = this.#options;
    if (await isAlive(limitMs)) return true;
    if (!isOpen()) return false;
    this.#isSilent = true;
    void this.#watch(limitMs);
    return false;
  }

  async #watch(limitMs: number): Promise<void> {
    const { clock, isAlive, isOpen } = this.#options;
    while (isOpen()) {
      const askedMs = clock.steady();
      if (await isAlive(limitMs)) break;
      // A ping that fails at once must not make this a busy loop.
      if (clock.steady() - askedMs < limitMs && isOpen()) await sleep(clock, limitMs);
    }
    this.#isSilent = false;
  }
}

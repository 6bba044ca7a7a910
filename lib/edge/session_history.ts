/**
 * Writes down which agents were connected, from when to when, and why they left. Written in
 * batches: hundreds of agents that come back at once must not wait for the disk, one by one.
 *
 * Called by `edge.ts`, which feeds it the events of sessions.
 *
 * @module
 */
import type { Clock, Timer } from "../base/clock.ts";
import { toTunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Store } from "../store/store.ts";
import type { EdgeEvent, SessionEnded, SessionStarted } from "./events.ts";

/** What the history needs. */
export interface SessionHistoryOptions {
  /** Where it lies. */
  readonly store: Pick<Store, "transaction">;
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** Sessions that are kept of each account. */
  readonly maxSessions: number;
}

/** How long entries may wait for others. */
const GATHER_MS = 250;

/** Entries that may wait for a database that does not answer; more are lost. */
const MAX_WAITING = 20_000;

type Entry = SessionStarted | SessionEnded;

/** The history of agents' sessions. */
export class SessionHistory {
  readonly #options: SessionHistoryOptions;
  #waiting: Entry[] = [];
  #lost = 0;
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();

  /**
   * Writes nothing yet.
   *
   * @param options store, time, how much is kept
   */
  constructor(options: SessionHistoryOptions) {
    this.#options = options;
  }

  /** Hears of an event; those that are not about sessions change nothing. */
  hear(event: EdgeEvent): void {
    if (event.type !== "session_started" && event.type !== "session_ended") return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.#lost++;
      return;
    }
    this.#waiting.push(event);
    this.#timer ??= this.#options.clock.after(GATHER_MS, () => void this.flush());
  }

  /** Writes what waits. Never rejects: what cannot be written is logged. */
  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    const entries = this.#waiting;
    this.#waiting = [];
    if (entries.length > 0) this.#writing = this.#writing.then(() => this.#write(entries));
    await this.#writing;
  }

  async #write(entries: readonly Entry[]): Promise<void> {
    const { store, logger, maxSessions } = this.#options;
    try {
      await store.transaction(async ({ agent_sessions: sessions }) => {
        for (const entry of entries) {
          if (entry.type === "session_started") {
            await sessions.insert(rowOf(entry));
          } else {
            const { sessionId, accountId, atMs, reason = null } = entry;
            const end = { ended_at: atMs, end_reason: reason, updated_at: atMs };
            await sessions.update(accountId, sessionId, end);
          }
        }
        for (const account of new Set(entries.map((entry) => entry.accountId))) {
          await sessions.trim(account, maxSessions);
        }
      });
    } catch (thrown) {
      const { message: err } = toTunnelError(thrown);
      logger.log("error", "session history was not written", { entries: entries.length, err });
    }
    if (this.#lost === 0) return;
    logger.log("warn", "session history has gaps", { entries: this.#lost });
    this.#lost = 0;
  }
}

function rowOf(entry: SessionStarted) {
  const { sessionId, accountId, atMs, tokenId, remote, os, agentVersion } = entry;
  return {
    id: sessionId,
    account_id: accountId,
    created_at: atMs,
    updated_at: atMs,
    description: "",
    metadata: entry.metadata,
    credential_id: tokenId,
    ip: remote.slice(0, remote.lastIndexOf(":")).replace(/^\[|\]$/g, ""),
    os,
    agent_version: agentVersion,
    transport: `ngrok/${entry.protocolVersion}`,
    user_agent: entry.userAgent,
    ended_at: null,
    end_reason: null,
  };
}

/**
 * Notices that another process has written into the database: a command line on the same machine.
 * Where the database has its own way of telling, there is nothing to watch.
 *
 * Called by `edge.ts`.
 *
 * @module
 */
import type { Clock, Timer } from "../base/clock.ts";
import { toTunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Store } from "../store/store.ts";

/** What watching needs. */
export interface StoreWatchOptions {
  /** What is watched. */
  readonly store: Pick<Store, "foreignVersion">;
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** How often it is looked at; 0 never looks. */
  readonly everyMs: number;
  /** Hears that something has changed. */
  readonly onChanged: () => void;
}

/**
 * Watches a store.
 *
 * @param options which, how often, who hears
 * @returns ends it
 */
export function watchStore(options: StoreWatchOptions): () => void {
  const { store, clock, logger, everyMs, onChanged } = options;
  let seen = store.foreignVersion();
  if (seen === undefined || everyMs === 0) return () => {};
  let timer: Timer;
  const look = () => {
    timer = clock.after(everyMs, look);
    try {
      const version = store.foreignVersion();
      if (version === seen) return;
      seen = version;
      onChanged();
    } catch (thrown) {
      const { message: err } = toTunnelError(thrown);
      logger.log("error", "database could not be asked for changes", { err });
    }
  };
  timer = clock.after(everyMs, look);
  return () => timer.cancel();
}

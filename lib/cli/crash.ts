/**
 * The net under everything: an error that nobody caught becomes a value that `main.ts` reports as
 * one line, instead of a stack trace.
 *
 * @module
 */
import process from "node:process";

/** Where uncaught errors are announced: `process`, or a stand-in of a test. */
export interface CrashSource {
  /** Starts listening. */
  on(event: "uncaughtException" | "unhandledRejection", run: (thrown: unknown) => void): unknown;
  /** Stops listening. */
  off(event: "uncaughtException" | "unhandledRejection", run: (thrown: unknown) => void): unknown;
}

/** A watch over uncaught errors. */
export interface CrashWatch {
  /** Rejects with the first uncaught error. */
  readonly crashed: Promise<never>;
  /** Ends the watch. */
  dispose(): void;
}

/**
 * Watches for errors nobody caught.
 *
 * @param source announces them
 * @default {process} for `source`
 */
export function watchCrashes(source: CrashSource = process): CrashWatch {
  let tell!: (thrown: unknown) => void;
  const crashed = new Promise<never>((_, reject) => tell = reject);
  // The watch may be over before anybody waits: that is no new uncaught error.
  crashed.catch(() => {});
  source.on("uncaughtException", tell);
  source.on("unhandledRejection", tell);
  return {
    crashed,
    dispose: () => {
      source.off("uncaughtException", tell);
      source.off("unhandledRejection", tell);
    },
  };
}

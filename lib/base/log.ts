/**
 * The logger the library speaks to: silent unless a program passes one in. Where lines go and how
 * they look is the business of `cli/`.
 *
 * @module
 */

/** How much a line matters, most talkative first. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "crit";

/** What a line says besides its message. Values are plain data; secrets never enter. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where lines go. */
export interface Logger {
  /** Writes one line. Never throws. */
  log(level: LogLevel, message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each line: one per session, one per connection. */
  child(fields: LogFields): Logger;
}

/** The logger that says nothing. */
export const silentLogger: Logger = {
  log: () => {},
  child: () => silentLogger,
};

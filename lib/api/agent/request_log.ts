/**
 * The lines of the log about requests to the agent's API, in the words that programs which read it
 * know (spec agent K): `start`, `end`, and what was refused.
 *
 * @module
 */
import { randomHex } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import type { AgentProblemJson } from "./agent_problem.ts";

/** One request, in the log. */
export class RequestLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #about: { readonly pg: string; readonly id: string };
  readonly #startedMs: number;

  /**
   * A request has come.
   *
   * @param path which page
   * @param logger where lines go
   * @param clock whose time
   */
  constructor(path: string, logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
    this.#about = { pg: path, id: randomHex(8) };
    this.#startedMs = clock.steady();
    logger.log("info", "start", this.#about);
  }

  /** It is refused. */
  refused({ msg, details }: AgentProblemJson): void {
    const { err = "" } = details;
    this.#logger.log("warn", msg, { ...this.#about, ...(err !== "" && { err }) });
  }

  /** It is answered. */
  end(status: number): void {
    const dur = formatGoDuration(this.#clock.steady() - this.#startedMs);
    this.#logger.log("info", "end", { ...this.#about, status, dur });
  }
}

/**
 * A duration as Go writes it: `741.239µs`, `1.5ms`, `2m3.5s`.
 *
 * @param ms milliseconds
 */
export function formatGoDuration(ms: number): string {
  const ns = Math.round(ms * 1e6);
  if (ns === 0) return "0s";
  if (ns < 1e3) return `${ns}ns`;
  if (ns < 1e6) return `${ns / 1e3}µs`;
  if (ns < 1e9) return `${ns / 1e6}ms`;
  const minutes = Math.floor(ns / 60e9);
  const seconds = `${(ns - minutes * 60e9) / 1e9}s`;
  if (minutes === 0) return seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}m${seconds}` : `${hours}h${minutes % 60}m${seconds}`;
}

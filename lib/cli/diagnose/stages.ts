/**
 * Runs stages that build on each other and keeps how each ended. `checks.ts` says what they do.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import { toTunnelError } from "../../base/errors.ts";
import { causesOf, type DiagnoseCode } from "./codes.ts";
import type { Check, CheckGroup, Finding } from "./report.ts";

/** What a stage gives back. */
export interface StageResult<T> {
  /** What the next stage builds on. */
  readonly value: T;
  /** What was found, in a few words. */
  readonly detail?: string;
  /** What is wrong, though not so wrong that it could not go on. */
  readonly warnings?: readonly Finding[];
}

/** A stage that failed for more than one reason. */
export class StageFailure extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "StageFailure";
  /** The reasons. */
  readonly findings: readonly Finding[];

  /**
   * Makes a failure.
   *
   * @param findings the reasons
   */
  constructor(findings: readonly Finding[]) {
    super(findings.map(({ err }) => err).join("; "));
    this.findings = findings;
  }
}

/** The stages of a group. */
export class Stages {
  readonly #clock: Clock;
  readonly #title: string;
  readonly #checks: Check[] = [];

  /**
   * Makes a group that nothing was tried of.
   *
   * @param title the heading
   * @param clock times the stages
   */
  constructor(title: string, clock: Clock) {
    this.#title = title;
    this.#clock = clock;
  }

  /**
   * Runs a stage.
   *
   * @param name what it is called
   * @param code what its failure is called
   * @param run does it
   * @param facts what identifies a failure
   * @returns what the next stage builds on; `undefined` when there is nothing to build on
   */
  async run<T>(
    name: string,
    code: DiagnoseCode,
    run: () => Promise<StageResult<T>>,
    facts: Finding["facts"] = {},
  ): Promise<T | undefined> {
    const startMs = this.#clock.steady();
    const end = (rest: Omit<Check, "name" | "durationMs">) => {
      const durationMs = Math.round((this.#clock.steady() - startMs) * 10) / 10;
      this.#checks.push({ name, durationMs, ...rest });
    };
    try {
      const { value, detail = "", warnings = [] } = await run();
      end({ status: warnings.length > 0 ? "warn" : "ok", detail, findings: warnings });
      return value;
    } catch (thrown) {
      const findings = thrown instanceof StageFailure
        ? thrown.findings
        : [findingOf(code, thrown, facts)];
      end({ status: "error", detail: "", findings });
      return undefined;
    }
  }

  /** What came of it. */
  group(more: Pick<CheckGroup, "region" | "latencyMs"> = {}): CheckGroup {
    return { title: this.#title, checks: this.#checks, ...more };
  }
}

/**
 * A failure as the report has it.
 *
 * @param code what failed
 * @param thrown how
 * @param facts what identifies it
 */
export function findingOf(
  code: DiagnoseCode,
  thrown: unknown,
  facts: Finding["facts"] = {},
): Finding {
  const error = toTunnelError(thrown);
  const { ngrokCode } = error;
  return {
    code,
    err: error.message,
    causes: causesOf(code, error.code),
    facts: ngrokCode === undefined ? facts : { ...facts, Answer: `ERR_NGROK_${ngrokCode}` },
  };
}

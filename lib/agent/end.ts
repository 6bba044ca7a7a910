/**
 * How an agent's life ends: shared by the agent and by what speaks for it.
 *
 * @module
 */
import type { TunnelError } from "../base/errors.ts";

/** How an agent ended. */
export interface AgentEnd {
  /**
   * Who ended it: its own program (`closed`), the edge by refusing it for good (`refused`) or by
   * asking it to stop or restart.
   */
  readonly reason: "closed" | "refused" | "stopped" | "restarted";
  /** The refusal, with the server's text and number. */
  readonly error: TunnelError | undefined;
}

/**
 * What the agent's API stands on. Whoever starts it, the command line or a program with the library,
 * fills it in.
 *
 * @module
 */
import type { Agent } from "../../agent/agent.ts";
import type { ForwardOptions } from "../../agent/config.ts";
import type { FileWish } from "../../agent/file_endpoints.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import type { Codecs } from "../../runtime/codecs.ts";

/** What the agent's API stands on. */
export interface AgentApiDeps {
  /** The running agent. */
  readonly agent: Agent;
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** Undoes content codings. */
  readonly codecs: Codecs;
  /** Where the edge is: `host:port`; empty with an edge in this process. */
  readonly connectUrl: string;
  /** Where the API listens: `127.0.0.1:4040`. */
  readonly address: string;
  /** Names to answer to beside this machine's own. */
  readonly allowHosts: readonly string[];
  /** Settings to show, as words; secrets are HIDDEN already. */
  readonly config: Readonly<Record<string, string>>;
  /**
   * From what is asked of the API to what is asked of the agent: gets policies from files and URLs.
   *
   * @throws {TunnelError} what is wrong with it
   */
  readonly prepare: (wish: FileWish) => Promise<ForwardOptions>;
}

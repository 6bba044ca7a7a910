/**
 * Makes changes of the store act at once: an agent whose token was revoked, whose account was
 * suspended, whose owner was switched off or whose address is no longer welcome is cut; the rules of
 * the others are brought up to date.
 *
 * It is told only *that* something changed, and finds out what by judging every agent concerned
 * again. So it does not matter who tells: the API in this process, a look at the database, or
 * another node of a cluster; nor whether it is told twice.
 *
 * Called by `edge.ts`.
 *
 * @module
 */
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Agents } from "./agents.ts";
import type { AgentSession } from "./agent_session.ts";
import type { StoreAuthenticator } from "./store_auth.ts";

/** Something durable has changed. */
export interface IdentityChange {
  /** Whose; without it everybody is looked at. */
  readonly accountId?: string;
}

/** What enforcing needs. */
export interface EnforcementOptions {
  /** Judges. */
  readonly authenticator: StoreAuthenticator;
  /** The agents that are connected, and how one of them is cut. */
  readonly agents: () => Pick<Agents, "sessions" | "cut">;
  /** Where lines go. */
  readonly logger: Logger;
}

/** Makes changes act. */
export class Enforcement {
  readonly #options: EnforcementOptions;
  /** Whom to look at; `undefined` among them is everybody. */
  #due = new Set<string | undefined>();
  #looking: Promise<void> | undefined;

  /**
   * Looks at nobody yet.
   *
   * @param options who judges whom
   */
  constructor(options: EnforcementOptions) {
    this.#options = options;
  }

  /**
   * Something has changed, and is on the disk.
   *
   * @param change whose
   * @returns when nobody is connected any more who must not be. Never rejects
   */
  changed(change: IdentityChange = {}): Promise<void> {
    this.#options.authenticator.forget();
    this.#due.add(change.accountId);
    return this.#looking ??= this.#lookAll();
  }

  /** An agent was let in: by what was true when it was asked about, which may be over by now. */
  admitted(session: AgentSession): void {
    if (session.grant.revision === this.#options.authenticator.revision) return;
    void this.#look([session]);
  }

  async #lookAll(): Promise<void> {
    try {
      while (this.#due.size > 0) {
        const due = this.#due;
        this.#due = new Set();
        const all = this.#options.agents().sessions;
        await this.#look(
          due.has(undefined) ? all : all.filter((session) => due.has(session.grant.accountId)),
        );
      }
    } finally {
      this.#looking = undefined;
    }
  }

  async #look(sessions: readonly AgentSession[]): Promise<void> {
    const { logger } = this.#options;
    for (const session of sessions) {
      try {
        await this.#judge(session);
      } catch (thrown) {
        // Without the database nobody new gets in either; who is in stays until it is back.
        const { message: err } = toTunnelError(thrown);
        logger.log("error", "agent could not be looked at again", { session: session.id, err });
      }
    }
  }

  async #judge(session: AgentSession): Promise<void> {
    const { authenticator, agents, logger } = this.#options;
    const { grant, refusal } = await authenticator.judge(session.grant, session.remote.host);
    if (grant) return session.regrant(grant);
    const { ngrokCode, message } = refusal;
    logger.log("info", "agent was cut", { session: session.id, err: message, code: ngrokCode });
    agents().cut(session, new TunnelError("refused", message, { ngrokCode }));
  }
}

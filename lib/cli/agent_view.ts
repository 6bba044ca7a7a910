/**
 * What shows a person how an agent is doing: plain lines, or the whole screen. `tunnel.ts` chooses one
 * and `keep_online.ts` feeds it.
 *
 * @module
 */
import type { Agent } from "../agent/agent.ts";
import type { AgentEvent } from "../agent/events.ts";
import type { ExchangeOver } from "../edge/events.ts";

/** What else a status says. */
export interface AgentViewOptions {
  /** Whether the edge is in this very program: nobody's account, no region. */
  readonly isLocal?: boolean;
  /** Whether {@linkcode AgentView.onExchange} is told of each request: connections go without saying then. */
  readonly showsRequests?: boolean;
  /** A sentence below the status. */
  readonly hint?: string;
  /** Whether there is no endpoint whose first line would bring the status: it comes with the session. */
  readonly isIdle?: boolean;
}

/** A newer version, and how to get it. */
export interface UpdateOffer {
  /** Which version. */
  readonly version: string;
  /** Gets it; settles with what to say about it, rejects with why not. Ctrl+U on the full screen runs it. */
  readonly run: () => Promise<string>;
}

/** Shows how an agent is doing. */
export interface AgentView {
  /** Something has happened to the agent. */
  onEvent(event: AgentEvent): void;
  /** The edge in this program has answered a request. */
  onExchange(event: ExchangeOver): void;
  /** The agent has its first session: it can be looked at from now on. */
  follow(agent: Agent): void;
  /** The inspector and the agent's API can be visited at this URL. */
  showWebInterface(url: string): void;
  /** There is a newer version. */
  offerUpdate(offer: UpdateOffer): void;
  /** Explains why a program that was told to end still runs. */
  finishing(): void;
  /** Nothing more is shown; the terminal is as it was. */
  close(): Promise<void>;
}

/**
 * Says what happens: the event for programs and the log line for people (agent.md K), together, so
 * that neither can be forgotten. Scripts parse these lines: texts and keys never change.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { loggedError, type TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { AgentEnd } from "./end.ts";
import type { SessionInfo } from "./auth.ts";
import type { CommandName } from "./commands.ts";
import type { AgentEndpoint } from "./endpoint.ts";
import type { AgentEvent, AgentListener, AgentReport, FailureFields } from "./events.ts";

/** Speaks for one agent. */
export class Announcer {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #listeners: Set<AgentListener> = new Set();

  /**
   * Begins with nobody listening.
   *
   * @param clock stamps events
   * @param logger gets the lines
   */
  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Calls `listener` for each event until the returned function is called. */
  subscribe(listener: AgentListener): () => void {
    // a function may subscribe twice; each subscription is its own
    const own: AgentListener = (event) => listener(event);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Stamps an event and hands it round. A listener that throws is reported and stops nothing. */
  readonly report = (event: AgentReport): void => {
    if (this.#listeners.size === 0) return;
    const stamped = { ...event, atMs: this.#clock.now() } as AgentEvent;
    for (const listener of [...this.#listeners]) {
      try {
        listener(stamped);
      } catch (thrown) {
        this.#logger.log("error", "event listener failed", {
          event: event.type,
          err: String(thrown),
        });
      }
    }
  };

  /** The edge accepted us. */
  sessionEstablished(info: SessionInfo, reconnected: boolean): void {
    this.#logger.log("info", "client session established", {
      obj: "tunnels.session",
      id: info.sessionId,
    });
    this.#logger.log("info", "tunnel session started", {
      obj: "tunnels.session",
    });
    const { sessionId, region, accountName, planName } = info;
    this.report({
      type: "session_established",
      reconnected,
      sessionId,
      region,
      accountName,
      planName,
    });
    this.#notice("banner", info.banner);
    this.#notice("deprecation", info.deprecation);
  }

  #notice(notice: "banner" | "deprecation", text: string): void {
    if (text === "") return;
    this.#logger.log(
      notice === "banner" ? "info" : "warn",
      "notice from the edge",
      { text },
    );
    this.report({ type: "notice_received", notice, text });
  }

  /** An attempt to connect failed. */
  sessionFailed(error: TunnelError, attempt: number): void {
    this.#logger.log("error", "failed to reconnect session", {
      obj: "csess",
      err: ofSession(error),
    });
    this.report({ type: "session_failed", attempt, ...failure(error) });
  }

  /** The connection is gone. */
  sessionLost(error: TunnelError, lastedMs: number): void {
    this.#logger.log("error", "session closed, starting reconnect loop", {
      obj: "csess",
      err: loggedError(error),
    });
    this.report({ type: "session_lost", lastedMs, ...failure(error) });
  }

  /** The next attempt has its time. */
  reconnectScheduled(delayMs: number, attempt: number): void {
    this.#logger.log("debug", "sleep before reconnect", {
      obj: "csess",
      secs: Math.round(delayMs) / 1000,
    });
    this.report({ type: "reconnect_scheduled", delayMs, attempt });
  }

  /** An endpoint can be visited. */
  endpointOnline(endpoint: AgentEndpoint, rebound: boolean): void {
    const { name, url, upstream } = endpoint;
    // Programs that run the ngrok agent look for the URL here, if they read logs of this level.
    this.#logger.log("debug", "decoded response", {
      obj: "csess",
      resp: `&{ClientId:${name} URL:${url} Proto:${url.replace(/:.*/s, "")} Error:}`,
      err: null,
    });
    this.#logger.log("info", "started tunnel", {
      obj: "tunnels",
      name,
      addr: upstream,
      url,
    });
    this.report({ type: "endpoint_online", name, url, upstream, rebound });
  }

  /** The edge gave another URL after a reconnect. */
  endpointUrlChanged(endpoint: AgentEndpoint, previousUrl: string): void {
    const { name, url } = endpoint;
    this.#logger.log("warn", "tunnel has another url", {
      obj: "tunnels",
      name,
      url,
      was: previousUrl,
    });
    this.report({ type: "endpoint_url_changed", name, url, previousUrl });
  }

  /** A bind did not succeed and is repeated. */
  endpointFailed(
    endpoint: AgentEndpoint,
    error: TunnelError,
    retryInMs: number,
  ): void {
    const { name, url } = endpoint;
    this.#logger.log("error", "failed to start tunnel", {
      obj: "tunnels",
      name,
      url,
      err: loggedError(error),
    });
    this.report({
      type: "endpoint_failed",
      name,
      url,
      retryInMs,
      ...failure(error),
    });
  }

  /** An endpoint is over. */
  endpointStopped(
    endpoint: AgentEndpoint,
    by: "agent" | "server",
    error: TunnelError | undefined,
  ): void {
    const { name, url } = endpoint;
    const message = error?.message ?? "";
    this.#logger.log(by === "server" ? "warn" : "info", "stopped tunnel", {
      obj: "tunnels",
      name,
      url,
      ...(error && { err: loggedError(error) }),
    });
    this.report({
      type: "endpoint_stopped",
      name,
      url,
      by,
      message,
      ngrokCode: error?.ngrokCode,
    });
  }

  /** The edge asked the program for something. */
  commandReceived(command: CommandName, error: string): void {
    this.#logger.log("info", `received ${command} request`, {
      obj: "app",
      stopReq: `{err:${error || "<nil>"} restart:${command === "restart"}}`,
    });
    this.report({ type: "command_received", command, error });
  }

  /** The agent is over. */
  agentClosed(end: AgentEnd): void {
    this.#logger.log(end.error ? "error" : "info", "session closing", {
      obj: "tunnels.session",
      err: end.error ? ofSession(end.error) : null,
    });
    this.report({
      type: "agent_closed",
      reason: end.reason,
      message: end.error?.message ?? "",
    });
  }
}

/** Whoever is refused has not proved who they are: programs that read the log look for these words. */
function ofSession(error: TunnelError): string {
  return (error.code === "refused" ? "authentication failed: " : "") + loggedError(error);
}

function failure(error: TunnelError): FailureFields {
  return {
    code: error.code,
    ngrokCode: error.ngrokCode,
    message: error.message,
  };
}

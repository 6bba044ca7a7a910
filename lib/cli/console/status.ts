/**
 * What the full-screen status knows: one object, fed by the agent's events. `layout.ts` reads it.
 *
 * @module
 */
import type { Agent } from "../../agent/agent.ts";
import type { AgentEvent } from "../../agent/events.ts";
import type { Clock } from "../../base/clock.ts";
import { Meter, Samples } from "../../base/meter.ts";
import { formatDuration } from "../render.ts";
import { printable } from "./cells.ts";

/** What the agent is doing. */
export type Phase = "connecting" | "online" | "reconnecting" | "closing";

/** An endpoint as it is shown. */
export interface EndpointRow {
  /** Its local name. */
  readonly name: string;
  /** Its public URL, as the edge gave it. */
  readonly url: string;
  /** Where its traffic goes. */
  readonly upstream: string;
  /** Why it is offline; empty while it is not. */
  readonly trouble: string;
}

/** Something worth reading. */
export interface Message {
  /** When it was said last. */
  readonly atMs: number;
  /** The sentence. */
  readonly text: string;
  /** How often it was said. */
  readonly times: number;
  /** Whether it should still be read when the screen is gone: the edge's own words. */
  readonly isLasting: boolean;
}

/** Connections in numbers. */
export interface ConnectionNumbers {
  /** All there were. */
  readonly total: number;
  /** Those that are open. */
  readonly open: number;
  /** How many came a second, over one minute. */
  readonly rate1: number;
  /** The same, over five. */
  readonly rate5: number;
  /** Half lasted no longer, in milliseconds. */
  readonly p50Ms: number;
  /** Nine in ten lasted no longer. */
  readonly p90Ms: number;
}

/** So many messages are remembered. */
const MESSAGES = 5;

/** Everything there is to show but the requests. */
export class Status {
  /** What the agent is doing. */
  phase: Phase = "connecting";
  /** What is in its way. */
  trouble = "";
  /** When the next attempt is due, milliseconds since 1970; `undefined` while none is waited for. */
  nextAttemptAtMs: number | undefined;
  /** Whose account; empty when unknown. */
  accountName = "";
  /** The account's plan. */
  planName = "";
  /** Where the edge is. */
  region = "";
  /** A sentence of the edge for everybody. */
  banner = "";
  /** The edge says that this program is getting old. */
  deprecation = "";
  /** The last round trip. */
  latencyMs: number | undefined;
  /** When the session ends, milliseconds since 1970; `undefined` when it does not. */
  expiresAtMs: number | undefined;
  /** Where the inspector is. */
  webInterface: string | undefined;
  /** What there is to say about a newer version. */
  update: string | undefined;
  /** What is online, in the agent's order. */
  readonly endpoints: EndpointRow[] = [];
  /** What was said lately, the latest last. */
  readonly messages: Message[] = [];
  readonly #clock: Clock;
  readonly #meter: Meter;
  readonly #durations = new Samples();
  #open = 0;
  #agent: Agent | undefined;
  #establishedAtMs = 0;

  /**
   * Nothing has happened yet.
   *
   * @param clock whose time
   */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#meter = new Meter(clock);
  }

  /** Takes what happened to the agent. */
  onEvent(event: AgentEvent): void {
    switch (event.type) {
      case "session_established":
        if (this.phase !== "closing") this.phase = "online";
        this.trouble = "";
        this.nextAttemptAtMs = undefined;
        this.accountName = printable(event.accountName);
        this.planName = printable(event.planName);
        this.region = printable(event.region);
        this.#establishedAtMs = event.atMs;
        return this.#lookAtSession();
      case "session_lost":
        this.latencyMs = undefined;
        return this.#interrupted("reconnecting", event.message);
      case "session_failed":
        return this.#interrupted(
          this.#establishedAtMs > 0 ? "reconnecting" : "connecting",
          event.message,
        );
      case "reconnect_scheduled":
        this.nextAttemptAtMs = event.atMs + event.delayMs;
        return;
      case "heartbeat_received":
        this.latencyMs = event.latencyMs;
        return;
      case "notice_received":
        this[event.notice] = printable(event.text);
        return;
      case "endpoint_online":
        return this.#online(event.name, event.url, event.upstream, event.rebound);
      case "endpoint_url_changed":
        this.#replace(event.name, event.previousUrl, { url: printable(event.url), trouble: "" });
        return this.say(event.atMs, `${event.previousUrl} is now ${event.url}`);
      case "endpoint_failed":
        return this.#replace(event.name, event.url, {
          trouble: printable(`${event.message}; next try in ${formatDuration(event.retryInMs)}`),
        });
      case "endpoint_stopped":
        this.#remove(event.name, event.url);
        if (event.by === "agent") return;
        return this.say(event.atMs, `The edge stopped ${event.url}: ${event.message}`, true);
      case "upstream_failed":
        return this.say(event.atMs, event.message);
      case "connection_opened":
        this.#open++;
        return this.#meter.mark();
      case "connection_closed":
        this.#open = Math.max(0, this.#open - 1);
        return this.#durations.add(event.durationMs);
      case "command_received": {
        const answer = event.error === "" ? "" : `, which was refused: ${event.error}`;
        return this.say(event.atMs, `The edge asked for: ${event.command}${answer}`, true);
      }
    }
  }

  /** Looks at the agent itself from now on: some things are in no event. */
  follow(agent: Agent): void {
    this.#agent = agent;
    this.latencyMs ??= agent.latencyMs;
    this.#sort();
    this.#lookAtSession();
  }

  /** Connections so far. */
  connections(): ConnectionNumbers {
    const { count, rate1, rate5 } = this.#meter.read();
    const { p50, p90 } = this.#durations.percentiles();
    return { total: count, open: this.#open, rate1, rate5, p50Ms: p50, p90Ms: p90 };
  }

  /** Remembers a sentence; one that is said again and again is said once, with how often. */
  say(atMs: number, text: string, isLasting = false): void {
    const said = printable(text);
    const at = this.messages.findIndex((message) => message.text === said);
    const times = at < 0 ? 1 : this.messages[at].times + 1;
    if (at >= 0) this.messages.splice(at, 1);
    this.messages.push({ atMs, text: said, times, isLasting });
    if (this.messages.length > MESSAGES) this.messages.shift();
  }

  #lookAtSession(): void {
    const seconds = this.#agent?.session.sessionDurationS ?? 0;
    const sinceMs = this.#establishedAtMs || this.#clock.now();
    this.expiresAtMs = seconds > 0 ? sinceMs + seconds * 1000 : undefined;
  }

  #interrupted(phase: Phase, trouble: string): void {
    if (this.phase !== "closing") this.phase = phase;
    this.trouble = printable(trouble);
  }

  #online(name: string, url: string, upstream: string, rebound: boolean): void {
    const at = rebound ? this.#find(name, url) : -1;
    const row = { name, url: printable(url), upstream: printable(upstream), trouble: "" };
    if (at >= 0) this.endpoints[at] = row;
    else {
      this.endpoints.push(row);
      this.#sort();
    }
  }

  /** Many are bound at once and come in any order; a person finds them in the order of the file. */
  #sort(): void {
    const names = this.#agent?.endpoints.map(({ name }) => name);
    if (!names) return;
    const place = ({ name }: EndpointRow) => {
      const at = names.indexOf(name);
      return at < 0 ? names.length : at;
    };
    this.endpoints.sort((a, b) => place(a) - place(b));
  }

  #replace(name: string, url: string, change: Partial<EndpointRow>): void {
    const at = this.#find(name, url);
    if (at >= 0) this.endpoints[at] = { ...this.endpoints[at], ...change };
  }

  #remove(name: string, url: string): void {
    const at = this.#find(name, url);
    if (at >= 0) this.endpoints.splice(at, 1);
  }

  /** Several endpoints may have one name, and one that waits for the edge has no URL. */
  #find(name: string, url: string): number {
    const shown = printable(url);
    const exact = this.endpoints.findIndex((row) => row.name === name && row.url === shown);
    return exact >= 0 ? exact : this.endpoints.findIndex((row) => row.name === name);
  }
}

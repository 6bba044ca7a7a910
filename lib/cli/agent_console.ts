/**
 * What a person sees while an agent runs: a short status, then a line when something changes or a
 * visitor has been served. Plain lines, so that they also make sense in a pipe. `tunnel.ts` feeds
 * it the agent's events.
 *
 * @module
 */
import type { AgentEvent } from "../agent/events.ts";
import type { ExchangeOver } from "../edge/events.ts";
import { VERSION } from "../base/version.ts";
import type { Host } from "../runtime/host.ts";
import type { AgentView, AgentViewOptions, UpdateOffer } from "./agent_view.ts";
import {
  formatBytes,
  formatDuration,
  formatTime,
  type Paint,
  paintFor,
  row,
  safe,
  spread,
} from "./render.ts";

/** Lines about visitors in one second: more nobody reads, and a slow terminal must not slow traffic. */
const MAX_VISITS_PER_SECOND = 20;

/** The lines of one agent. */
export class AgentConsole implements AgentView {
  readonly #host: Host;
  readonly #options: AgentViewOptions;
  readonly #paint: Paint;
  #session: Extract<AgentEvent, { type: "session_established" }> | undefined;
  #headed = false;
  #webInterface: string | undefined;
  #status = "";
  #trouble = "";
  /** Who is being served: as many as there are open connections. */
  readonly #visitors = new Map<string, string>();
  #second = 0;
  #said = 0;
  #unsaid = 0;

  /**
   * Makes the lines of one agent; nothing is printed yet.
   *
   * @param host where it prints
   * @param options what else it says
   */
  constructor(host: Host, options: AgentViewOptions = {}) {
    this.#host = host;
    this.#options = options;
    this.#paint = paintFor(host.stdout, host.env("NO_COLOR") !== undefined);
  }

  /** Prints what an event means to a person, if anything. */
  onEvent(event: AgentEvent): void {
    switch (event.type) {
      case "session_established":
        this.#session = event;
        this.#trouble = "";
        if (this.#headed) this.#say("online");
        else if (this.#options.isIdle) this.#head();
        return;
      case "session_lost":
        return this.#say("reconnecting", event.message);
      case "session_failed":
        return this.#say(this.#session ? "reconnecting" : "connecting", event.message);
      case "endpoint_online":
        return this.#forwarding(event.url, event.upstream, event.rebound);
      case "endpoint_url_changed":
        return this.#note(
          event.atMs,
          `${safe(event.previousUrl)} is now ${safe(event.url)}`,
        );
      case "endpoint_failed":
        return this.#note(
          event.atMs,
          `${event.name} is offline: ${event.message}; next try in ${
            formatDuration(event.retryInMs)
          }`,
        );
      case "endpoint_stopped":
        if (event.by === "agent") return;
        return this.#note(
          event.atMs,
          `The edge stopped ${event.url}: ${event.message}`,
        );
      case "upstream_failed":
        return this.#note(event.atMs, event.message);
      case "notice_received":
        return this.#note(event.atMs, event.text);
      case "connection_opened":
        this.#visitors.set(event.connectionId, event.clientAddr);
        return;
      case "connection_closed":
        return this.#served(event);
    }
  }

  /** Prints an HTTP request that was answered: an edge in this program knows them one by one. */
  onExchange(event: ExchangeOver): void {
    const { method, path, status, ngrokCode, responseBytes, durationMs } = event;
    const answer = status === undefined ? "no answer" : String(status);
    const code = ngrokCode === undefined ? "" : ` ERR_NGROK_${ngrokCode}`;
    const asked = `${method.padEnd(7)} ${answer}${code} ${safe(path)}`;
    const cost = `${formatBytes(responseBytes)}, ${formatDuration(durationMs)}`;
    this.#visit(event.atMs, `${asked}  ${cost}`);
  }

  /** Explains why a program that was told to end still runs. */
  finishing(): void {
    this.#print("Finishing the requests that are under way; Ctrl+C again ends at once");
  }

  /** See {@linkcode AgentView.follow}: all that lines say is in the events. */
  follow(): void {}

  /** See {@linkcode AgentView.showWebInterface}. */
  showWebInterface(url: string): void {
    this.#webInterface = url;
    if (this.#headed) this.#print(row("Web Interface", url));
  }

  /** See {@linkcode AgentView.offerUpdate}. */
  offerUpdate({ version }: UpdateOffer): void {
    this.#print(row("Update", `version ${safe(version)} is available: run "sallyport update"`));
  }

  /** See {@linkcode AgentView.close}: lines stay. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #served(event: Extract<AgentEvent, { type: "connection_closed" }>): void {
    const visitor = this.#visitors.get(event.connectionId) ?? "";
    this.#visitors.delete(event.connectionId);
    if (this.#options.showsRequests) return;
    const moved = `${formatBytes(event.inBytes)} in, ${formatBytes(event.outBytes)} out`;
    this.#visit(event.atMs, `${safe(visitor)}  ${moved}, ${formatDuration(event.durationMs)}`);
  }

  /** A line about a visitor, unless there are more in this second than anybody reads. */
  #visit(atMs: number, text: string): void {
    const second = Math.floor(atMs / 1000);
    if (second !== this.#second) {
      if (this.#unsaid > 0) this.#print(this.#paint.dim(`          and ${this.#unsaid} more`));
      this.#second = second;
      this.#said = 0;
      this.#unsaid = 0;
    }
    if (this.#said < MAX_VISITS_PER_SECOND) {
      this.#said++;
      this.#print(this.#paint.dim(`${formatTime(atMs)}  ${text}`));
    } else {
      this.#unsaid++;
    }
  }

  #forwarding(url: string, upstream: string, rebound: boolean): void {
    if (rebound && this.#headed) return;
    const line = row(
      "Forwarding",
      `${this.#paint.bold(safe(url))} -> ${safe(upstream)}`,
    );
    if (this.#headed) return this.#print(line);
    this.#head(line);
  }

  #head(forwarding?: string): void {
    this.#headed = true;
    this.#status = "online";
    const columns = Math.min(this.#host.stdout.columns, 100);
    this.#print(spread("sallyport", "(Ctrl+C to quit)", columns));
    this.#print("");
    this.#print(row("Session Status", this.#paint.good("online")));
    this.#whereabouts();
    if (forwarding !== undefined) this.#print(forwarding);
    if (this.#options.hint) this.#print(`\n${this.#options.hint}`);
    this.#print("");
  }

  #whereabouts(): void {
    const { accountName = "", planName = "", region = "" } = this.#session ??
      {};
    const plan = planName ? ` (Plan: ${safe(planName)})` : "";
    const { isLocal } = this.#options;
    if (accountName && !isLocal) {
      this.#print(row("Account", safe(accountName) + plan));
    }
    this.#print(row("Version", VERSION));
    if (region && !isLocal) this.#print(row("Region", safe(region)));
    if (isLocal) {
      this.#print(row("Edge", "in this program, for this machine alone"));
    }
    if (this.#webInterface !== undefined) this.#print(row("Web Interface", this.#webInterface));
  }

  /** Says a status once; a reconnecting agent fails the same way many times. */
  #say(status: "online" | "connecting" | "reconnecting", trouble = ""): void {
    if (status === this.#status && trouble === this.#trouble) return;
    this.#status = status;
    this.#trouble = trouble;
    const text = trouble ? `${status} (${safe(trouble)})` : status;
    this.#print(row("Session Status", this.#paint[status === "online" ? "good" : "bad"](text)));
  }

  #note(atMs: number, text: string): void {
    this.#print(`${formatTime(atMs)}  ${this.#paint.bad(safe(text))}`);
  }

  #print(line: string): void {
    this.#host.stdout.write(line + "\n");
  }
}

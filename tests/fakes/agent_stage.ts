/**
 * An agent on a fake clock in front of a {@linkcode FakeEdge}, with everything it said.
 *
 * @module
 */
import { type Agent, connect } from "../../lib/agent/agent.ts";
import type { AgentOptions } from "../../lib/agent/config.ts";
import type { AgentEvent } from "../../lib/agent/events.ts";
import { FakeClock } from "../../lib/base/clock.ts";
import type { Logger } from "../../lib/base/log.ts";
import { memoryRuntime } from "../../lib/runtime/memory.ts";
import { eventually, FakeEdge } from "./edge.ts";

/** One test's world. */
export class Stage {
  /** Stands still unless the test moves it. */
  readonly clock: FakeClock;
  /** What the agent connects to. */
  readonly edge: FakeEdge;
  /** The agent's machine. */
  readonly runtime;
  /** What the agent reported. */
  readonly events: AgentEvent[] = [];
  /** What it logged: level, message, fields as JSON. */
  readonly lines: string[] = [];
  /** The agent, once it is connected. */
  agent!: Agent;

  /** @param clock another one than a plain fake */
  constructor(clock: FakeClock = new FakeClock()) {
    this.clock = clock;
    this.edge = new FakeEdge(clock);
    this.runtime = memoryRuntime({ clock });
  }

  /** Keeps what is logged. */
  readonly logger: Logger = {
    log: (level, message, fields) =>
      void this.lines.push(
        `${level} ${message} ${JSON.stringify(fields ?? {})}`,
      ),
    child: () => this.logger,
  };

  /** Connects with the options most tests want; waits are never shortened by chance. */
  connect(options: AgentOptions = {}): Promise<Agent> {
    const connecting = connect({
      dial: this.edge.dial,
      authtoken: "secret",
      backoff: { random: () => 1 },
      onEvent: (event) => this.events.push(event),
      logger: this.logger,
      runtime: this.runtime,
      ...options,
    });
    connecting.then((agent) => this.agent = agent, () => {});
    return connecting;
  }

  /** The events of one type. */
  of<T extends AgentEvent["type"]>(
    type: T,
  ): Extract<AgentEvent, { type: T }>[] {
    return this.events.filter((event) => event.type === type) as never;
  }

  /** Lets everything happen that needs no time. */
  until(check: () => boolean): Promise<void> {
    return eventually(this.clock, check);
  }

  /** Closes the agent at once and lets the goodbye pass. */
  async stop(): Promise<void> {
    const closing = this.agent.close({ graceMs: 0 });
    await this.clock.advance(1_000);
    await closing;
  }
}

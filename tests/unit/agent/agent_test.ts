import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { type Agent, connect } from "../../../lib/agent/agent.ts";
import type { AgentOptions } from "../../../lib/agent/config.ts";
import type { AgentEvent } from "../../../lib/agent/events.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { STREAM } from "../../../lib/wire/messages.ts";
import { eventually, FakeEdge } from "../../fakes/edge.ts";

/** An edge, a runtime, and everything the agent said. */
class Stage {
  readonly clock: FakeClock;
  readonly edge: FakeEdge;
  readonly runtime;
  readonly events: AgentEvent[] = [];
  readonly lines: string[] = [];
  agent!: Agent;

  constructor(clock = new FakeClock()) {
    this.clock = clock;
    this.edge = new FakeEdge(clock);
    this.runtime = memoryRuntime({ clock });
  }

  connect(options: AgentOptions = {}): Promise<Agent> {
    return connect({
      dial: this.edge.dial,
      authtoken: "secret",
      backoff: { random: () => 1 },
      onEvent: (event) => this.events.push(event),
      logger: {
        log: (level, message, fields) =>
          this.lines.push(
            `${level} ${message} ${JSON.stringify(fields ?? {})}`,
          ),
        child: () => assert.fail("no child logger is needed"),
      },
      runtime: this.runtime,
      ...options,
    });
  }

  async start(options: AgentOptions = {}): Promise<Agent> {
    return this.agent = await this.connect(options);
  }

  of<T extends AgentEvent["type"]>(
    type: T,
  ): Extract<AgentEvent, { type: T }>[] {
    return this.events.filter((event) => event.type === type) as never;
  }

  until(check: () => boolean): Promise<void> {
    return eventually(this.clock, check);
  }

  async stop(): Promise<void> {
    const closing = this.agent.close({ graceMs: 0 });
    await this.clock.advance(1_000);
    await closing;
  }
}

test("connect() authenticates and forward() binds", async () => {
  const stage = new Stage();
  const agent = await stage.start();
  assert.equal(agent.state, "online");
  assert.equal(agent.session.accountName, "Owner");
  const endpoint = await agent.forward({ addr: 8080, name: "web" });
  assert.equal(endpoint.url, "https://name-1.tunnel.test");
  assert.equal(endpoint.upstream, "http://localhost:8080");
  assert.equal(endpoint.online, true);
  assert.deepEqual(agent.endpoints, [endpoint]);
  await stage.stop();
  assert.equal(agent.state, "closed");
  assert.deepEqual(await agent.closed, { reason: "closed", error: undefined });
  assert.deepEqual(await endpoint.closed, { error: undefined });
  assert.equal(
    stage.edge.session.of(STREAM.unbind).length,
    0,
    "agents never unbind at exit",
  );
  assert.deepEqual(stage.edge.session.end?.goAway, {
    code: 0,
    text: "no error",
  });
  assert.equal(stage.clock.pending, 0, "no timer is left");
});

/**
 * Agents that run, for the commands that ask them: the real API on a network in memory.
 *
 * @module
 */
import { FakeClock } from "../../../lib/base/clock.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { serveAgentApi, type ServedAgentApi } from "../../../lib/api/agent/serve_agent_api.ts";
import { main } from "../../../lib/cli/main.ts";
import { withPolicy } from "../../../lib/cli/policy_source.ts";
import type { MemoryRuntime } from "../../../lib/runtime/memory.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { nodeCodecs } from "../../../lib/runtime/node_codecs.ts";
import { FakeAgent } from "../api/agent/kit.ts";

/** What a command left behind. */
export interface Ran {
  /** The exit code. */
  readonly code: number;
  /** What it printed. */
  readonly stdout: string;
  /** What it complained about. */
  readonly stderr: string;
}

/** A machine with agents. */
export class RunningScene {
  readonly clock: FakeClock = new FakeClock();
  readonly files: Record<string, string>;
  readonly net: MemoryRuntime["net"];
  readonly agents: FakeAgent[] = [];
  readonly #served: ServedAgentApi[] = [];

  constructor(files: Record<string, string> = {}) {
    this.files = files;
    this.net = memoryRuntime({ clock: this.clock }).net;
  }

  /** One more agent. */
  async run(port?: number): Promise<FakeAgent> {
    const agent = new FakeAgent(this.clock);
    const { host } = memoryRuntime({ clock: this.clock });
    this.#served.push(
      await serveAgentApi({
        agent,
        net: this.net,
        clock: this.clock,
        codecs: nodeCodecs,
        logger: silentLogger,
        connectUrl: "",
        allowHosts: [],
        config: {},
        port,
        prepare: (wish) => withPolicy(host, wish),
      }),
    );
    this.agents.push(agent);
    return agent;
  }

  /** Runs the program on this machine. */
  async sallyport(...args: string[]): Promise<Ran> {
    const { net, clock, files } = this;
    const runtime = memoryRuntime({ clock, host: { args, files } });
    const code = await main({ ...runtime, net });
    const { stdout, stderr } = runtime.host;
    return { code, stdout: stdout.text, stderr: stderr.text };
  }

  /** Ends all agents. */
  async close(): Promise<void> {
    for (const one of this.#served) await one.close();
  }
}

/**
 * Sessions in the shape of `@ngrok/ngrok` on a fake edge.
 *
 * @module
 */
import { connect } from "../../../lib/agent/agent.ts";
import type { AgentOptions } from "../../../lib/agent/config.ts";
import { Sdk } from "../../../lib/compat/sdk.ts";
import type { Connected } from "../../../lib/compat/session.ts";
import { STREAM } from "../../../lib/wire/messages.ts";
import { Stage } from "../../fakes/agent_stage.ts";
import type { Json } from "../../fakes/edge.ts";

/** The package, and the edge it talks to. */
export class CompatStage {
  readonly stage: Stage = new Stage();
  /** What sessions were opened with. */
  readonly wanted: AgentOptions[] = [];
  readonly env: Record<string, string> = {};
  readonly printed: string[] = [];
  isLocal = false;
  readonly sdk: Sdk = new Sdk({
    connect: (options) => this.#connect(options),
    env: (name) => this.env[name],
    print: (line) => void this.printed.push(line),
  });

  async #connect(options: AgentOptions): Promise<Connected> {
    this.wanted.push(options);
    const { dial } = this.stage.edge;
    const agent = await connect({ ...options, dial, runtime: this.stage.runtime });
    return { agent, isLocal: this.isLocal };
  }

  /** The binds the edge saw. */
  get binds(): Json[] {
    return this.stage.edge.session.of(STREAM.bind).map(({ json }) => json);
  }

  /** Lets something that needs a goodbye happen. */
  async settle<T>(work: Promise<T>): Promise<T> {
    await this.stage.clock.advance(1_000);
    return await work;
  }

  /** Ends everything. */
  async end(): Promise<void> {
    await this.settle(this.sdk.kill());
    await this.stage.clock.advance(1_000);
  }
}

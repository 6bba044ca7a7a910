/**
 * `sallyport start [names…]`.
 *
 * @module
 */
import { type Cli, type Command, defineCommand } from "../command.ts";
import { SESSION_FLAGS, WEB_ADDR_FLAG } from "../endpoint_flags.ts";
import { TunnelError } from "../../base/errors.ts";
import type { LoadedConfig } from "../loaded_config.ts";
import type { Choice } from "../start_wishes.ts";

/** Puts endpoints and tunnels of the configuration online. */
export const startCommand: Command = defineCommand({
  name: "start",
  summary: "put endpoints of the configuration online",
  description:
    `Starts the endpoints and tunnels of the configuration file that are named, or all of them with --all, over one session, and keeps them online until you press Ctrl+C. With --none the session stands alone.

One that the edge refuses at the start ends the program. Later, each is on its own: one that cannot come back is tried again while the others serve.

With --running, or --web-addr, they go online in the agent that runs on this machine already, and the command returns. Paths in their descriptions are read by that agent, except traffic policies.`,
  examples: [
    { line: "start web db", does: "the two named web and db" },
    { line: "start --all", does: "all of the file" },
    { line: "start web --running", does: "web, in the agent that runs already" },
    { line: "start --all --config a.yml,b.yml", does: "of both files, b.yml wins" },
  ],
  argument: {
    name: "name",
    optional: true,
    words: true,
    missing: "name an endpoint",
    summary: "endpoints and tunnels of the configuration",
    completes: "endpoints",
  },
  flags: [
    {
      name: "all",
      value: "bool",
      summary: "start everything in the configuration",
      isSwitch: true,
      choices: ["true", "false"],
    },
    {
      name: "none",
      value: "bool",
      summary: "start nothing: only the session",
      isSwitch: true,
      choices: ["true", "false"],
    },
    {
      name: "running",
      value: "bool",
      summary: "start them in the agent that runs on this machine already",
      isSwitch: true,
      choices: ["true", "false"],
    },
    WEB_ADDR_FLAG,
    ...SESSION_FLAGS,
  ],
  obeysConfig: true,
  async run(cli, input) {
    const { chooseWishes } = await import("../start_wishes.ts");
    const { runAgent } = await import("../tunnel.ts");
    const choice = {
      names: input.words,
      all: input.flag("all") === "true",
      none: input.flag("none") === "true",
    };
    if (input.flag("running") === "true" || input.isGiven("web-addr")) {
      if (choice.none) {
        throw new TunnelError("usage", "--none and --running exclude each other: give one");
      }
      return await startInRunning(cli, choice, input.flag("web-addr"));
    }
    const choose = (config: LoadedConfig) => chooseWishes(config, choice);
    return await runAgent(cli, input, choose(cli.config), choose);
  },
});

/** Asks the one agent there is. */
async function startInRunning(
  { runtime, config }: Cli,
  choice: Choice,
  webAddr: string | undefined,
): Promise<number> {
  const { findAgents, noAgentHere, startIn, webAddrIn } = await import("../running_agents.ts");
  const { chooseWishes } = await import("../start_wishes.ts");
  const { safe } = await import("../render.ts");
  chooseWishes(config, choice);
  const { endpoints, tunnels } = config.file;
  const names = choice.all
    ? [...endpoints.map(({ name }) => name), ...Object.keys(tunnels)]
    : [...new Set(choice.names)];
  const agents = await findAgents(runtime, webAddr ?? webAddrIn(config));
  if (agents.length === 0) throw noAgentHere();
  if (agents.length > 1) {
    const where = agents.map(({ address }) => address).join(", ");
    throw new TunnelError(
      "usage",
      `Several agents run on this machine, at ${where}: say which with --web-addr`,
    );
  }
  await startIn(runtime, agents[0], config, names, ({ name, url, upstream }) => {
    runtime.host.stdout.write(safe(`Started ${name}: ${url} -> ${upstream}`) + "\n");
  });
  return 0;
}

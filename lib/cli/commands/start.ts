/**
 * `sallyport start [names…]`.
 *
 * @module
 */
import { type Command, defineCommand } from "../command.ts";
import { SESSION_FLAGS } from "../endpoint_flags.ts";
import type { LoadedConfig } from "../loaded_config.ts";

/** Puts endpoints and tunnels of the configuration online. */
export const startCommand: Command = defineCommand({
  name: "start",
  summary: "put endpoints of the configuration online",
  description:
    `Starts the endpoints and tunnels of the configuration file that are named, or all of them with --all, over one session, and keeps them online until you press Ctrl+C. With --none the session stands alone.

One that the edge refuses at the start ends the program. Later, each is on its own: one that cannot come back is tried again while the others serve.`,
  examples: [
    { line: "start web db", does: "the two named web and db" },
    { line: "start --all", does: "all of the file" },
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
    const choose = (config: LoadedConfig) => chooseWishes(config, choice);
    return await runAgent(cli, input, choose(cli.config), choose);
  },
});

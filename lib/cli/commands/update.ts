/**
 * `sallyport update`.
 *
 * @module
 */
import type { Channel } from "../update/manifest.ts";
import { type Command, CONFIG_VARIABLES, defineCommand } from "../command.ts";

/** Replaces the program by the newest version. */
export const updateCommand: Command = defineCommand({
  name: "update",
  summary: "replace this program by the newest version",
  description:
    `Looks for a newer version, checks that its publisher has signed it, tries it, and puts it in the place of this program. What was there before stays beside it, with ".old" in its name. Agents that run go on with the version they have until they are restarted.

Where updates come from is compiled into a release, or said by update_url and update_key in the configuration. A program that a package manager installed is left to that.`,
  examples: [
    { line: "update", does: "to the newest stable version" },
    { line: "update --channel beta", does: "to the newest of the beta channel" },
    { line: "update --check", does: "only says whether there is one" },
  ],
  flags: [
    {
      name: "channel",
      value: "name",
      summary: "where updates come from; without it update_channel of the configuration, or stable",
      choices: ["stable", "beta", "unstable"],
    },
    {
      name: "check",
      value: "bool",
      summary: "look for an update, and change nothing",
      isSwitch: true,
      choices: ["true", "false"],
    },
    {
      name: "config",
      value: "path",
      summary: "the configuration file; without it sallyport.yml in its usual place",
      env: CONFIG_VARIABLES,
      repeats: true,
    },
  ],
  obeysConfig: true,
  async run(cli, input) {
    const { runUpdate } = await import("../update/run_update.ts");
    return await runUpdate(cli, {
      channel: input.flag("channel") as Channel | undefined,
      checkOnly: input.flag("check") === "true",
    });
  },
});

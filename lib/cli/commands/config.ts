/**
 * `sallyport config`.
 *
 * @module
 */
import { type Command, defineCommand, defineFlag, defineGroup, type Flag } from "../command.ts";

const CONFIG_FLAG: Flag & { readonly name: "config" } = defineFlag({
  name: "config",
  value: "path",
  summary: "the file; without it sallyport.yml in the configuration folder of the user",
  env: ["SALLYPORT_CONFIG", "NGROK_CONFIG"],
});

function adder(word: string, key: "authtoken" | "api_key", what: string): Command {
  return defineCommand({
    name: `config add-${word}`,
    summary: `keep ${what} in the configuration file`,
    description:
      `Writes ${what} into the configuration file, in the place of the one before. Everything else in the file stays as it is. Only the user may read the file.`,
    examples: [{ line: `config add-${word} <${word}>`, does: `keeps ${what}` }],
    argument: { name: word, missing: `give ${what}`, summary: what },
    flags: [CONFIG_FLAG],
    async run({ runtime: { host }, secrets }, input) {
      const { writeConfig } = await import("../config_file.ts");
      const value = input.argument ?? "";
      secrets.add(value);
      const path = await writeConfig(host, input.flag("config"), key, value);
      host.stdout.write(`Saved in ${path}\n`);
      return 0;
    },
  });
}

/** Keeps who the user is. */
export const configCommand: Command = defineGroup({
  name: "config",
  summary: "keep who you are in the configuration file",
  description:
    `Writes the configuration file: sallyport.yml in the configuration folder of the user, or where --config or SALLYPORT_CONFIG says.

Flags come before the environment, and the environment before the file. Today agent.authtoken, agent.api_key, agent.connect_url and agent.connect_cas are read from it; other keys are left alone and not checked.`,
  examples: [{
    line: "config add-api-key <api-key>",
    does: "sallyport api needs no variable then",
  }],
  commands: [
    adder("authtoken", "authtoken", "the authtoken of the agent"),
    adder("api-key", "api_key", "the key for sallyport api"),
  ],
});

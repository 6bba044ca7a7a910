/**
 * `sallyport help [command]`.
 *
 * @module
 */
import { TunnelError } from "../../base/errors.ts";
import { type Command, defineCommand } from "../command.ts";
import { commandHelp, helpStyle, programHelp } from "../help.ts";
import { unknownCommand } from "../parse.ts";

/** Explains the program or one command. */
export const helpCommand: Command = defineCommand({
  name: "help",
  summary: "explain the program or one command",
  description: "Prints what --help prints: about the whole program, or about the command named.",
  examples: [{ line: "help http", does: "explains the http command" }],
  argument: {
    name: "command",
    optional: true,
    missing: "name a command",
    summary: "the command to explain",
  },
  flags: [],
  run({ runtime: { host }, commands }, { argument }) {
    const style = helpStyle(host);
    if (argument === undefined) {
      host.stdout.write(programHelp(commands, style));
      return Promise.resolve(0);
    }
    const command = commands.find(({ name }) => name === argument);
    if (!command) {
      throw new TunnelError("usage", unknownCommand(argument, commands));
    }
    host.stdout.write(commandHelp(command, style));
    return Promise.resolve(0);
  },
});

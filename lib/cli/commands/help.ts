/**
 * `sallyport help [command]`.
 *
 * @module
 */
import { type Command, defineCommand, loadCommands } from "../command.ts";
import { commandHelp, helpStyle, programHelp } from "../help.ts";
import { findCommand } from "../parse.ts";

/** Explains the program or one command. */
export const helpCommand: Command = defineCommand({
  name: "help",
  summary: "explain the program or one command",
  description: "Prints what --help prints: about the whole program, or about the command named.",
  examples: [{ line: "help http", does: "explains the http command" }],
  argument: {
    name: "command",
    optional: true,
    words: true,
    missing: "name a command",
    summary: "the command to explain",
    completes: "commands",
  },
  flags: [],
  async run({ runtime: { host }, commands }, { argument }) {
    const style = helpStyle(host);
    if (argument === undefined) {
      host.stdout.write(programHelp(commands, style));
      return 0;
    }
    const known = await loadCommands(commands, argument.split(" "));
    host.stdout.write(commandHelp(findCommand(argument, known), style));
    return 0;
  },
});

/**
 * `sallyport credits`.
 *
 * @module
 */
import { type Command, defineCommand } from "../command.ts";

/** Says whose work this is. */
export const creditsCommand: Command = defineCommand({
  name: "credits",
  summary: "say whose work this is, and under which licences",
  description:
    "Prints the licence of Sallyport, and the names, versions and licences of the packages it is made with.",
  examples: [{ line: "credits", does: "prints them" }],
  flags: [],
  async run({ runtime: { host } }) {
    const { CREDITS } = await import("../credits.ts");
    host.stdout.write(CREDITS);
    return 0;
  },
});

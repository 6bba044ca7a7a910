/**
 * `sallyport version`.
 *
 * @module
 */
import { VERSION } from "../../base/version.ts";
import { type Command, defineCommand } from "../command.ts";

/** What `sallyport version` and `sallyport --version` print. */
export const VERSION_LINE: string = `sallyport version ${VERSION}`;

/** Says the version. */
export const versionCommand: Command = defineCommand({
  name: "version",
  summary: "say the version",
  description: "Prints the version of this program.",
  examples: [{ line: "version", does: `prints "${VERSION_LINE}"` }],
  flags: [],
  run(cli) {
    cli.runtime.host.stdout.write(VERSION_LINE + "\n");
    return Promise.resolve(0);
  },
});

/**
 * `sallyport edge config`: looks after the configuration file of an edge.
 *
 * @module
 */
import { type Command, defineCommand, defineGroup } from "../command.ts";

const check: Command = defineCommand({
  name: "edge config check",
  summary: "check a configuration file",
  description:
    `Reads the file as the edge would. What is wrong is told with line, column and key; the exit code is 1 then. Nothing is started.`,
  examples: [{ line: "edge config check edge.yml", does: "says whether an edge would take it" }],
  argument: { name: "file", missing: "say which file", summary: "the configuration file" },
  flags: [],
  async run({ runtime: { host } }, input) {
    const { readEdgeFile } = await import("../edge_file.ts");
    const path = input.argument ?? "";
    await readEdgeFile(host.files, path);
    host.stdout.write(`${path}: nothing to complain about\n`);
    return 0;
  },
});

const schema: Command = defineCommand({
  name: "edge config schema",
  summary: "print the JSON Schema of the configuration file",
  description:
    `Prints a JSON Schema (draft 7) of the file, for editors: with it they complete keys and mark mistakes. In VS Code and others with the YAML language server, write "# yaml-language-server: $schema=edge.schema.json" at the top of the file.`,
  examples: [{ line: "edge config schema", does: "prints it; redirect it to a file" }],
  flags: [],
  async run({ runtime: { host } }) {
    const { edgeFileJsonSchema } = await import("../edge_file.ts");
    host.stdout.write(`${JSON.stringify(edgeFileJsonSchema(), null, 2)}\n`);
    return 0;
  },
});

/** Looks after the configuration file of an edge. */
export const edgeConfigCommand: Command = defineGroup({
  name: "edge config",
  summary: "check the configuration file, or print its schema",
  description:
    `The file of "sallyport edge --config": the options of the edge in YAML. Durations are written as "10s" or "1h30m", amounts of bytes as "64KiB", places to listen as on the command line.`,
  examples: [check.examples[0], schema.examples[0]],
  commands: [check, schema],
});

/**
 * `sallyport config`.
 *
 * @module
 */
import { TunnelError } from "../../base/errors.ts";
import type { EditableKey } from "../config_edit.ts";
import {
  type Cli,
  type Command,
  CONFIG_VARIABLES,
  defineCommand,
  defineFlag,
  defineGroup,
  type Flag,
} from "../command.ts";

const CONFIG_FLAG: Flag & { readonly name: "config" } = defineFlag({
  name: "config",
  value: "path",
  summary: "the file; without it sallyport.yml in the configuration folder of the user",
  env: CONFIG_VARIABLES,
  repeats: true,
});

function adder(
  word: string,
  key: EditableKey,
  what: string,
  saved: string,
  more: Partial<Command> & { readonly value?: string } = {},
): Command {
  const { value: name = word, ...rest } = more;
  return defineCommand({
    name: `config add-${word}`,
    summary: `keep ${what} in the configuration file`,
    description:
      `Writes ${what} into the configuration file, in the place of the one before. Everything else in the file stays as it is, comments too. Only its owner may read the file.`,
    examples: [{ line: `config add-${word} <${name}>`, does: `keeps ${what}` }],
    argument: { name, missing: `give ${what}`, summary: what },
    flags: [CONFIG_FLAG],
    ...rest,
    async run({ runtime: { host }, secrets }, input) {
      const { fileToWrite, setConfigKey } = await import("../config_edit.ts");
      const value = input.argument ?? "";
      if (key === "connect_url") {
        const { parseConnectUrl } = await import("../../agent/config.ts");
        parseConnectUrl(value);
      } else {
        if (!/^[\x21-\x7e]+$/.test(value)) {
          throw new TunnelError(
            "usage",
            `Cannot save the ${word}: it is empty, or has blanks or letters that none has`,
          );
        }
        secrets.add(value);
      }
      const path = fileToWrite(host, input.all("config"));
      const model = await setConfigKey(host, path, key, value);
      host.stdout.write(`${saved} saved to configuration file: ${path}\n`);
      if (model !== undefined) host.stdout.write(copyOf(model));
      return 0;
    },
  });
}

/** `sallyport authtoken <token>`, as agents of version 2 had it. */
export const authtokenCommand: Command = adder(
  "authtoken",
  "authtoken",
  "the authtoken of the agent",
  "Authtoken",
  { name: "authtoken", hidden: true },
);

function copyOf(path: string): string {
  return `It began as a copy of ${path}, which is not read any more\n`;
}

const checkCommand: Command = defineCommand({
  name: "config check",
  summary: "is the configuration file right?",
  description:
    "Reads the configuration file and says what is wrong in it, with line and column, or that nothing is. Files of version 3 and 2 are understood. Several files given with --config are checked one by one.",
  examples: [
    { line: "config check", does: "the file in its usual place" },
    { line: "config check --config ./sallyport.yml", does: "another one" },
  ],
  flags: [CONFIG_FLAG],
  async run({ runtime: { host } }, input) {
    const { checkConfig, fileToRead } = await import("../config_edit.ts");
    const { namedPaths } = await import("../config_file.ts");
    const named = namedPaths(input.all("config"));
    const paths = named.length > 0 ? named : [await fileToRead(host, [])];
    for (const path of paths) {
      await checkConfig(host, path);
      host.stdout.write(`Valid configuration file at ${path}\n`);
    }
    return 0;
  },
});

const editCommand: Command = defineCommand({
  name: "config edit",
  summary: "open the configuration file in your editor",
  description:
    "Opens the configuration file in $VISUAL or $EDITOR, else in nano (Notepad on Windows), and checks it when the editor is closed. A file that is wrong can be opened too; one that is not there is made.",
  examples: [{ line: "config edit", does: "the file in its usual place" }],
  flags: [CONFIG_FLAG],
  async run(cli, input) {
    const { host } = cli.runtime;
    const { checkConfig, fileToWrite, modelFor, writeConfig } = await import("../config_edit.ts");
    const { edit, editorOf } = await import("../editor.ts");
    const path = fileToWrite(host, input.all("config"));
    if (await host.files.stat(path) === undefined) {
      const model = await modelFor(host, path);
      await writeConfig(host, path, model?.text ?? "version: 3\nagent: {}\n");
      if (model !== undefined) host.stdout.write(copyOf(model.path));
    }
    await edit(editorOf(host), path);
    await checkConfig(host, path);
    host.stdout.write(`Valid configuration file at ${path}\n`);
    return 0;
  },
});

const upgradeCommand: Command = defineCommand({
  name: "config upgrade",
  summary: "bring the configuration file to the newest version",
  description:
    'Rewrites a configuration file of an older version, with its comments: settings move below "agent", keys of old get the names of today. The file before is kept beside it, with .bak behind its name. Tunnels stay tunnels, and stay valid.',
  examples: [
    { line: "config upgrade", does: "the file in its usual place" },
    { line: "config upgrade --dry-run", does: "only shows what it would be" },
    {
      line: "config upgrade --relocate --config ~/.ngrok2/ngrok.yml",
      does: "and move it to its usual place",
    },
  ],
  argument: {
    name: "version",
    optional: true,
    missing: "give a version",
    summary: "the version wanted: 3, the newest, or 2",
    completes: ["2", "3"],
  },
  flags: [
    CONFIG_FLAG,
    {
      name: "dry-run",
      value: "bool",
      summary: "show the result and write nothing",
      isSwitch: true,
      choices: ["true", "false"],
    },
    {
      name: "relocate",
      value: "bool",
      summary: "move the file to its usual place",
      isSwitch: true,
      choices: ["true", "false"],
    },
  ],
  async run(cli, input) {
    const { host } = cli.runtime;
    const { fileToRead } = await import("../config_edit.ts");
    const { upgradeConfig } = await import("../config_upgrade.ts");
    const wanted = input.argument;
    if (wanted !== undefined && !/^\d+$/.test(wanted)) {
      throw new TunnelError(
        "usage",
        `Cannot upgrade to "${wanted}": a version is a number, 2 or 3`,
      );
    }
    const dryRun = input.flag("dry-run") === "true";
    const done = await upgradeConfig(host, await fileToRead(host, input.all("config")), {
      to: wanted === undefined ? undefined : Number(wanted),
      dryRun,
      relocate: input.flag("relocate") === "true",
    });
    await say(cli, done, dryRun);
    return 0;
  },
});

async function say(
  { runtime: { host }, secrets }: Cli,
  done: Awaited<ReturnType<typeof import("../config_upgrade.ts").upgradeConfig>>,
  dryRun: boolean,
): Promise<void> {
  const { parseConfig } = await import("../config_file.ts");
  const { secretsOf } = await import("../config_secrets.ts");
  for (const secret of secretsOf((await parseConfig(done.text, done.path)).value)) {
    secrets.add(secret);
  }
  if (done.backup === undefined && !dryRun) {
    host.stdout.write(`${done.path} is of version ${done.to} already\n`);
    return;
  }
  const verb = dryRun ? "Would upgrade" : "Upgraded";
  host.stdout.write(`${verb} ${done.path} from version ${done.from} to ${done.to}:\n\n`);
  host.stdout.write(secrets.hide(done.text.endsWith("\n") ? done.text : done.text + "\n"));
  if (done.backup !== undefined) host.stdout.write(`\nThe file before is ${done.backup}\n`);
}

const schemaCommand: Command = defineCommand({
  name: "config schema",
  summary: "print the JSON Schema of the configuration file",
  description:
    "Prints the JSON Schema (draft 7) of configuration files of version 3, for editors that complete and check YAML by one.",
  examples: [{ line: "config schema", does: "prints it" }],
  flags: [],
  async run({ runtime: { host } }) {
    const { agentFileJsonSchema } = await import("../../agent/file_json_schema.ts");
    host.stdout.write(JSON.stringify(agentFileJsonSchema(), null, 2) + "\n");
    return 0;
  },
});

/** Keeps and checks what is configured. */
export const configCommand: Command = defineGroup({
  name: "config",
  summary: "check and change the configuration file",
  description:
    `Works on the configuration file: sallyport.yml in the configuration folder of the user, or where --config or SALLYPORT_CONFIG says. Where there is none, the agent reads the ngrok.yml that an ngrok agent left; the first command that has something to keep begins ours as a copy of it.

Flags come before the environment, and the environment before the file.`,
  examples: [
    { line: "config check", does: "is it right?" },
    {
      line: "config add-api-key <api-key>",
      does: "sallyport api needs no variable then",
    },
  ],
  commands: [
    adder("authtoken", "authtoken", "the authtoken of the agent", "Authtoken"),
    adder("api-key", "api_key", "the key for sallyport api", "API key"),
    adder("connect-url", "connect_url", "the address of your edge", "Connect URL", {
      value: "host:port",
    }),
    adder("server-addr", "connect_url", "the address of your edge", "Connect URL", {
      value: "host:port",
      hidden: true,
    }),
    checkCommand,
    editCommand,
    upgradeCommand,
    schemaCommand,
  ],
});

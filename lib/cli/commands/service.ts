/**
 * `sallyport service`: the agent as a service of the operating system.
 *
 * @module
 */
import { type Cli, type Command, defineCommand, defineGroup } from "../command.ts";

/** Those that take nothing: one verb each. */
function verb(
  word: string,
  summary: string,
  description: string,
  act: (cli: Cli) => Promise<number | void>,
): Command {
  return defineCommand({
    name: `service ${word}`,
    summary,
    description,
    examples: [{ line: `service ${word}`, does: summary }],
    flags: [],
    async run(cli) {
      return await act(cli) ?? 0;
    },
  });
}

const install: Command = defineCommand({
  name: "service install",
  summary: "make the agent a service of this machine",
  description:
    `Registers the agent with systemd, launchd or Windows: it starts at each boot, is started again when it falls, and puts all endpoints and tunnels of the configuration file online, as "sallyport start --all" does. The file must name the edge and hold the authtoken; it is checked first, and nothing is installed when it is wrong. Its path and that of this program are written down as they are now: whoever moves one of them installs the service anew.

The service runs as the user who owns the configuration file, or as --user. Installing takes the rights of an administrator. It does not start the service: "sallyport service start" does.`,
  examples: [
    {
      line: "service install --config /etc/sallyport.yml",
      does: "runs as the owner of that file",
    },
    { line: "service install --config sallyport.yml --print", does: "only shows what it would do" },
  ],
  flags: [
    {
      name: "config",
      value: "path",
      summary: "the configuration file of the service",
      repeats: true,
    },
    {
      name: "user",
      value: "name",
      summary: "whose process it is; without it that of the owner of the configuration file",
    },
    {
      name: "print",
      value: "bool",
      summary: "show files and commands, and do nothing",
      isSwitch: true,
      choices: ["true", "false"],
    },
  ],
  async run(cli, input) {
    const { installService } = await import("../service/control.ts");
    await installService(cli, {
      configs: input.all("config"),
      user: input.flag("user"),
      printOnly: input.flag("print") === "true",
    });
    return 0;
  },
});

const run: Command = defineCommand({
  name: "service run",
  summary: "what the service itself runs",
  description:
    `Puts all of the configuration online until it is stopped, like "sallyport start --all", but listens to its configuration file alone, and writes its log to the operating system unless the file says otherwise. It ends with 5 when the file cannot be read.`,
  examples: [{ line: "service run --config /etc/sallyport.yml", does: "as the service does" }],
  flags: [{ name: "config", value: "path", summary: "the configuration file", repeats: true }],
  hidden: true,
  obeysConfig: true,
  logsTo: "service",
  async run(cli) {
    const { runService } = await import("../service/run.ts");
    return await runService(cli);
  },
});

/** Everything about the service. */
export const serviceCommand: Command = defineGroup({
  name: "service",
  summary: "run the agent as a service of this machine",
  description:
    `Runs the agent in the background, from boot on: as a service of systemd on Linux, of launchd on macOS, and of Windows. What these bring to look after services works too.

Warnings and errors of the service are in the journal, in syslog or in the event log, unless the configuration file names another log.`,
  examples: [
    { line: "service install --config /etc/sallyport.yml", does: "registers it" },
    { line: "service start", does: "starts it" },
    { line: "service status", does: "says how it is" },
  ],
  commands: [
    install,
    verb(
      "start",
      "start the service",
      "Starts the installed service, and says why when it does not stay up.",
      async (cli) => await (await import("../service/control.ts")).startService(cli),
    ),
    verb(
      "stop",
      "stop the service",
      "Stops the service until the next boot, or until it is started.",
      async (cli) => await (await import("../service/control.ts")).stopService(cli),
    ),
    verb(
      "restart",
      "stop the service and start it again",
      "Stops the service, if it runs, and starts it: it reads its configuration file again.",
      async (cli) => await (await import("../service/control.ts")).restartService(cli),
    ),
    verb(
      "status",
      "say how the service is",
      "Says whether the service is installed, with which program and configuration file, and whether it runs. The exit code is 0 when it does.",
      async (cli) => await (await import("../service/control.ts")).showService(cli),
    ),
    verb(
      "uninstall",
      "stop the service and remove it",
      "Stops the service and takes it from the service manager. The configuration file stays.",
      async (cli) => await (await import("../service/control.ts")).uninstallService(cli),
    ),
    run,
  ],
});

/**
 * `sallyport edge install`, `uninstall` and `status`: the edge as a service of systemd.
 *
 * @module
 */
import { type Command, defineCommand, defineFlag } from "../command.ts";

const UNITS_FLAG = defineFlag({
  name: "units",
  value: "folder",
  summary: "where systemd looks for units",
  fallback: "/etc/systemd/system",
});

const install: Command = defineCommand({
  name: "edge install",
  summary: "make the edge a service of systemd",
  description:
    `Checks the configuration file, and writes a unit that runs the edge without root: it may listen at ports below 1024, write to its own folder, and little else. Secrets belong into /etc/sallyport/edge.env, which the unit reads: SALLYPORT_MASTER_KEY=… and the like.`,
  examples: [
    { line: "edge install --config /etc/sallyport/edge.yml", does: "writes the unit" },
    { line: "edge install --config edge.yml --print=true", does: "only shows it" },
  ],
  flags: [
    {
      name: "config",
      value: "file",
      summary: "the configuration file of the edge",
      fallback: "/etc/sallyport/edge.yml",
      env: ["SALLYPORT_EDGE_CONFIG"],
    },
    {
      name: "user",
      value: "name",
      summary: "whose process it is; without it systemd makes up a user while the edge runs",
    },
    {
      name: "print",
      value: "yes or no",
      summary: "print the unit in place of writing it",
      choices: ["true", "false"],
      fallback: "false",
      isSwitch: true,
    },
    UNITS_FLAG,
  ],
  async run(cli, input) {
    const { installEdge } = await import("../edge_service.ts");
    await installEdge(cli, {
      config: input.flag("config") ?? "",
      user: input.flag("user"),
      folder: input.flag("units") ?? "",
      printOnly: input.flag("print") === "true",
    });
    return 0;
  },
});

const uninstall: Command = defineCommand({
  name: "edge uninstall",
  summary: "stop the service and remove it",
  description:
    `Stops the service that "sallyport edge install" made, and removes its unit. The data folder, with accounts, keys and certificates, stays.`,
  examples: [{ line: "edge uninstall", does: "removes the unit" }],
  flags: [UNITS_FLAG],
  async run(cli, input) {
    const { uninstallEdge } = await import("../edge_service.ts");
    await uninstallEdge(cli, input.flag("units") ?? "");
    return 0;
  },
});

const status: Command = defineCommand({
  name: "edge status",
  summary: "say whether the service runs",
  description:
    `Says whether the edge is installed as a service, and runs. The exit code is 0 when it does.`,
  examples: [{ line: "edge status", does: "says how the service is" }],
  flags: [UNITS_FLAG],
  async run(cli, input) {
    const { edgeStatus } = await import("../edge_service.ts");
    return await edgeStatus(cli, input.flag("units") ?? "");
  },
});

/** All of them. */
export const SERVICE_COMMANDS: readonly Command[] = [install, uninstall, status];

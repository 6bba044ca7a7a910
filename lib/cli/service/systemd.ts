/**
 * The agent as a service of systemd.
 *
 * @module
 */
import type { Host } from "../../runtime/host.ts";
import { serviceArguments, type ServiceFacts, type ServiceManager } from "./manager.ts";
import { serviceFolder } from "./service_folder.ts";
import { denoCache, hardening, quoteUnitWord, readUnitWords } from "./unit_parts.ts";

/** What the unit is called. */
export const AGENT_UNIT = "sallyport.service";

/** Where the unit lies. */
export const AGENT_UNIT_PATH = `/etc/systemd/system/${AGENT_UNIT}`;

/**
 * Writes the unit.
 *
 * @param facts what it is made of
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatAgentUnit } from "./systemd.ts";
 *
 * const unit = formatAgentUnit({
 *   program: ["/usr/local/bin/sallyport"],
 *   configs: ["/etc/sallyport.yml"],
 *   user: "me",
 *   writes: [],
 *   usesTmp: false,
 * });
 * assert.match(unit, /^ExecStart=\S+ service run --config \/etc\/sallyport\.yml$/m);
 * ```
 */
export function formatAgentUnit({ program, configs, user, writes, usesTmp }: ServiceFacts): string {
  const start = [...program, ...serviceArguments(configs)].map(quoteUnitWord).join(" ");
  const folder = serviceFolder(configs[0]);
  return `# Written by "sallyport service install". Changes belong into "systemctl edit ${AGENT_UNIT}".
[Unit]
Description=Sallyport agent
After=network-online.target
Wants=network-online.target
# However often it falls, it is started again.
StartLimitIntervalSec=0

[Service]
Type=simple
ExecStart=${start}
Restart=always
RestartSec=5s
# The agent finishes what is under way for 8 s; a second signal would cut that.
TimeoutStopSec=15s
KillMode=mixed
# Whose the configuration is, so that it can be read.
${user === undefined ? "" : `User=${user}\n`}# Paths in the configuration start here.
WorkingDirectory=${folder.replaceAll("%", "%%")}
SyslogIdentifier=sallyport
LimitNOFILE=1048576
${writes.map((one) => `ReadWritePaths=-${quoteUnitWord(one)}\n`).join("")}${
    denoCache(program, "sallyport")
  }
# Sockets, files that are read, and nothing else.
${
    hardening({
      capabilities: [],
      homes: "read-only",
      ownTmp: !usesTmp,
      families: ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"],
    })
  }
[Install]
WantedBy=multi-user.target
`;
}

/** systemd. */
export const systemd: ServiceManager = {
  name: "systemd",
  service: AGENT_UNIT,
  logHint: `journalctl -u ${AGENT_UNIT}`,
  install: (facts) => ({
    files: [{ path: AGENT_UNIT_PATH, text: formatAgentUnit(facts) }],
    commands: [["systemctl", "daemon-reload"], ["systemctl", "enable", AGENT_UNIT]],
  }),
  uninstall: [["systemctl", "disable", AGENT_UNIT]],
  leftovers: [AGENT_UNIT_PATH],
  afterwards: [["systemctl", "daemon-reload"]],
  start: [["systemctl", "start", AGENT_UNIT]],
  stop: [["systemctl", "stop", AGENT_UNIT]],
  async readLine({ files }: Host) {
    if (await files.stat(AGENT_UNIT_PATH) === undefined) return undefined;
    const line = /^ExecStart=(.*)$/m.exec(await files.readText(AGENT_UNIT_PATH));
    return readUnitWords(line?.[1] ?? "");
  },
  ask: [
    "systemctl",
    "show",
    AGENT_UNIT,
    "--property=ActiveState,SubState,ExecMainStatus",
  ],
  readState({ output }) {
    const value = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(output)?.[1] ?? "";
    const state = value("ActiveState");
    return {
      isRunning: state === "active",
      words: state === "" ? "unknown" : `${state} (${value("SubState")})`,
      exitCode: Number(value("ExecMainStatus")) || 0,
    };
  },
};

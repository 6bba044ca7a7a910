/**
 * The systemd unit of an edge: no root, no more of the machine than it needs, restarted when it
 * falls. `edge_service.ts` writes it where systemd looks.
 *
 * @module
 */
import type { Address } from "../runtime/net.ts";
import { denoCache, hardening, quoteUnitWord } from "./service/unit_parts.ts";

/** What the unit depends on. */
export interface UnitOptions {
  /** The command line that starts the program, up to its own arguments. */
  readonly program: readonly string[];
  /** The configuration file, as an absolute path. */
  readonly config: string;
  /** The folder of the file's own choice; without it systemd gives the edge one, /var/lib/sallyport. */
  readonly dataDir: string | undefined;
  /** Whose process it is; without it systemd makes up a user while the edge runs. */
  readonly user: string | undefined;
  /** The access log, when it is a file. */
  readonly accessLog: string | undefined;
  /** Whether systemd holds its sockets. @default {false} */
  readonly hasSockets?: boolean;
}

/** What the unit is called. */
export const UNIT_NAME = "sallyport-edge.service";

/** What the unit of its sockets is called. */
export const SOCKET_NAME = "sallyport-edge.socket";

/**
 * Writes the unit of the sockets: systemd holds them while one edge follows another, so that nobody
 * is refused meanwhile.
 *
 * @param places where the doors are; none is no unit
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatSocketUnit } from "./systemd_unit.ts";
 *
 * assert.match(formatSocketUnit([{ host: "", port: 443 }])!, /^ListenStream=443$/m);
 * ```
 */
export function formatSocketUnit(places: readonly Address[]): string | undefined {
  const lines = places.filter(({ host, port }) => port !== 0 && /^([\d.]*|.*:.*)$/.test(host))
    .map(({ host, port }) =>
      host === "" ? port : host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`
    );
  if (lines.length === 0) return undefined;
  return `# Written by "sallyport edge install".
[Unit]
Description=Doors of the Sallyport edge

[Socket]
${[...new Set(lines)].map((line) => `ListenStream=${line}\n`).join("")}Backlog=4096

[Install]
WantedBy=sockets.target
`;
}

/**
 * Writes the unit.
 *
 * @param options what it depends on
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatUnit } from "./systemd_unit.ts";
 *
 * const unit = formatUnit({
 *   program: ["/usr/local/bin/sallyport"],
 *   config: "/etc/sallyport/edge.yml",
 *   dataDir: undefined,
 *   user: undefined,
 *   accessLog: undefined,
 * });
 * assert.match(unit, /^ExecStart=\/usr\/local\/bin\/sallyport edge --config/m);
 * assert.match(unit, /^DynamicUser=yes$/m);
 * ```
 */
export function formatUnit(options: UnitOptions): string {
  const { program, config, dataDir, user, accessLog, hasSockets = false } = options;
  const start = [...program, "edge", "--config", config].map(quoteUnitWord).join(" ");
  const folders = [dataDir, accessLog?.replace(/\/[^/]*$/, "")].filter((one) => one !== undefined);
  return `# Written by "sallyport edge install". Changes belong into "systemctl edit ${UNIT_NAME}".
[Unit]
Description=Sallyport edge
After=network-online.target
Wants=network-online.target

[Service]
Type=simple
${hasSockets ? `Sockets=${SOCKET_NAME}\n` : ""}ExecStart=${start}
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=100ms
# The edge finishes what is under way for 8 s; a second signal would cut that.
TimeoutStopSec=15s
KillMode=mixed
# Secrets such as SALLYPORT_MASTER_KEY; read by systemd as root, so the file may be root's alone.
EnvironmentFile=-/etc/sallyport/edge.env
${dataDir === undefined ? "Environment=SALLYPORT_EDGE_DATA=/var/lib/sallyport\n" : ""}${
    user === undefined ? "DynamicUser=yes" : `User=${user}`
  }
${denoCache(program, "sallyport-edge")}StateDirectory=sallyport
StateDirectoryMode=0700
${folders.map((folder) => `ReadWritePaths=${quoteUnitWord(folder)}\n`).join("")}WorkingDirectory=/
LimitNOFILE=1048576

# Ports 80 and 443, and nothing else of what root may do.
${
    hardening({
      capabilities: ["CAP_NET_BIND_SERVICE"],
      homes: "none",
      ownTmp: true,
      // Netlink: whoever listens at every address asks the system for them.
      families: ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"],
    })
  }
[Install]
WantedBy=multi-user.target
`;
}

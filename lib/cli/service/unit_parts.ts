/**
 * What the units of the edge and of the agent have in common: how a word is written, and what a
 * process that only has sockets to open need not be allowed.
 *
 * @module
 */

/** What a unit still allows. */
export interface HardeningOptions {
  /** The capabilities of root that are left. */
  readonly capabilities: readonly string[];
  /** What it sees of the folders of users. */
  readonly homes: "none" | "read-only";
  /** Whether it has a /tmp of its own. */
  readonly ownTmp: boolean;
  /** The kinds of socket. */
  readonly families: readonly string[];
}

/**
 * The lines of `[Service]` that take away what is not needed (systemd.exec(5)).
 *
 * @param options what is left
 */
export function hardening(options: HardeningOptions): string {
  const capabilities = options.capabilities.join(" ");
  const ambient = capabilities === "" ? "" : `AmbientCapabilities=${capabilities}\n`;
  return `${ambient}CapabilityBoundingSet=${capabilities}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=${options.homes === "none" ? "yes" : "read-only"}
PrivateTmp=${options.ownTmp ? "yes" : "no"}
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes
RestrictAddressFamilies=${options.families.join(" ")}
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UMask=0077
`;
}

/**
 * The lines that give Deno a folder for what it downloads and compiles: a home that can only be read
 * is none. Empty for a program that is compiled, and for other runtimes.
 *
 * @param program the words that start the program
 * @param name of the folder below /var/cache
 */
export function denoCache(program: readonly string[], name: string): string {
  if (program[1] !== "run") return "";
  return `CacheDirectory=${name}\nEnvironment=DENO_DIR=/var/cache/${name}\n`;
}

/**
 * A word of a command line or a path: systemd splits at blanks, and takes % and $ for its own.
 *
 * @param word as it is meant
 */
export function quoteUnitWord(word: string): string {
  const escaped = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /[\s"'\\;]/.test(word)
    ? `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`
    : escaped;
}

/**
 * The words of a command line of a unit.
 *
 * @param line what stands behind `ExecStart=`
 */
export function readUnitWords(line: string): readonly string[] {
  const words = line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  return words.map((word) => {
    const plain = word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, "$1") : word;
    return plain.replaceAll("%%", "%").replaceAll("$$", "$");
  });
}

/**
 * The agent as a service of launchd: a daemon of the system, started at boot.
 *
 * @module
 */
import type { Host } from "../../runtime/host.ts";
import { serviceArguments, type ServiceFacts, type ServiceManager } from "./manager.ts";
import { serviceFolder } from "./service_folder.ts";

/** What launchd calls it. */
export const AGENT_LABEL = "com.sallyport.agent";

/** Where its property list lies. */
export const AGENT_PLIST_PATH = `/Library/LaunchDaemons/${AGENT_LABEL}.plist`;

/**
 * Writes the property list (launchd.plist(5)).
 *
 * @param facts what it is made of
 */
export function formatPlist({ program, configs, user }: ServiceFacts): string {
  const words = [...program, ...serviceArguments(configs)];
  const folder = serviceFolder(configs[0]);
  const owner = user === undefined ? "" : `  <key>UserName</key>
  <string>${escapeXml(user)}</string>
`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${AGENT_LABEL}</string>
  <key>ProgramArguments</key>
  <array>
${words.map((word) => `    <string>${escapeXml(word)}</string>`).join("\n")}
  </array>
${owner}  <key>WorkingDirectory</key>
  <string>${escapeXml(folder)}</string>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
  <key>ThrottleInterval</key>
  <integer>5</integer>
  <key>ExitTimeOut</key>
  <integer>15</integer>
  <key>ProcessType</key>
  <string>Interactive</string>
  <key>Umask</key>
  <integer>63</integer>
  <key>SoftResourceLimits</key>
  <dict>
    <key>NumberOfFiles</key>
    <integer>65536</integer>
  </dict>
  <key>HardResourceLimits</key>
  <dict>
    <key>NumberOfFiles</key>
    <integer>65536</integer>
  </dict>
</dict>
</plist>
`;
}

/** launchd. Loading a daemon starts it, so it is loaded when it is started. */
export const launchd: ServiceManager = {
  name: "launchd",
  service: AGENT_LABEL,
  logHint: `log show --last 1h --predicate 'process == "logger"' | grep sallyport`,
  install: (facts) => ({
    files: [{ path: AGENT_PLIST_PATH, text: formatPlist(facts) }],
    commands: [["launchctl", "enable", `system/${AGENT_LABEL}`]],
  }),
  uninstall: [],
  leftovers: [AGENT_PLIST_PATH],
  afterwards: [],
  start: [["launchctl", "bootstrap", "system", AGENT_PLIST_PATH]],
  stop: [["launchctl", "bootout", `system/${AGENT_LABEL}`]],
  async readLine({ files }: Host) {
    if (await files.stat(AGENT_PLIST_PATH) === undefined) return undefined;
    const list = /<array>(.*?)<\/array>/s.exec(await files.readText(AGENT_PLIST_PATH));
    return [...(list?.[1] ?? "").matchAll(/<string>(.*?)<\/string>/gs)]
      .map(([, word]) => unescapeXml(word));
  },
  ask: ["launchctl", "print", `system/${AGENT_LABEL}`],
  readState({ code, output }) {
    // It is not loaded: 113, "Could not find service".
    if (code !== 0) return { isRunning: false, words: "not running", exitCode: 0 };
    const state = /^\s*state = (.+)$/m.exec(output)?.[1].trim() ?? "unknown";
    const before = /^\s*last exit code = (\d+)/m.exec(output)?.[1];
    return { isRunning: state === "running", words: state, exitCode: Number(before ?? 0) };
  },
};

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function unescapeXml(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

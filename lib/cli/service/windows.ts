/**
 * The agent as a service of Windows.
 *
 * @module
 */
import type { Host } from "../../runtime/host.ts";
import { serviceArguments, type ServiceFacts, type ServiceManager, type Words } from "./manager.ts";
import { runTool } from "./run_tool.ts";
import { WINDOWS_HOST_SOURCE } from "./windows_host.ts";

/** What Windows calls it. */
export const WINDOWS_SERVICE = "sallyport";

/** The key under which the event log knows who writes. */
const EVENT_SOURCE =
  `HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\${WINDOWS_SERVICE}`;

/** Windows, after a fall: how long it waits, and when it forgets earlier falls. */
const RESTART_MS = 5_000;
const FORGET_S = 86_400;

/**
 * The command line of the service: Windows stores one string, the host takes it apart again.
 *
 * @param words each as it is meant
 */
export function joinWindowsWords(words: Words): string {
  return words.map((word) => {
    if (word !== "" && !/[\s"]/.test(word)) return word;
    // CommandLineToArgvW: backslashes count only before a quote.
    return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, "$&$&")}"`;
  }).join(" ");
}

/**
 * Takes a command line apart.
 *
 * @param line as Windows stores it
 */
export function splitWindowsLine(line: string): Words {
  const words = line.match(/(?:"(?:\\.|[^"\\])*"|\S)+/g) ?? [];
  return words.map((word) =>
    word.startsWith('"') ? word.slice(1, -1).replaceAll('\\"', '"').replace(/\\\\$/, "\\") : word
  );
}

/**
 * Windows' own.
 *
 * @param host the machine: where programs and the compiler lie
 */
export function windowsServices(host: Host): ServiceManager {
  // Only administrators write there, so nobody else can put a program in this one's place.
  const folder = `${host.env("ProgramFiles") ?? "C:\\Program Files"}\\Sallyport\\service`;
  const source = `${folder}\\sallyport-service.cs`;
  const program = `${folder}\\sallyport-service.exe`;
  const system = host.env("SystemRoot") ?? "C:\\Windows";
  const compiler = `${system}\\Microsoft.NET\\Framework64\\v4.0.30319\\csc.exe`;
  const create = ({ program: agent, configs, user }: ServiceFacts): Words => [
    "sc.exe",
    "create",
    WINDOWS_SERVICE,
    "binPath=",
    joinWindowsWords([program, ...agent, ...serviceArguments(configs)]),
    "start=",
    "auto",
    "DisplayName=",
    "Sallyport agent",
    ...user === undefined ? [] : ["obj=", user],
  ];
  const again = Array.from({ length: 3 }, () => `restart/${RESTART_MS}`).join("/");
  return {
    name: "Windows",
    service: WINDOWS_SERVICE,
    logHint: "the Application log of the Event Viewer, source sallyport",
    install: (facts) => ({
      files: [{ path: source, text: WINDOWS_HOST_SOURCE }],
      commands: [
        [
          compiler,
          "/nologo",
          "/optimize+",
          "/target:exe",
          "/reference:System.ServiceProcess.dll",
          `/out:${program}`,
          source,
        ],
        create(facts),
        [
          "sc.exe",
          "description",
          WINDOWS_SERVICE,
          "Puts services of this machine on public URLs",
        ],
        ["sc.exe", "failure", WINDOWS_SERVICE, "reset=", String(FORGET_S), "actions=", again],
        ["sc.exe", "failureflag", WINDOWS_SERVICE, "1"],
        [
          "eventcreate.exe",
          "/L",
          "APPLICATION",
          "/SO",
          WINDOWS_SERVICE,
          "/T",
          "INFORMATION",
          "/ID",
          "1",
          "/D",
          "The Sallyport agent was installed as a service",
        ],
      ],
    }),
    uninstall: [
      ["sc.exe", "delete", WINDOWS_SERVICE],
      ["reg.exe", "delete", EVENT_SOURCE, "/f"],
    ],
    leftovers: [folder],
    afterwards: [],
    start: [["net.exe", "start", WINDOWS_SERVICE]],
    stop: [["net.exe", "stop", WINDOWS_SERVICE]],
    async readLine(machine) {
      const { code, output } = await runTool(machine, ["sc.exe", "qc", WINDOWS_SERVICE, "8192"]);
      if (code !== 0) return undefined;
      const line = /BINARY_PATH_NAME\s*:\s*(.+)/.exec(output)?.[1].trim();
      // The first word is the host of the service, the agent comes after it.
      return splitWindowsLine(line ?? "").slice(1);
    },
    ask: ["sc.exe", "query", WINDOWS_SERVICE],
    readState({ output }) {
      const state = /:\s*\d+\s+(STOPPED|START_PENDING|STOP_PENDING|RUNNING|PAUSED)\b/.exec(output)
        ?.[1];
      const exitCode = Number(/WIN32_EXIT_CODE\s*:\s*(\d+)/.exec(output)?.[1] ?? 0);
      // 1077: it was never started.
      return {
        isRunning: state === "RUNNING",
        words: (state ?? "unknown").toLowerCase().replace("_", " "),
        exitCode: exitCode === 1077 ? 0 : exitCode,
      };
    },
  };
}

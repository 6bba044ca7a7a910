/**
 * A machine in memory with a service manager: systemctl, launchctl or sc.exe and net.exe, as far as the
 * agent uses them, with answers as those tools word them. Tests of `lib/cli/service/` call it.
 *
 * @module
 */
import { FakeClock, type Timer } from "../../lib/base/clock.ts";
import { TunnelError } from "../../lib/base/errors.ts";
import type { Host, RunResult } from "../../lib/runtime/host.ts";
import { type MemoryRuntime, memoryRuntime } from "../../lib/runtime/memory.ts";

/** A configuration that a service can be run by. */
export const SERVICE_CONFIG = `version: 3
agent: {connect_url: "edge.test:443", authtoken: secret-of-the-service}
endpoints:
- {name: web, upstream: {url: 8080}}
- {name: api, upstream: {url: 8081}}
- {name: ssh, url: "tcp://", upstream: {url: "tcp://localhost:22"}}
`;

/** What the machine does. */
export interface ServiceMachineOptions {
  /** Its operating system. */
  readonly os: Host["os"];
  /** The command line. */
  readonly args: readonly string[];
  /** Its files. */
  readonly files?: Readonly<Record<string, string>>;
  /** Whether the caller is no administrator. */
  readonly isGuest?: boolean;
  /** The exit code with which the service ends at once. @default it stays */
  readonly exitCode?: number;
  /** What it starts with. @default not installed */
  readonly state?: ServiceMachineState;
}

/** What a service manager remembers. */
export interface ServiceMachineState {
  /** Whether the service runs. */
  isRunning: boolean;
  /** What Windows runs as the service. */
  binPath: string | undefined;
}

/** Time that is over as soon as somebody waits for it. */
class HurriedClock extends FakeClock {
  override after(delayMs: number, run: () => void): Timer {
    const timer = super.after(delayMs, run);
    void Promise.resolve().then(() => this.advance(delayMs));
    return timer;
  }
}

/** Makes one. */
export function serviceMachine(options: ServiceMachineOptions): {
  readonly runtime: MemoryRuntime;
  readonly ran: string[];
  readonly state: ServiceMachineState;
} {
  const { os, args, files = {}, isGuest = false, exitCode = 0 } = options;
  const state = options.state ?? { isRunning: false, binPath: undefined };
  const ran: string[] = [];
  const answer = (code: number, output = ""): Promise<RunResult> =>
    Promise.resolve({ code, output });
  const denied = {
    systemctl: "Failed to start sallyport.service: Access denied\n",
    launchctl: "Bootstrap failed: 1: Operation not permitted\n",
    "sc.exe": "[SC] OpenSCManager FAILED 5:\n\nAccess is denied.\n",
    "net.exe": "System error 5 has occurred.\n\nAccess is denied.\n",
  };

  function run(program: string, words: readonly string[]): Promise<RunResult> {
    const line = [program, ...words].join(" ");
    ran.push(line);
    if (program === "stat") return answer(0, "me\n");
    if (/^systemctl show|^launchctl print|^sc\.exe query/.test(line)) return ask(program);
    if (line.startsWith("sc.exe qc")) {
      if (state.binPath === undefined) return answer(1060, "[SC] OpenService FAILED 1060:\n");
      return answer(0, `        BINARY_PATH_NAME   : ${state.binPath}\n`);
    }
    if (isGuest) return answer(1, denied[program as keyof typeof denied] ?? "");
    if (words[0] === "create") state.binPath = words[3];
    if (words[0] === "delete" && program === "sc.exe") state.binPath = undefined;
    if (words[0] === "start" || words[0] === "bootstrap") state.isRunning = exitCode === 0;
    if (words[0] === "stop" || words[0] === "bootout") state.isRunning = false;
    const known = ["systemctl", "launchctl", "sc.exe", "net.exe", "reg.exe", "eventcreate.exe"];
    if (known.includes(program) || program.endsWith("csc.exe")) return answer(0);
    return Promise.reject(
      new TunnelError("not_found", `Cannot run "${program}": there is no such program`),
    );
  }

  function ask(program: string): Promise<RunResult> {
    const { isRunning } = state;
    if (program === "systemctl") {
      const words = isRunning
        ? ["active", "running"]
        : exitCode > 0
        ? ["activating", "auto-restart"]
        : ["inactive", "dead"];
      return answer(
        0,
        `ActiveState=${words[0]}\nSubState=${words[1]}\nExecMainStatus=${
          isRunning ? 0 : exitCode
        }\n`,
      );
    }
    if (program === "launchctl") {
      if (!isRunning && exitCode === 0) return answer(113, "Could not find service\n");
      const how = isRunning ? "running" : "spawn scheduled";
      return answer(0, `\tstate = ${how}\n\n\tlast exit code = ${exitCode}: Input/output error\n`);
    }
    const how = isRunning ? "4  RUNNING" : "1  STOPPED";
    return answer(
      0,
      `        STATE              : ${how}\n        WIN32_EXIT_CODE    : ${exitCode}  (0x${exitCode})\n`,
    );
  }

  const runtime = memoryRuntime({
    clock: new HurriedClock(),
    host: { os, args, files, run, cwd: os === "windows" ? "C:\\work" : "/work" },
  });
  if (isGuest) {
    const write = runtime.host.files.write.bind(runtime.host.files);
    runtime.host.files.write = (path, data) => {
      if (!/^\/etc|^\/Library|Program Files/.test(path)) return write(path, data);
      return Promise.reject(
        new TunnelError("permission_denied", `Cannot write "${path}": permission denied`),
      );
    };
  }
  return { runtime, ran, state };
}

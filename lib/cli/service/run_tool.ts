/**
 * Runs the tools that services are managed with: systemctl, launchctl, sc.exe. What they refuse
 * becomes a sentence that says what to do.
 *
 * @module
 */
import { TunnelError } from "../../base/errors.ts";
import type { Host, RunResult } from "../../runtime/host.ts";

/** How long a tool may take. */
const TOOL_MS = 60_000;

/** How the tools of the three systems say that only an administrator may do that. */
const DENIED =
  /access is denied|access denied|authentication (?:is )?required|permission denied|not permitted|not privileged|FAILED 5:|system error 5\b|must be root/i;

/** How systemctl says that there is no systemd to talk to. */
const NOT_BOOTED = /has not been booted with systemd|failed to connect to bus/i;

/**
 * Runs a tool, whatever it answers.
 *
 * @param host the machine
 * @param words its name and its arguments
 * @throws {TunnelError} not_found where there is no such tool; timed_out, permission_denied, io_failed
 */
export async function runTool(host: Host, words: readonly string[]): Promise<RunResult> {
  const [program, ...args] = words;
  // Its words are read: they must not be those of the user's language.
  return await host.run(program, args, { timeoutMs: TOOL_MS, env: { LC_ALL: "C" } });
}

/**
 * Runs a tool that must succeed.
 *
 * @param host the machine
 * @param words its name and its arguments
 * @param doing what is being done, to begin the sentence: `Cannot start the service`
 * @throws {TunnelError} permission_denied with what to do; refused with what the tool said
 */
export async function mustRun(host: Host, words: readonly string[], doing: string): Promise<void> {
  const { code, output } = await runTool(host, words);
  if (code === 0) return;
  const said = output.trim().split(/\r?\n/).map((line) => line.trim()).filter((line) =>
    line !== ""
  );
  if (DENIED.test(output)) throw needsAdministrator(host, doing, words.join(" "));
  if (NOT_BOOTED.test(output)) {
    throw new TunnelError(
      "refused",
      `${doing}: systemd does not run on this machine, so it has no services; ` +
        `run "sallyport start --all" by what starts programs here`,
    );
  }
  throw new TunnelError(
    "refused",
    `${doing}: "${words.join(" ")}" ended with code ${code}` +
      (said.length > 0 ? `: ${said.slice(-3).join("; ")}` : ""),
  );
}

/**
 * The error of somebody who is no administrator.
 *
 * @param host the machine
 * @param doing what is being done
 * @param what was not allowed
 */
export function needsAdministrator(host: Host, doing: string, what: string): TunnelError {
  const advice = host.os === "windows"
    ? 'open a terminal by "Run as administrator" and repeat the command there'
    : `repeat the command with sudo: sudo sallyport ${host.args.join(" ")}`;
  return new TunnelError(
    "permission_denied",
    `${doing}: "${what}" needs the rights of an administrator; ${advice}`,
  );
}

/**
 * Where the log of a service goes when its configuration does not say: to the operating system. Lines
 * on standard error that begin with their severity are for the journal of systemd (sd-daemon(3)) and
 * for the host of a service of Windows; on macOS, where nobody reads standard error, warnings and
 * errors go to syslog by logger(1). `log.ts` calls it.
 *
 * @module
 */
import type { LogLevel } from "../../base/log.ts";
import type { Host } from "../../runtime/host.ts";

/** The severities of syslog (RFC 5424, 6.2.1). */
const SEVERITY: Readonly<Record<LogLevel, number>> = {
  debug: 7,
  info: 6,
  warn: 4,
  error: 3,
  crit: 2,
};

/** What logger(1) calls those that are worth a line in syslog. */
const SYSLOG_NAMES: Readonly<Partial<Record<LogLevel, string>>> = {
  warn: "daemon.warning",
  error: "daemon.err",
  crit: "daemon.crit",
};

/** Lines that may wait for logger(1); what comes on top is dropped. */
const MAX_WAITING = 500;

const LOGGER_MS = 10_000;

/** A log of the operating system. */
export interface ServiceSink {
  /** Writes a line that ends with its line end. */
  write(line: string, level: LogLevel): void;
  /** Settles when all of it is there. */
  close(): Promise<void>;
}

/**
 * Opens the log of the operating system.
 *
 * @param host the machine
 */
export function openServiceSink(host: Host): ServiceSink {
  if (host.os === "darwin") return openSyslog(host);
  return {
    write: (line, level) =>
      host.stderr.write(host.stderr.isTty ? line : `<${SEVERITY[level]}>${line}`),
    close: () => host.stderr.flush(),
  };
}

function openSyslog(host: Host): ServiceSink {
  let last = Promise.resolve();
  let waiting = 0;

  async function send(line: string, name: string): Promise<void> {
    try {
      const words = ["-p", name, "-t", "sallyport", line.trimEnd()];
      await host.run("/usr/bin/logger", words, { timeoutMs: LOGGER_MS });
    } catch {
      host.stderr.write(line); // the last place there is
    }
    waiting--;
  }

  return {
    write(line, level) {
      const name = SYSLOG_NAMES[level];
      if (name === undefined || waiting >= MAX_WAITING) return;
      waiting++;
      last = last.then(() => send(line, name));
    },
    close: () => last,
  };
}

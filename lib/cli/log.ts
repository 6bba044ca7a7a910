/**
 * Where log lines go: nowhere, standard output, standard error or a file. `main.ts` opens the log
 * before a command runs and closes it after.
 *
 * @module
 */
import { encodeText } from "../base/bytes.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import { type LogFields, type Logger, type LogLevel, silentLogger } from "../base/log.ts";
import type { Output, Runtime } from "../runtime/host.ts";
import {
  formatJson,
  formatLogfmt,
  formatTerm,
  LOG_LEVELS,
  type LogFormat,
  type LogRecord,
} from "./log_line.ts";
import { openServiceSink } from "./service/service_log.ts";
import type { Secrets } from "./secrets.ts";

/** What the user chose. */
export interface LogOptions {
  /** `false`, `stdout`, `stderr`, or the path of a file. */
  readonly destination: string;
  /** How lines look. */
  readonly format: LogFormat;
  /** Lines below are dropped. */
  readonly level: LogLevel;
  /** Whether lines go to the operating system's log instead of the destination. @default {false} */
  readonly forService?: boolean;
}

/** A log that is open. */
export interface OpenLog {
  /** Writes to it. */
  readonly logger: Logger;
  /** Writes what is still held. */
  close(): Promise<void>;
}

/** Bytes of lines that may wait for a slow disk or reader; what comes on top is counted and dropped. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/**
 * Opens a log. A file that cannot be written is found out here, not at the first line.
 *
 * @param runtime the machine
 * @param options where, how and how much
 * @param secrets what never shows
 * @throws {TunnelError} permission_denied, not_found, io_failed when the file cannot be written
 */
export async function openLog(
  runtime: Runtime,
  options: LogOptions,
  secrets: Secrets,
): Promise<OpenLog> {
  const { host, clock } = runtime;
  const isNowhere = options.destination === "false" || options.destination === "";
  if (isNowhere && !options.forService) {
    return { logger: silentLogger, close: () => Promise.resolve() };
  }
  const output = options.forService
    ? undefined
    : options.destination === "stdout"
    ? host.stdout
    : options.destination === "stderr"
    ? host.stderr
    : undefined;
  const print = printer(options.format, output, host.env("NO_COLOR") === undefined);
  const sayDropped = (count: number) =>
    print({ atMs: clock.now(), level: "warn", message: "log lines dropped", fields: { count } });
  const sink = options.forService
    ? openServiceSink(host)
    : output
    ? openOutput(output, sayDropped)
    : await openFile(runtime, options.destination, sayDropped);
  const least = LOG_LEVELS.indexOf(options.level);
  const logger = new LineLogger({
    accepts: (level) => LOG_LEVELS.indexOf(level) >= least,
    // One write per line, line end included: lines never interleave.
    write: (record) =>
      sink.write(secrets.hide(print({ ...record, atMs: clock.now() })) + "\n", record.level),
  }, {});
  return { logger, close: () => sink.close() };
}

function printer(format: LogFormat, output: Output | undefined, colour: boolean) {
  if (format === "json") return formatJson;
  if (format === "term" && output?.isTty) {
    return (record: LogRecord) => formatTerm(record, colour);
  }
  return formatLogfmt;
}

interface Sink {
  accepts(level: LogLevel): boolean;
  write(record: Omit<LogRecord, "atMs">): void;
}

class LineLogger implements Logger {
  readonly #sink: Sink;
  readonly #fields: LogFields;

  constructor(sink: Sink, fields: LogFields) {
    this.#sink = sink;
    this.#fields = fields;
  }

  log(level: LogLevel, message: string, fields?: LogFields): void {
    if (!this.#sink.accepts(level)) return;
    this.#sink.write({
      level,
      message,
      fields: { ...this.#fields, ...fields },
    });
  }

  child(fields: LogFields): Logger {
    return new LineLogger(this.#sink, { ...this.#fields, ...fields });
  }
}

/** Lines below this many bytes are not worth asking whether they have left. */
const FLUSH_BYTES = 64 * 1024;

/** An output that a reader may be slow to empty. */
function openOutput(output: Output, sayDropped: (count: number) => string) {
  let heldBytes = 0;
  let dropped = 0;
  let flushing = false;

  async function flush(): Promise<void> {
    flushing = true;
    await output.flush();
    flushing = false;
    heldBytes = 0;
    if (dropped > 0) output.write(sayDropped(dropped) + "\n");
    dropped = 0;
  }

  return {
    write(line: string): void {
      if (heldBytes > MAX_WAITING_BYTES) {
        dropped++;
        return;
      }
      heldBytes += line.length;
      output.write(line);
      if (heldBytes > FLUSH_BYTES && !flushing) void flush();
    },
    close: () => output.flush(),
  };
}

/** A file that lines are appended to, in order, many at a time when they come fast. */
async function openFile({ host }: Runtime, path: string, sayDropped: (count: number) => string) {
  try {
    await host.files.append(path, "");
  } catch (thrown) {
    const { code } = toTunnelError(thrown, "io_failed");
    throw new TunnelError(code, cannotWrite(path, thrown), { cause: thrown });
  }
  let waiting: string[] = [];
  let waitingBytes = 0;
  let dropped = 0;
  let complained = false;
  let writing: Promise<void> | undefined;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const lines = waiting.join("") +
        (dropped > 0 ? sayDropped(dropped) + "\n" : "");
      waiting = [];
      waitingBytes = 0;
      dropped = 0;
      try {
        await host.files.append(path, encodeText(lines));
      } catch (thrown) {
        // The log is gone; the tunnel is not. Say so once, where somebody may see it.
        if (!complained) {
          host.stderr.write(`ERROR:  ${cannotWrite(path, thrown)}\n`);
        }
        complained = true;
      }
    }
    writing = undefined;
  }

  return {
    write(line: string): void {
      if (waitingBytes > MAX_WAITING_BYTES) {
        dropped++;
        return;
      }
      waiting.push(line);
      waitingBytes += line.length;
      writing ??= drain();
    },
    async close(): Promise<void> {
      await writing;
    },
  };
}

/** One sentence: the reason without the path, which need not be named twice. */
function cannotWrite(path: string, thrown: unknown): string {
  const reason = toTunnelError(thrown, "io_failed").message.replace(/^.*": /, "");
  return `Cannot write the log file "${path}": ${reason}`;
}

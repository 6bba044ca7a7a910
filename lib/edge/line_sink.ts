/**
 * Where lines of a log go that are many: standard output, or the end of a file. Lines wait while the
 * ones before are written, within a bound; nobody waits for them. The access log writes to one.
 *
 * @module
 */
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Host } from "../runtime/host.ts";

/** Takes lines. */
export interface LineSink {
  /** Takes a line, its end included. Never throws, never waits. */
  write(line: string): void;
  /** Settles when all that was taken is written, as far as that is possible. */
  flush(): Promise<void>;
}

/** Characters that may wait for a slow disk or reader; what comes on top is counted and dropped. */
const MAX_WAITING = 4 * 1024 * 1024;

/** What opening takes. */
export interface LineSinkOptions {
  /** `stdout`, or the path of a file. */
  readonly to: string;
  /** The machine. */
  readonly host: Pick<Host, "files" | "stdout">;
  /** Hears of lines that are lost. */
  readonly logger: Logger;
}

/**
 * Opens a sink. A file is opened anew for each batch: once somebody has moved it away, the next
 * lines go to a new one at the old place.
 *
 * @param options where to
 * @throws {TunnelError} permission_denied, not_found, io_failed when the file cannot be written
 */
export async function openLineSink({ to, host, logger }: LineSinkOptions): Promise<LineSink> {
  if (to === "stdout") {
    const { stdout } = host;
    return new Sink(async (text) => {
      stdout.write(text);
      await stdout.flush();
    }, logger);
  }
  const append = (text: string) => host.files.append(to, text, { mode: 0o640 });
  try {
    await append("");
  } catch (thrown) {
    const { code, message } = toTunnelError(thrown);
    const reason = message.replace(/^.*": /, "");
    throw new TunnelError(code, `Cannot write the access log "${to}": ${reason}`, {
      cause: thrown,
    });
  }
  return new Sink(append, logger);
}

class Sink implements LineSink {
  readonly #send: (text: string) => Promise<void>;
  readonly #logger: Logger;
  #waiting: string[] = [];
  #size = 0;
  #lost = 0;
  #failing = false;
  #writing: Promise<void> | undefined;

  constructor(send: (text: string) => Promise<void>, logger: Logger) {
    this.#send = send;
    this.#logger = logger;
  }

  write(line: string): void {
    if (this.#size + line.length > MAX_WAITING) {
      this.#lost++;
      return;
    }
    this.#waiting.push(line);
    this.#size += line.length;
    this.#writing ??= this.#drain();
  }

  async flush(): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    // What one turn of the loop brings leaves together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      this.#size = 0;
      try {
        await this.#send(lines.join(""));
        this.#failing = false;
      } catch (thrown) {
        this.#lost += lines.length;
        const err = toTunnelError(thrown).message;
        if (!this.#failing) this.#logger.log("error", "access log was not written", { err });
        this.#failing = true;
      }
    }
    if (this.#lost > 0 && !this.#failing) {
      this.#logger.log("warn", "access log has gaps", { lines: this.#lost });
      this.#lost = 0;
    }
    this.#writing = undefined;
  }
}

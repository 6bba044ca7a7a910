/**
 * The official SDK in a process of its own, as a test drives it.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const DRIVER = fileURLToPath(
  new URL("../fakes/ngrok_sdk.mjs", import.meta.url),
);
const LIMIT_MS = 60_000;

/** A line the SDK's process printed. */
export type SdkLine = Record<string, unknown>;

/** What the SDK reports of a listener. */
export interface SdkListener {
  readonly id: string;
  readonly url: string;
  readonly proto: string;
}

/** The SDK, running. */
export class Sdk {
  readonly lines: SdkLine[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #waiting: {
    passes: (line: SdkLine) => boolean;
    resolve: (line: SdkLine) => void;
  }[] = [];
  #seq = 0;
  #stderr = "";

  private constructor() {
    const env = { ...process.env };
    for (const name of Object.keys(env)) {
      if (name.startsWith("NGROK_")) delete env[name];
    }
    this.#child = spawn("node", [DRIVER], {
      stdio: ["pipe", "pipe", "pipe"],
      env,
    });
    this.#exited = new Promise((resolve) => this.#child.once("close", () => resolve()));
    this.#child.stderr!.on("data", (data) => this.#stderr += data);
    createInterface({ input: this.#child.stdout! }).on("line", (text) => {
      const line = JSON.parse(text) as SdkLine;
      this.lines.push(line);
      this.#waiting = this.#waiting.filter((one) => {
        if (!one.passes(line)) return true;
        one.resolve(line);
        return false;
      });
    });
  }

  /** Starts the process. */
  static async start(): Promise<Sdk> {
    const sdk = new Sdk();
    await sdk.waitFor((line) => line.event === "ready");
    return sdk;
  }

  /** Waits for a line, also one that is there already when `fromIndex` says so. */
  waitFor(
    passes: (line: SdkLine) => boolean,
    fromIndex?: number,
  ): Promise<SdkLine> {
    if (fromIndex !== undefined) {
      const found = this.lines.slice(fromIndex).find(passes);
      if (found) return Promise.resolve(found);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () =>
          reject(
            new Error(
              `The SDK did not say it; it said ${JSON.stringify(this.lines)} ${this.#stderr}`,
            ),
          ),
        LIMIT_MS,
      );
      this.#waiting.push({
        passes,
        resolve: (line) => {
          clearTimeout(timer);
          resolve(line);
        },
      });
    });
  }

  /** Sends a command and waits for its answer, which may hold an `error`. */
  async ask(
    verb: string,
    args: Record<string, unknown> = {},
  ): Promise<SdkLine> {
    const seq = ++this.#seq;
    const answer = this.waitFor((line) => line.seq === seq);
    this.#child.stdin!.write(JSON.stringify({ seq, verb, ...args }) + "\n");
    return await answer;
  }

  /** Like {@linkcode ask}; an error in the answer is thrown. */
  async must(
    verb: string,
    args: Record<string, unknown> = {},
  ): Promise<SdkLine> {
    const answer = await this.ask(verb, args);
    if (answer.error) {
      throw new Error(`${verb}: ${answer.error} ${answer.errorCode ?? ""}`);
    }
    return answer;
  }

  /** Starts a listener that forwards to `to`. */
  async listen(
    kind: "http" | "tcp" | "tls",
    to: string,
    more: Record<string, unknown> = {},
  ): Promise<SdkListener> {
    return await this.must("listen", {
      kind,
      to,
      ...more,
    }) as unknown as SdkListener;
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    this.#child.stdin!.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 2_000);
    await this.#exited;
    clearTimeout(timer);
  }
}

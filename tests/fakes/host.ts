/**
 * A machine made of values: arguments, environment, files in memory, output that is kept, signals
 * that a test sends. For code of the command line.
 *
 * @module
 */
import { FakeClock } from "../../lib/base/clock.ts";
import type { Files, Host, Output, Runtime, SignalName } from "../../lib/runtime/host.ts";
import type { Net } from "../../lib/runtime/net.ts";
import { MemoryFiles } from "./files.ts";

/** What a {@linkcode FakeHost} is made of. */
export interface FakeHostOptions {
  /** The arguments after the program. @default {[]} */
  readonly args?: readonly string[];
  /** The environment. @default {{}} */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether a person looks at both outputs. @default {false} */
  readonly isTty?: boolean;
  /** The file system. @default a new one in memory */
  readonly files?: Files;
}

/** An output that keeps what is written. */
export class FakeOutput implements Output {
  /** Each text written, in order. */
  readonly writes: string[] = [];
  readonly columns = 80;
  readonly isTty: boolean;

  /** @param isTty whether a person is looking */
  constructor(isTty = false) {
    this.isTty = isTty;
  }

  /** All that was written. */
  get text(): string {
    return this.writes.join("");
  }

  write(text: string): void {
    this.writes.push(text);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }
}

/** A machine that a test looks into. */
export class FakeHost implements Host {
  readonly runtime = { name: "memory", version: "1.0.0" } as const;
  readonly os = "linux" as const;
  readonly arch = "amd64";
  readonly pid = 1;
  readonly args: readonly string[];
  readonly files: Files;
  readonly stdout: FakeOutput;
  readonly stderr: FakeOutput;
  /** How many holders keep the program alive. */
  held = 0;
  readonly #env: Readonly<Record<string, string>>;
  readonly #listeners: { name: SignalName; run: () => void }[] = [];

  /** @param options what it is made of */
  constructor(options: FakeHostOptions = {}) {
    this.args = options.args ?? [];
    this.#env = options.env ?? {};
    this.files = options.files ?? new MemoryFiles();
    this.stdout = new FakeOutput(options.isTty);
    this.stderr = new FakeOutput(options.isTty);
  }

  hostName(): string {
    return "testhost";
  }

  env(name: string): string | undefined {
    return this.#env[name] || undefined;
  }

  homeDir(): string {
    return "/home/test";
  }

  cwd(): string {
    return "/work";
  }

  onSignal(name: SignalName, run: () => void): () => void {
    const listener = { name, run };
    this.#listeners.push(listener);
    return () => {
      const at = this.#listeners.indexOf(listener);
      if (at >= 0) this.#listeners.splice(at, 1);
    };
  }

  /** How many listen to signals. */
  get listening(): number {
    return this.#listeners.length;
  }

  /** Sends a signal. */
  signal(name: SignalName): void {
    for (const listener of [...this.#listeners]) if (listener.name === name) listener.run();
  }

  exit(code: number): never {
    throw new Error(`exit(${code})`);
  }

  keepAlive(): () => void {
    this.held++;
    return () => this.held--;
  }

  residentBytes(): undefined {
    return undefined;
  }
}

/** A whole runtime round a {@linkcode FakeHost}. */
export function fakeRuntime(
  host: FakeHost,
  net: Net = noNet,
): Runtime & { readonly clock: FakeClock; readonly host: FakeHost } {
  return { host, net, clock: new FakeClock() };
}

/** A network where every attempt is a fault of the test. */
const noNet: Net = {
  connect: () => Promise.reject(new Error("no network here")),
  listen: () => Promise.reject(new Error("no network here")),
  startTlsClient: () => Promise.reject(new Error("no network here")),
  startTlsServer: () => Promise.reject(new Error("no network here")),
};

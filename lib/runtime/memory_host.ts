/**
 * A machine inside the process: environment, files, captured output, signals that a test raises.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { decodeText, encodeText } from "../base/bytes.ts";
import { type ErrorCode, TunnelError } from "../base/errors.ts";
import type {
  DirectoryEntry,
  FileInfo,
  Files,
  FileWriter,
  Host,
  OpenFile,
  Output,
  OwnProgram,
  RunOptions,
  RunResult,
  SignalName,
} from "./host.ts";
import { MemoryTerminal } from "./memory_terminal.ts";
import type { Terminal, TerminalOptions } from "./terminal.ts";

/** What a machine in memory starts with. */
export interface MemoryHostOptions {
  /** Whose time files carry. */
  readonly clock: Clock;
  /** The environment. @default empty */
  readonly env?: Readonly<Record<string, string>>;
  /** Files by their path; their directories are made. @default none */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** The arguments after the program. @default none */
  readonly args?: readonly string[];
  /** Where relative paths start. @default {"/work"} */
  readonly cwd?: string;
  /** The home directory. @default {"/home/user"} */
  readonly home?: string;
  /** The operating system it claims to have. @default {"linux"} */
  readonly os?: Host["os"];
  /** Whether output goes to a person. @default {false} */
  readonly isTty?: boolean;
  /** The size of the terminal. @default there is none */
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** Network interfaces by their name, with their addresses. @default {"lo"} alone */
  readonly interfaces?: Readonly<Record<string, readonly string[]>>;
  /** What running a program does. @default there is no program */
  readonly run?: Host["run"];
  /** The program as a file. @default it is none */
  readonly program?: OwnProgram;
  /** Why it cannot be restarted. @default {""} */
  readonly restartObstacle?: string;
}

/** What {@linkcode MemoryHost.restart} throws, so that nothing runs after it. */
export class MemoryRestart extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "MemoryRestart";
}

/** What {@linkcode MemoryHost.exit} throws, so that nothing runs after it. */
export class MemoryExit extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "MemoryExit";
  /** The exit code. */
  readonly exitCode: number;

  /**
   * Says with which code the program ended.
   *
   * @param exitCode the exit code
   */
  constructor(exitCode: number) {
    super(`The program ended with code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Output that is kept. */
export class MemoryOutput implements Output {
  /** See {@linkcode Output.isTty}. */
  readonly isTty: boolean;
  /** See {@linkcode Output.columns}. */
  readonly columns = 80;
  /** All that was written. */
  text = "";

  /**
   * Makes an output that nothing was written to.
   *
   * @param isTty what it claims to be
   */
  constructor(isTty: boolean) {
    this.isTty = isTty;
  }

  /** See {@linkcode Output.write}. */
  write(text: string): void {
    this.text += text;
  }

  /** See {@linkcode Output.flush}. */
  flush(): Promise<void> {
    return Promise.resolve();
  }
}

/** A machine in memory. */
export class MemoryHost implements Host {
  /** See {@linkcode Host.runtime}. */
  readonly runtime = { name: "memory", version: "1" } as const;
  /** See {@linkcode Host.os}. */
  readonly os: Host["os"];
  /** See {@linkcode Host.arch}. */
  readonly arch = "amd64";
  /** See {@linkcode Host.args}. */
  readonly args: readonly string[];
  /** See {@linkcode Host.pid}. */
  readonly pid = 1;
  /** See {@linkcode Host.files}. */
  readonly files: MemoryFiles;
  /** See {@linkcode Host.stdout}. */
  readonly stdout: MemoryOutput;
  /** See {@linkcode Host.stderr}. */
  readonly stderr: MemoryOutput;
  /** What {@linkcode MemoryHost.interfaces} answers, which a test may change. */
  links: Readonly<Record<string, readonly string[]>>;
  /** The environment, which a test may change. */
  readonly variables: Map<string, string>;
  /** See {@linkcode Host.program}. */
  readonly program: OwnProgram | undefined;
  /** See {@linkcode Host.restartObstacle}. */
  readonly restartObstacle: string;
  /** How often the program was started anew. */
  restarts = 0;
  /** The code the program ended with, once it has. */
  exitCode: number | undefined;
  /** How many reasons the program has to stay alive. */
  kept = 0;
  /** The terminal as it is and was used, where there is one. */
  readonly terminal: MemoryTerminal | undefined;
  readonly #cwd: string;
  readonly #home: string;
  readonly #signals: Map<SignalName, Set<() => void>> = new Map();
  readonly #run: Host["run"] | undefined;

  /**
   * Makes a machine with no files and no signals under way.
   *
   * @param options what it starts with
   */
  constructor(options: MemoryHostOptions) {
    this.args = options.args ?? [];
    this.os = options.os ?? "linux";
    this.#cwd = options.cwd ?? "/work";
    this.#home = options.home ?? "/home/user";
    this.#run = options.run;
    this.program = options.program;
    this.restartObstacle = options.restartObstacle ?? "";
    this.terminal = options.terminal && new MemoryTerminal(options.terminal);
    this.links = options.interfaces ?? { lo: ["127.0.0.1", "::1"] };
    this.variables = new Map(Object.entries(options.env ?? {}));
    this.stdout = new MemoryOutput(options.isTty ?? false);
    this.stderr = new MemoryOutput(options.isTty ?? false);
    this.files = new MemoryFiles(options.clock, this.#cwd);
    this.files.seed(this.#cwd, this.#home, options.files ?? {});
  }

  /** See {@linkcode Host.hostName}. */
  hostName(): string {
    return "memory";
  }

  /** See {@linkcode Host.interfaces}. */
  interfaces(): Readonly<Record<string, readonly string[]>> {
    return this.links;
  }

  /** See {@linkcode Host.env}. */
  env(name: string): string | undefined {
    return this.variables.get(name) || undefined;
  }

  /** See {@linkcode Host.homeDir}. */
  homeDir(): string {
    return this.#home;
  }

  /** See {@linkcode Host.cwd}. */
  cwd(): string {
    return this.#cwd;
  }

  /** See {@linkcode Host.openTerminal}. */
  openTerminal(options: TerminalOptions): Terminal | undefined {
    return this.terminal?.open(options);
  }

  /** See {@linkcode Host.restoreTerminal}. */
  async restoreTerminal(): Promise<void> {
    await this.terminal?.close();
  }

  /** See {@linkcode Host.onSignal}. */
  onSignal(name: SignalName, run: () => void): () => void {
    const listeners = this.#signals.get(name) ?? new Set();
    this.#signals.set(name, listeners);
    // A wrapper of its own, so that one function registered twice is called twice, as elsewhere.
    const listener = () => run();
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /**
   * Sends the program a signal.
   *
   * @param name which
   * @returns whether anybody listened
   */
  raise(name: SignalName): boolean {
    const listeners = [...this.#signals.get(name) ?? []];
    for (const run of listeners) run();
    return listeners.length > 0;
  }

  /** Counts, and throws {@linkcode MemoryRestart}. */
  restart(): never {
    if (this.restartObstacle !== "") {
      throw new TunnelError("usage", `Cannot restart: ${this.restartObstacle}`);
    }
    this.restarts++;
    throw new MemoryRestart("The program was restarted");
  }

  /** Keeps the code and throws {@linkcode MemoryExit}. */
  exit(code: number): never {
    this.exitCode = code;
    throw new MemoryExit(code);
  }

  /** See {@linkcode Host.run}. */
  run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
    if (this.#run) return this.#run(program, args, options);
    const message = `Cannot run "${program}": there is no such program`;
    return Promise.reject(new TunnelError("not_found", message));
  }

  /** See {@linkcode Host.keepAlive}. */
  keepAlive(): () => void {
    this.kept++;
    let held = true;
    return () => {
      if (held) this.kept--;
      held = false;
    };
  }

  /** See {@linkcode Host.residentBytes}. */
  residentBytes(): undefined {
    return undefined;
  }
}

interface Entry {
  readonly data: Uint8Array | undefined;
  readonly modifiedMs: number;
}

/** A file system in memory, with `/` between the parts of a path. */
export class MemoryFiles implements Files {
  readonly #clock: Clock;
  readonly #cwd: string;
  readonly #entries: Map<string, Entry> = new Map();

  /**
   * Makes an empty file system.
   *
   * @param clock whose time files carry
   * @param cwd where relative paths start
   */
  constructor(clock: Clock, cwd: string) {
    this.#clock = clock;
    this.#cwd = cwd;
    this.#put("/", undefined);
  }

  /** Makes the directories and files a machine starts with. */
  seed(
    cwd: string,
    home: string,
    files: Readonly<Record<string, string | Uint8Array>>,
  ): void {
    this.#putTree(this.#at(cwd));
    this.#putTree(this.#at(home));
    for (const [path, data] of Object.entries(files)) {
      const at = this.#at(path);
      this.#putTree(parentOf(at));
      this.#put(at, typeof data === "string" ? encodeText(data) : data);
    }
  }

  /** See {@linkcode Files.readText}. */
  async readText(path: string): Promise<string> {
    return decodeText(await this.readBytes(path));
  }

  /** See {@linkcode Files.readBytes}. */
  readBytes(path: string): Promise<Uint8Array> {
    return this.#try("Cannot read", path, (at) => {
      const entry = this.#entries.get(at);
      if (!entry) throw missing();
      if (!entry.data) throw new Refusal("io_failed", "it is a directory");
      return entry.data.slice();
    });
  }

  /** See {@linkcode Files.open}. */
  async open(path: string): Promise<OpenFile> {
    const data = await this.readBytes(path);
    const info = (await this.stat(path))!;
    return {
      info,
      read: (offset, maxBytes) =>
        Promise.resolve(
          offset < data.length ? data.slice(offset, offset + maxBytes) : undefined,
        ),
      close: () => Promise.resolve(),
    };
  }

  /** See {@linkcode Files.write}. */
  write(path: string, data: string | Uint8Array): Promise<void> {
    return this.#try(
      "Cannot write",
      path,
      (at) => this.#write(at, data, undefined),
    );
  }

  /** See {@linkcode Files.append}. */
  append(path: string, data: string | Uint8Array): Promise<void> {
    return this.#try(
      "Cannot write",
      path,
      (at) => this.#write(at, data, this.#entries.get(at)?.data),
    );
  }

  #write(
    at: string,
    data: string | Uint8Array,
    before: Uint8Array | undefined,
  ): void {
    const parent = this.#entries.get(parentOf(at));
    if (!parent || parent.data) throw missing();
    const there = this.#entries.get(at);
    if (there && !there.data) {
      throw new Refusal("io_failed", "it is a directory");
    }
    const added = typeof data === "string" ? encodeText(data) : data;
    const whole = new Uint8Array((before?.length ?? 0) + added.length);
    if (before) whole.set(before);
    whole.set(added, before?.length ?? 0);
    this.#put(at, whole);
  }

  /** See {@linkcode Files.stat}. */
  stat(path: string): Promise<FileInfo | undefined> {
    return this.#try("Cannot look at", path, (at) => {
      const entry = this.#entries.get(at);
      if (!entry) return undefined;
      return {
        kind: entry.data ? "file" : "directory",
        size: entry.data?.length ?? 0,
        modifiedMs: entry.modifiedMs,
      };
    });
  }

  /** See {@linkcode Files.makeDir}. */
  makeDir(path: string): Promise<void> {
    return this.#try("Cannot create", path, (at) => this.#putTree(at));
  }

  /** See {@linkcode Files.list}. */
  list(path: string): Promise<string[]> {
    return this.#try("Cannot list", path, (at) => {
      const entry = this.#entries.get(at);
      if (!entry || entry.data) throw missing();
      const names: string[] = [];
      for (const other of this.#entries.keys()) {
        if (other !== "/" && parentOf(other) === at) {
          names.push(other.slice(parentSlash(at).length));
        }
      }
      return names.sort();
    });
  }

  /** See {@linkcode Files.entries}. */
  async entries(path: string): Promise<DirectoryEntry[]> {
    const names = await this.list(path);
    return names.map((name) => {
      const { data } = this.#entries.get(this.#at(`${path}/${name}`))!;
      return { name, kind: data ? "file" : "directory" };
    });
  }

  /** See {@linkcode Files.remove}. */
  remove(path: string): Promise<void> {
    return this.#try("Cannot remove", path, (at) => {
      for (const other of [...this.#entries.keys()]) {
        if (other === at || other.startsWith(parentSlash(at))) {
          this.#entries.delete(other);
        }
      }
    });
  }

  /** See {@linkcode Files.create}. */
  create(path: string): Promise<FileWriter> {
    return this.#try("Cannot write", path, (at) => {
      if (this.#entries.has(at)) throw new Refusal("io_failed", "it exists already");
      this.#write(at, new Uint8Array(), undefined);
      return { write: (chunk) => this.append(path, chunk), close: () => Promise.resolve() };
    });
  }

  /** See {@linkcode Files.realPath}. */
  realPath(path: string): Promise<string> {
    return this.#try("Cannot find", path, (at) => {
      if (!this.#entries.has(at)) throw missing();
      return at;
    });
  }

  /** See {@linkcode Files.swap}. */
  swap(draft: string, target: string, kept: string): Promise<void> {
    return this.#try("Cannot replace", target, (at) => {
      const next = this.#entries.get(this.#at(draft));
      const before = this.#entries.get(at);
      if (!next?.data || !before?.data) throw missing();
      this.#put(this.#at(kept), before.data);
      this.#put(at, next.data);
      this.#entries.delete(this.#at(draft));
    });
  }

  #at(path: string): string {
    const parts: string[] = [];
    for (
      const part of (path.startsWith("/") ? path : `${this.#cwd}/${path}`)
        .split("/")
    ) {
      if (part === "..") parts.pop();
      else if (part !== "" && part !== ".") parts.push(part);
    }
    return "/" + parts.join("/");
  }

  #put(at: string, data: Uint8Array | undefined): void {
    this.#entries.set(at, { data, modifiedMs: this.#clock.now() });
  }

  #putTree(at: string): void {
    if (at !== "/") this.#putTree(parentOf(at));
    const there = this.#entries.get(at);
    if (there?.data) throw new Refusal("io_failed", "it exists already");
    if (!there) this.#put(at, undefined);
  }

  #try<T>(tried: string, path: string, work: (at: string) => T): Promise<T> {
    try {
      return Promise.resolve(work(this.#at(path)));
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) return Promise.reject(thrown);
      return Promise.reject(
        new TunnelError(thrown.code, `${tried} "${path}": ${thrown.message}`),
      );
    }
  }
}

/** A failure before its path is known. */
class Refusal extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, found: string) {
    super(found);
    this.code = code;
  }
}

function missing(): Refusal {
  return new Refusal("not_found", "there is no such file");
}

function parentOf(at: string): string {
  return at.slice(0, at.lastIndexOf("/")) || "/";
}

function parentSlash(at: string): string {
  return at === "/" ? "/" : at + "/";
}

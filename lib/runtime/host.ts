/**
 * The machine as Sallyport sees it: files, environment, signals, terminal. One implementation per
 * runtime lives beside this file.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Codecs } from "./codecs.ts";
import type { OpenSqlite } from "./database.ts";
import type { TunnelError } from "../base/errors.ts";
import type { Net } from "./net.ts";
import type { Terminal, TerminalOptions } from "./terminal.ts";

/** What a file is. */
export interface FileInfo {
  /** `other` is a socket, pipe or device. */
  readonly kind: "file" | "directory" | "other";
  /** Bytes. */
  readonly size: number;
  /** Last change, milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** What lies in a directory. */
export interface DirectoryEntry {
  /** Its name. */
  readonly name: string;
  /** What it is itself: a link is not followed. `other` is a socket, pipe or device. */
  readonly kind: "file" | "directory" | "link" | "other";
}

/** A file being read, here and there. It stays the same file when its path is given to another one. */
export interface OpenFile {
  /** What it was when it was opened. */
  readonly info: FileInfo;
  /**
   * The bytes from a place on, which the caller owns; fewer than asked for where the system likes,
   * and `undefined` at the end.
   *
   * @throws {TunnelError} io_failed
   */
  read(offset: number, maxBytes: number): Promise<Uint8Array | undefined>;
  /** Lets it go. Idempotent. */
  close(): Promise<void>;
}

/** How a file is written. */
export interface WriteOptions {
  /** Permission bits, where the system has them. @default {0o600} */
  readonly mode?: number;
  /**
   * Whether a file that is replaced keeps its owner, as far as that may be. @default {false}
   */
  readonly keepsOwner?: boolean;
}

/** A file that is written piece by piece. */
export interface FileWriter {
  /** Adds a piece. */
  write(chunk: Uint8Array): Promise<void>;
  /** Settles when all of it is on the disk. Idempotent. */
  close(): Promise<void>;
}

/** The file system. All paths are as the user gave them; all methods throw TunnelError (not_found, permission_denied, io_failed). */
export interface Files {
  /** The whole file as UTF-8. */
  readText(path: string): Promise<string>;
  /** The whole file. */
  readBytes(path: string): Promise<Uint8Array>;
  /**
   * Opens a file to read parts of it. A link in the last place is not followed, and a pipe not waited
   * for: what is no file is an error (not_found, io_failed).
   */
  open(path: string): Promise<OpenFile>;
  /** Replaces the file in one step (a temporary beside it, synced, then renamed); a reader never sees half. */
  write(
    path: string,
    data: string | Uint8Array,
    options?: WriteOptions,
  ): Promise<void>;
  /** Appends, creating the file with `mode` first. */
  append(
    path: string,
    data: string | Uint8Array,
    options?: WriteOptions,
  ): Promise<void>;
  /** What is there; `undefined` when nothing is. */
  stat(path: string): Promise<FileInfo | undefined>;
  /** Creates the directory and its parents, mode 0700 for those it makes. */
  makeDir(path: string): Promise<void>;
  /** The names in a directory, sorted. */
  list(path: string): Promise<string[]>;
  /** What lies in a directory, sorted by name. */
  entries(path: string): Promise<DirectoryEntry[]>;
  /** Removes a file or a tree; nothing there is fine. */
  remove(path: string): Promise<void>;
  /** Makes a file that is not there yet, for what is too large to hold. */
  create(path: string, options?: WriteOptions): Promise<FileWriter>;
  /** The path without links and detours, absolute. */
  realPath(path: string): Promise<string>;
  /**
   * Puts `draft`, a file of the same folder, in the place of `target` and gives it the permissions
   * and, where it may, the owner of that; what was there is `kept` from now on. It works on the file of
   * a program that runs, too. When it fails, all is as before.
   */
  swap(draft: string, target: string, kept: string): Promise<void>;
}

/** This program as a file of the machine. */
export interface OwnProgram {
  /** The executable: the program itself, or the runtime that runs it. */
  readonly path: string;
  /** Whether it is one file, with the runtime in it. */
  readonly isCompiled: boolean;
}

/** A stream the program prints to. */
export interface Output {
  /** Whether a person is looking. */
  readonly isTty: boolean;
  /** Width of the terminal in cells. @default {80} */
  readonly columns: number;
  /** What kept text from being written; a reader that has gone does not count. @default {undefined} */
  readonly failure?: TunnelError | undefined;
  /** Writes text; what goes wrong is `failure` from then on. */
  write(text: string): void;
  /** Settles when all that was written has left the program: await it before {@linkcode Host.exit}. */
  flush(): Promise<void>;
}

/** A signal a program can be asked to act on. */
export type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP";

/** How a program is run. */
export interface RunOptions {
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** It is killed after so long. */
  readonly timeoutMs: number;
}

/** How a program ended. */
export interface RunResult {
  /** Its exit code; -1 when a signal ended it. */
  readonly code: number;
  /** The end of what it printed, both streams as they came; 64 KiB at most. */
  readonly output: string;
}

/** The machine and the process. */
export interface Host {
  /** Which runtime this is, and its version. */
  readonly runtime: {
    readonly name: "deno" | "bun" | "node" | "memory";
    readonly version: string;
  };
  /** The operating system. */
  readonly os: "linux" | "darwin" | "windows" | "freebsd" | "other";
  /** As Go names it: `amd64`, `arm64` … */
  readonly arch: string;
  /** This machine's name, or "" when it cannot be told. */
  hostName(): string;
  /**
   * The network interfaces that are up, with their addresses (link-local IPv6 left out: nothing
   * beyond the link is reached from it). Empty when it cannot be told.
   */
  interfaces(): Readonly<Record<string, readonly string[]>>;
  /** The arguments after the program. */
  readonly args: readonly string[];
  /** The process id. */
  readonly pid: number;
  /** An environment variable; empty text counts as absent. Absent too when permission to look is denied. */
  env(name: string): string | undefined;
  /** The user's home directory, or `undefined`. */
  homeDir(): string | undefined;
  /** Where relative paths start. */
  cwd(): string;
  /** The file system. */
  readonly files: Files;
  /** Standard output. */
  readonly stdout: Output;
  /** Standard error. */
  readonly stderr: Output;
  /**
   * Takes the whole terminal, one at a time; `undefined` where standard output is none, where it knows no
   * escape sequences, and in the background, where it belongs to somebody else.
   */
  openTerminal(options: TerminalOptions): Terminal | undefined;
  /** Gives the terminal back if it was taken: what is printed from now on can be read. */
  restoreTerminal(): Promise<void>;
  /** Calls `run` on each such signal until the returned function is called. A signal the system lacks is ignored. */
  onSignal(name: SignalName, run: () => void): () => void;
  /** This program as a file; `undefined` where it may not be known. */
  readonly program: OwnProgram | undefined;
  /** Why {@linkcode Host.restart} cannot work here; empty where it can. */
  readonly restartObstacle: string;
  /**
   * Replaces the process by a new run of the same command line, from the file as it is now. The
   * process id, the terminal and the environment stay; what was not flushed is lost.
   *
   * @throws {TunnelError} io_failed; usage where there is an obstacle
   */
  restart(): never;
  /** Ends the process. */
  exit(code: number): never;
  /**
   * Runs another program to its end, with nothing to read. No shell looks at the arguments.
   *
   * @throws {TunnelError} not_found, permission_denied, timed_out, io_failed
   */
  run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult>;
  /** Runs until called back: keeps the process alive while something without a socket is under way. */
  keepAlive(): () => void;
  /** Resident memory of this process in bytes, or `undefined` where it cannot be told. */
  residentBytes(): number | undefined;
}

/** Everything of a runtime that the program needs, handed in from the top. */
export interface Runtime {
  /** Sockets and TLS. */
  readonly net: Net;
  /** Files, environment, signals, terminal. */
  readonly host: Host;
  /** Time. */
  readonly clock: Clock;
  /** An embedded database, for who keeps durable state. */
  readonly openSqlite: OpenSqlite;
  /** Compressors. */
  readonly codecs: Codecs;
}

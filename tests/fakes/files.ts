/**
 * A file system in memory, with the modes that were asked for, for code that keeps things in a
 * data folder.
 *
 * @module
 */
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import { TunnelError } from "../../lib/base/errors.ts";
import type {
  DirectoryEntry,
  FileInfo,
  Files,
  FileWriter,
  OpenFile,
  WriteOptions,
} from "../../lib/runtime/host.ts";

/** Files in a map. Directories exist as soon as a file lies in them. */
export class MemoryFiles implements Files {
  /** What was written, by path. */
  readonly contents = new Map<string, Uint8Array>();
  /** Permission bits, by path. */
  readonly modes = new Map<string, number>();
  /** How often {@linkcode write} was called. */
  writes = 0;

  readText(path: string): Promise<string> {
    return this.readBytes(path).then(decodeText);
  }

  readBytes(path: string): Promise<Uint8Array> {
    const bytes = this.contents.get(path);
    if (bytes) return Promise.resolve(bytes);
    return Promise.reject(
      new TunnelError("not_found", `Cannot read "${path}": no such file`),
    );
  }

  async open(path: string): Promise<OpenFile> {
    const bytes = await this.readBytes(path);
    return {
      info: { kind: "file", size: bytes.length, modifiedMs: 0 },
      read: (offset, maxBytes) =>
        Promise.resolve(
          offset < bytes.length ? bytes.slice(offset, offset + maxBytes) : undefined,
        ),
      close: () => Promise.resolve(),
    };
  }

  write(
    path: string,
    data: string | Uint8Array,
    options: WriteOptions = {},
  ): Promise<void> {
    this.writes++;
    this.contents.set(path, typeof data === "string" ? encodeText(data) : data);
    this.modes.set(path, options.mode ?? 0o600);
    return Promise.resolve();
  }

  async append(
    path: string,
    data: string | Uint8Array,
    options: WriteOptions = {},
  ): Promise<void> {
    const before = this.contents.has(path) ? await this.readText(path) : "";
    const more = typeof data === "string" ? data : decodeText(data);
    await this.write(path, before + more, options);
  }

  stat(path: string): Promise<FileInfo | undefined> {
    const bytes = this.contents.get(path);
    if (!bytes) return Promise.resolve(undefined);
    return Promise.resolve({ kind: "file", size: bytes.length, modifiedMs: 0 });
  }

  makeDir(): Promise<void> {
    return Promise.resolve();
  }

  list(path: string): Promise<string[]> {
    const names = [...this.contents.keys()].filter((name) => name.startsWith(`${path}/`));
    return Promise.resolve(
      names.map((name) => name.slice(path.length + 1)).sort(),
    );
  }

  async entries(path: string): Promise<DirectoryEntry[]> {
    return (await this.list(path)).map((name) => ({ name, kind: "file" }));
  }

  remove(path: string): Promise<void> {
    this.contents.delete(path);
    return Promise.resolve();
  }

  /** Everything that was written, as one text: to look for what must not be there. */
  everything(): string {
    return [...this.contents.values()].map(decodeText).join("\n");
  }

  create(path: string): Promise<FileWriter> {
    return Promise.reject(new TunnelError("io_failed", `Cannot write "${path}": not in pieces`));
  }

  realPath(path: string): Promise<string> {
    return Promise.resolve(path);
  }

  swap(_draft: string, target: string): Promise<void> {
    return Promise.reject(new TunnelError("io_failed", `Cannot replace "${target}": not here`));
  }
}

/**
 * The file system on node:fs, for all three runtimes.
 *
 * @module
 */
import { constants, type Dirent } from "node:fs";
import * as fs from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { randomHex } from "../base/bytes.ts";
import { TunnelError } from "../base/errors.ts";
import type {
  DirectoryEntry,
  FileInfo,
  Files,
  FileWriter,
  OpenFile,
  WriteOptions,
} from "./host.ts";
import { codeOf, translateError } from "./translate_errors.ts";

const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;

/** The file system of the machine. */
export const nodeFiles: Files = {
  readText: (path) => tell("Cannot read", path, () => fs.readFile(path, "utf8")),
  async readBytes(path) {
    const data = await tell("Cannot read", path, () => fs.readFile(path));
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  },
  open: (path) => tell("Cannot read", path, () => open(path)),
  write: (path, data, options) => tell("Cannot write", path, () => replace(path, data, options)),
  append: (path, data, options) =>
    tell(
      "Cannot write",
      path,
      () => fs.appendFile(path, data, { mode: options?.mode ?? PRIVATE_FILE }),
    ),
  stat: (path) => tell("Cannot look at", path, () => stat(path)),
  makeDir: (path) =>
    tell("Cannot create", path, async () => {
      await fs.mkdir(path, { recursive: true, mode: PRIVATE_DIRECTORY });
    }),
  list: (path) => tell("Cannot list", path, async () => (await fs.readdir(path)).sort()),
  entries: (path) =>
    tell("Cannot list", path, async () => {
      const found = await fs.readdir(path, { withFileTypes: true });
      return found.map(entryOf).sort((a, b) => a.name < b.name ? -1 : 1);
    }),
  remove: (path) =>
    tell(
      "Cannot remove",
      path,
      () => fs.rm(path, { recursive: true, force: true }),
    ),
  create: (path, options) => tell("Cannot write", path, () => create(path, options)),
  realPath: (path) => tell("Cannot find", path, () => fs.realpath(path)),
  swap: (draft, target, kept) => tell("Cannot replace", target, () => swap(draft, target, kept)),
};

async function tell<T>(
  tried: string,
  path: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw translateError(thrown, `${tried} "${path}"`);
  }
}

async function replace(
  path: string,
  data: string | Uint8Array,
  options: WriteOptions | undefined,
): Promise<void> {
  const target = await behindLinks(path);
  const draft = join(
    dirname(target),
    `.${basename(target)}.${randomHex(6)}.tmp`,
  );
  const mode = options?.mode ?? PRIVATE_FILE;
  const file = await fs.open(draft, "wx", mode);
  try {
    try {
      await file.writeFile(data);
      if (options?.keepsOwner) await inherit(file, target);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(draft, target);
  } catch (thrown) {
    await fs.rm(draft, { force: true });
    throw thrown;
  }
}

/** What replaces a file belongs to whom that did. */
async function inherit(file: fs.FileHandle, target: string): Promise<void> {
  let before;
  try {
    before = await fs.stat(target);
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return;
    throw thrown;
  }
  await file.chown(before.uid, before.gid).catch(ignoreForeignOwner);
}

/** A configuration that is a link into somebody's dotfiles stays a link. */
async function behindLinks(path: string): Promise<string> {
  try {
    return await fs.realpath(path);
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return path;
    throw thrown;
  }
}

async function stat(path: string): Promise<FileInfo | undefined> {
  try {
    return infoOf(await fs.stat(path));
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT" || codeOf(thrown) === "ENOTDIR") {
      return undefined;
    }
    throw thrown;
  }
}

async function create(path: string, options: WriteOptions | undefined): Promise<FileWriter> {
  const file = await fs.open(path, "wx", options?.mode ?? PRIVATE_FILE);
  let closing: Promise<void> | undefined;
  return {
    write: (chunk) => tell("Cannot write", path, () => writeAll(file, chunk)),
    close: () =>
      closing ??= tell("Cannot write", path, async () => {
        try {
          await file.sync();
        } finally {
          await file.close();
        }
      }),
  };
}

/** A write of the operating system may take less than it was given. */
async function writeAll(file: fs.FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    at += (await file.write(chunk, at, chunk.length - at)).bytesWritten;
  }
}

/** Codes of file systems that know no second name for a file. */
const NO_LINKS: ReadonlySet<string> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
]);

async function swap(draft: string, target: string, kept: string): Promise<void> {
  const { mode, uid, gid } = await fs.stat(target);
  await fs.chown(draft, uid, gid).catch(ignoreForeignOwner);
  await fs.chmod(draft, mode & 0o7777);
  await fs.rm(kept, { force: true });
  if (process.platform !== "win32") {
    try {
      // a second name for what is there, then one step: at no time is there nothing under the name
      await fs.link(target, kept);
      return await fs.rename(draft, target);
    } catch (thrown) {
      if (!NO_LINKS.has(codeOf(thrown))) {
        await fs.rm(kept, { force: true });
        throw thrown;
      }
    }
  }
  // Windows lets the file of a program that runs be renamed, though not be replaced.
  await fs.rename(target, kept);
  try {
    await fs.rename(draft, target);
  } catch (thrown) {
    await fs.rename(kept, target);
    throw thrown;
  }
}

/** Only root may give files away: who is not keeps what is its own. */
function ignoreForeignOwner(thrown: unknown): void {
  if (!["EPERM", "ENOSYS", "ENOTSUP"].includes(codeOf(thrown))) throw thrown;
}

type Stats = Awaited<ReturnType<typeof fs.stat>>;

function infoOf(found: Stats): FileInfo {
  return {
    kind: found.isFile() ? "file" : found.isDirectory() ? "directory" : "other",
    size: Number(found.size),
    modifiedMs: Number(found.mtimeMs),
  };
}

function entryOf(found: Dirent): DirectoryEntry {
  const kind = found.isSymbolicLink()
    ? "link"
    : found.isDirectory()
    ? "directory"
    : found.isFile()
    ? "file"
    : "other";
  return { name: found.name, kind };
}

// Windows has neither: opening does not wait there, and links are rare.
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

async function open(path: string): Promise<OpenFile> {
  const file = await fs.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await file.close();
  };
  try {
    const info = infoOf(await file.stat());
    if (info.kind !== "file") {
      throw new TunnelError("io_failed", `Cannot read "${path}": it is no file`);
    }
    return {
      info,
      close,
      async read(offset, maxBytes) {
        const bytes = new Uint8Array(maxBytes);
        const { bytesRead } = await tell(
          "Cannot read",
          path,
          () => file.read(bytes, 0, maxBytes, offset),
        );
        if (bytesRead === 0) return undefined;
        return bytesRead === maxBytes ? bytes : bytes.subarray(0, bytesRead);
      },
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

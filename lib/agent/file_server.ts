/**
 * A directory as a web site: the agent serves `file:///srv/www` itself, in its own process, without
 * a port. `agent.ts` opens one for each such endpoint; the relay sends visitors in.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Host, OpenFile } from "../runtime/host.ts";
import { fileBody, rangesBody } from "./file_server_body.ts";
import { FILE_PAGE_POLICY, hrefOf, listingPage, refusalPage } from "./file_server_page.ts";
import { ServedRoot, servedSegments } from "./file_server_path.ts";
import {
  type ByteRange,
  parseRanges,
  rangeStillHolds,
  weighConditions,
} from "./file_server_ranges.ts";
import { SNIFF_BYTES, typeOfBytes, typeOfName } from "./file_server_types.ts";
import { HandlerService } from "./serve.ts";

/** What the file server needs of the machine. */
export interface FileServerOptions {
  /** Where the directory is. */
  readonly host: Pick<Host, "files" | "os">;
  /** Whose time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
}

/** The page of a directory that has one. */
const INDEX = "index.html";

/** In a directory of more than these, sizes and dates are left out: each costs a look. */
const MAX_LOOKED_AT = 1_000;

/**
 * Serves a directory.
 *
 * @param path absolute
 * @param options files, time, log
 * @returns takes visitors that speak HTTP/1.1
 * @throws {TunnelError} config_invalid when it is no directory that can be read
 */
export async function openFileServer(
  path: string,
  options: FileServerOptions,
): Promise<HandlerService> {
  const { clock, logger } = options;
  const server = new FileServer(path, options);
  await server.check();
  return new HandlerService((request) => server.answer(request), { clock, logger });
}

/** Answers requests for what is in one directory. */
export class FileServer {
  readonly #options: FileServerOptions;
  readonly #root: ServedRoot;
  readonly #isWindows: boolean;

  /**
   * Makes one; {@linkcode FileServer.check} says whether it will do.
   *
   * @param path of the directory, absolute
   * @param options files, time, log
   */
  constructor(path: string, options: FileServerOptions) {
    this.#options = options;
    this.#isWindows = options.host.os === "windows";
    this.#root = new ServedRoot(path, options.host.files, { isWindows: this.#isWindows });
  }

  /**
   * Finds out what is wrong before any visitor does.
   *
   * @throws {TunnelError} config_invalid when it is no directory that can be read
   */
  async check(): Promise<void> {
    const { files } = this.#options.host;
    const { path } = this.#root;
    const refused = (found: string, cause?: unknown) =>
      new TunnelError("config_invalid", `Cannot serve the directory "${path}": ${found}`, {
        cause,
      });
    const info = await files.stat(path).catch((thrown: unknown) => {
      throw refused(toTunnelError(thrown).message, thrown);
    });
    if (!info) throw refused("it does not exist; create it or correct the path");
    if (info.kind !== "directory") {
      throw refused("it is a file; give the directory it is in");
    }
    await files.list(path).catch((thrown: unknown) => {
      throw refused("it cannot be read; allow the agent to read it", thrown);
    });
  }

  /**
   * Answers one request. Never rejects.
   *
   * @param request the path names a file; host and scheme do not matter
   */
  async answer(request: Request): Promise<Response> {
    const { method } = request;
    if (method !== "GET" && method !== "HEAD") {
      return refusal(
        405,
        "Only for reading",
        `A directory is served here: ${method} does nothing.`,
        {
          Allow: "GET, HEAD",
        },
      );
    }
    try {
      return await this.#find(request);
    } catch (thrown) {
      const error = toTunnelError(thrown, "io_failed");
      const { pathname } = new URL(request.url);
      const level = error.code === "permission_denied" ? "warn" : "error";
      this.#options.logger.log(level, "file cannot be served", {
        obj: "files",
        path: pathname,
        err: error.message,
      });
      if (error.code === "permission_denied") {
        return refusal(403, "Not allowed", "The agent may not read this. Its log says why.");
      }
      if (error.code === "not_found") return nothing(); // it went away while we looked
      return refusal(500, "It cannot be read", "The agent cannot read this. Its log says why.");
    }
  }

  async #find(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const segments = servedSegments(pathname, { isWindows: this.#isWindows });
    const real = segments && await this.#root.resolve(segments);
    if (!segments || real === undefined) return nothing();
    const info = await this.#options.host.files.stat(real);
    const wantsDirectory = pathname.endsWith("/");
    if (info?.kind === "file" && !wantsDirectory) {
      return await this.#sendFile(request, real, segments.at(-1) ?? "");
    }
    if (info?.kind !== "directory") return nothing();
    if (!wantsDirectory) {
      const location = hrefOf(segments.at(-1) ?? "", true) + search;
      return new Response(null, { status: 301, headers: { Location: location } });
    }
    const index = await this.#root.resolve([...segments, INDEX]);
    const indexInfo = index === undefined ? undefined : await this.#options.host.files.stat(index);
    if (index !== undefined && indexInfo?.kind === "file") {
      return await this.#sendFile(request, index, INDEX);
    }
    return await this.#list(real, segments);
  }

  async #sendFile(request: Request, real: string, name: string): Promise<Response> {
    const file = await this.#options.host.files.open(real);
    let stream: FileAnswer["stream"];
    try {
      const answer = await answerOf(request, file, name);
      if (answer instanceof Response) return answer;
      stream = answer.stream;
      return new Response(stream ?? null, answer);
    } finally {
      // A stream closes it when it is read or given up.
      if (!stream) await file.close();
    }
  }

  async #list(real: string, segments: readonly string[]): Promise<Response> {
    const { files } = this.#options.host;
    const entries = await this.#root.entries(real);
    const listed = [];
    for (const { name, kind } of entries) {
      const isDirectory = kind === "directory";
      const info = isDirectory || entries.length > MAX_LOOKED_AT
        ? undefined
        : await files.stat(`${real}/${name}`).catch(() => undefined); // listed without a size
      listed.push({ name, isDirectory, size: info?.size, modifiedMs: info?.modifiedMs });
    }
    return pageResponse(200, listingPage(segments, listed));
  }
}

/** An answer that is about a file. */
interface FileAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** It owns the file. */
  readonly stream?: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** What to say to a GET or HEAD of a file. Unless there is a stream the file is still the caller's. */
async function answerOf(
  request: Request,
  file: OpenFile,
  name: string,
): Promise<FileAnswer | Response> {
  const { size, modifiedMs } = file.info;
  const etag = `"${Math.floor(modifiedMs).toString(16)}-${size.toString(16)}"`;
  const validators = { etag, modifiedMs };
  const headers = new Headers({
    "ETag": etag,
    "Last-Modified": new Date(modifiedMs).toUTCString(),
    // Whoever works on the files wants to see them as they are; asking costs a 304.
    "Cache-Control": "no-cache",
  });
  const verdict = weighConditions(request.headers, validators);
  if (verdict === "not_modified") return { status: 304, headers };
  if (verdict === "failed") {
    return refusal(412, "It has changed", "The file is not the one that the request is about.");
  }
  const type = typeOfName(name) ?? typeOfBytes(await file.read(0, SNIFF_BYTES) ?? NO_BYTES);
  headers.set("Content-Type", type);
  headers.set("Accept-Ranges", "bytes");
  headers.set("X-Content-Type-Options", "nosniff");
  const isGet = request.method === "GET";
  // RFC 9110 section 14.2: Range means something to GET alone.
  const mayBePart = isGet && rangeStillHolds(request.headers.get("if-range"), validators);
  const ranges = mayBePart ? parseRanges(request.headers.get("range"), size) : undefined;
  if (ranges) return partOf(file, ranges, headers);
  headers.set("Content-Length", String(size));
  if (!isGet || size === 0) return { status: 200, headers };
  return { status: 200, headers, stream: fileBody(file, 0, size) };
}

function partOf(
  file: OpenFile,
  ranges: readonly ByteRange[],
  headers: Headers,
): FileAnswer | Response {
  const { size } = file.info;
  if (ranges.length === 0) {
    return refusal(416, "There is no such part", `The file has ${size} bytes.`, {
      "Content-Range": `bytes */${size}`,
    });
  }
  if (ranges.length > 1) {
    const { stream, lengthBytes, type } = rangesBody(file, ranges, headers.get("Content-Type")!);
    headers.set("Content-Type", type);
    headers.set("Content-Length", String(lengthBytes));
    return { status: 206, headers, stream };
  }
  const [{ first, last }] = ranges;
  headers.set("Content-Range", `bytes ${first}-${last}/${size}`);
  headers.set("Content-Length", String(last - first + 1));
  return { status: 206, headers, stream: fileBody(file, first, last + 1) };
}

const NO_BYTES = new Uint8Array(0);

function nothing(): Response {
  return refusal(404, "Nothing is here", "There is no file of that name. Look at its spelling.");
}

function refusal(
  status: number,
  title: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return pageResponse(status, refusalPage(status, title, text), headers);
}

function pageResponse(
  status: number,
  html: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(html, {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": FILE_PAGE_POLICY,
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": "no-cache",
      ...headers,
    },
  });
}

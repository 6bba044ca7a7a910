/**
 * Compressors by `node:zlib`, which Deno and Bun have as well and with the same behaviour: what was
 * written has come out, flushed, when the callback of the write is called.
 *
 * @module
 */
import {
  type BrotliOptions,
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createGunzip,
  createGzip,
  createInflate,
  createInflateRaw,
  type ZlibOptions,
} from "node:zlib";
import * as zlib from "node:zlib";
import type { ByteTransform } from "../base/byte_transform.ts";
import { concat } from "../base/bytes.ts";
import type { Chunk } from "../base/duplex.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Codecs, CodingName, Decoded, Inflated, Inflater } from "./codecs.ts";

/** As much of a zlib stream as is used. */
interface ZlibStream {
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  write(chunk: Uint8Array, done: (error?: Error | null) => void): unknown;
  end(): unknown;
  destroy(): unknown;
}

/** Level 6, the usual balance; each write ends on a byte that can be read. */
const ZLIB: ZlibOptions = { flush: constants.Z_SYNC_FLUSH };

/** Quality 4 is about as fast as gzip and smaller; a window of 512 KiB bounds the memory of a stream. */
const BROTLI: BrotliOptions = {
  flush: constants.BROTLI_OPERATION_FLUSH,
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 4,
    [constants.BROTLI_PARAM_LGWIN]: 19,
  },
};

/** The compressors of all three runtimes. There is no LZW (`compress`): nothing asks for it any more. */
export const nodeCodecs: Codecs = {
  codings: ["br", "gzip", "deflate"],
  createEncoder: (coding) => new ZlibEncoder(streamOf(coding)),
  async decode(coding, bytes, maxBytes) {
    let decoded: Decoded = { bytes, error: undefined };
    for (const one of coding.toLowerCase().split(",").map((name) => name.trim()).reverse()) {
      if (one === "" || one === "identity") continue;
      const next = await decodeOne(one, decoded.bytes, maxBytes);
      decoded = { bytes: next.bytes, error: decoded.error ?? next.error };
    }
    return decoded;
  },
  createInflater: () => new RawInflater(),
};

/** A decoder that does not mind where its input ends. */
function decoderOf(coding: string): ZlibStream | undefined {
  const flush = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return createGunzip(flush);
    case "deflate":
      return createInflate(flush);
    case "br":
      return createBrotliDecompress({
        flush: constants.BROTLI_OPERATION_FLUSH,
        finishFlush: constants.BROTLI_OPERATION_FLUSH,
      });
    case "zstd":
      // It came late: older runtimes do without.
      return typeof zlib.createZstdDecompress === "function"
        ? zlib.createZstdDecompress({
          flush: constants.ZSTD_e_flush,
          finishFlush: constants.ZSTD_e_flush,
        })
        : undefined;
    default:
      return undefined;
  }
}

function decodeOne(coding: string, bytes: Uint8Array, maxBytes: number): Promise<Decoded> {
  const stream = decoderOf(coding);
  if (!stream) {
    return Promise.resolve({
      bytes: new Uint8Array(0),
      error: `"${coding}" cannot be undone here`,
    });
  }
  return new Promise((resolve) => {
    const out: Uint8Array[] = [];
    let total = 0;
    const end = (error: string | undefined) => {
      resolve({ bytes: concat(out), error });
      stream.destroy();
    };
    stream.on("data", (chunk) => {
      const room = maxBytes - total;
      if (room <= 0) return;
      out.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      total += chunk.length;
      if (total > maxBytes) end(`it is longer than ${maxBytes} bytes`);
    });
    stream.on("end", () => end(undefined));
    stream.on("error", (error) => end(error.message));
    // All is read when the write is through, whether or not the end of the stream was in it.
    stream.write(bytes, (error) => error ? end(error.message) : stream.end());
  });
}

function streamOf(coding: CodingName): ZlibStream {
  switch (coding) {
    case "gzip":
      return createGzip(ZLIB);
    case "deflate":
      return createDeflate(ZLIB);
    case "br":
      return createBrotliCompress(BROTLI);
    default:
      throw new TunnelError("internal", `Cannot compress as "${coding}": there is no such encoder`);
  }
}

/** One stream of zlib as a transform. */
class ZlibEncoder implements ByteTransform {
  readonly #stream: ZlibStream;
  #out: Uint8Array[] = [];
  #error: Error | undefined;
  #settle: ((error?: Error | null) => void) | undefined;

  constructor(stream: ZlibStream) {
    this.#stream = stream;
    stream.on("data", (chunk) => this.#out.push(chunk));
    stream.on("end", () => this.#settled());
    stream.on("error", (error) => {
      this.#error = error;
      this.#settled(error);
    });
  }

  push(chunk: Uint8Array): Promise<Chunk> {
    return this.#run((done) => this.#stream.write(chunk, done));
  }

  end(): Promise<Chunk> {
    return this.#run(() => this.#stream.end());
  }

  abort(): void {
    this.#stream.destroy();
    this.#out = [];
    this.#settled(new TunnelError("aborted", "The compression was cut"));
  }

  #run(start: (done: (error?: Error | null) => void) => void): Promise<Chunk> {
    return new Promise((resolve, reject) => {
      this.#settle = (error) => {
        if (error) reject(toTunnelError(error, "io_failed"));
        else resolve(this.#take());
      };
      if (this.#error) this.#settled(this.#error);
      else start((error) => this.#settled(error));
    });
  }

  #settled(error?: Error | null): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(error);
  }

  #take(): Chunk {
    if (this.#out.length === 0) return undefined;
    const chunk = concat(this.#out);
    this.#out = [];
    return chunk;
  }
}

/** One stream goes on over all pieces: a dictionary for each (`inflateRawSync`) fails on Deno. */
class RawInflater implements Inflater {
  #stream: ZlibStream | undefined;
  #error: string | undefined;
  #onData: (chunk: Uint8Array) => void = () => {};
  #settle: (error: string | undefined) => void = () => {};

  inflate(bytes: Uint8Array, keepBytes: number, maxBytes: number): Promise<Inflated> {
    const kept: Uint8Array[] = [];
    let keptBytes = 0;
    let totalBytes = 0;
    return new Promise((resolve) => {
      this.#settle = (error) => {
        this.#error ??= error;
        resolve({ bytes: concat(kept), totalBytes, error });
      };
      if (this.#error !== undefined) return this.#settle(this.#error);
      this.#onData = (chunk) => {
        totalBytes += chunk.length;
        const room = keepBytes - keptBytes;
        if (room > 0) {
          const piece = chunk.slice(0, room);
          keptBytes += piece.length;
          kept.push(piece);
        }
        if (totalBytes > maxBytes) this.#fail(`it is longer than ${maxBytes} bytes`);
      };
      this.#stream ??= this.#open();
      const settle = this.#settle;
      this.#stream.write(bytes, (error) => {
        // Deno 2.9 tells what is wrong right behind a callback that says all is well.
        queueMicrotask(() => settle(error?.message ?? this.#error));
      });
    });
  }

  close(): void {
    this.#fail("it was closed");
  }

  #open(): ZlibStream {
    const stream: ZlibStream = createInflateRaw({ flush: constants.Z_SYNC_FLUSH });
    stream.on("data", (chunk) => this.#onData(chunk));
    stream.on("error", (error) => this.#fail(error.message));
    stream.on("end", () => {
      // A last block, which senders may make and hardly any does (RFC 7692 section 7.2.3.4).
      this.#stream = undefined;
      this.#settle(undefined);
      stream.destroy();
    });
    return stream;
  }

  #fail(error: string): void {
    this.#error ??= error;
    this.#settle(this.#error);
    this.#stream?.destroy();
    this.#stream = undefined;
  }
}

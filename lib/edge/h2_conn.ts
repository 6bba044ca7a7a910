/**
 * One request of HTTP/2 as a connection of HTTP/1.1, so that the same visit serves both: what is
 * read from it is the request as HTTP/1.1 writes it, what is written to it is the response. The
 * HTTP/2 door makes one for each stream.
 *
 * @module
 */
import { type Chunk, RawDuplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { writeLatin1 } from "../http/chars.ts";
import { HttpError } from "../http/fault.ts";
import type { Http1Request } from "../http/http2_request.ts";
import { http1Trailers, http2Trailers } from "../http/http2_request.ts";
import { http2ResponseFields, type ResponseParts, ResponseTaker } from "../http/http2_response.ts";
import { H2_CODE, type Http2Request } from "../http/h2/http2.ts";
import type { Address, Conn, TlsInfo } from "../runtime/net.ts";

/** Chunks up to this size are copied to leave together with their size line. */
const JOIN_BYTES = 16 * 1024;
const CRLF = new Uint8Array([13, 10]);

/** One request, and the connection it came over. */
export class Http2Conn extends RawDuplex implements Conn {
  /** The visitor. */
  readonly remote: Address;
  /** The door. */
  readonly local: Address;
  /** What the handshake of its connection agreed on. */
  readonly tls: TlsInfo | undefined;
  /** Settles when the stream is over. */
  readonly closed: Promise<void>;
  readonly #stream: Http2Request;
  readonly #request: Http1Request;
  readonly #taker: ResponseTaker;
  #ready: Uint8Array[];
  #leftBytes: number;
  #isEnded = false;
  #isAnswered = false;
  #isLeaving = false;
  #readWaits: ((chunk: undefined) => void) | undefined;
  #full: void | Promise<void> = undefined;
  #error: TunnelError | undefined;

  /**
   * Wraps a request.
   *
   * @param stream the stream
   * @param request its head, translated
   * @param conn the connection it came over
   */
  constructor(stream: Http2Request, request: Http1Request, conn: Conn) {
    super();
    this.#stream = stream;
    this.#request = request;
    this.remote = conn.remote;
    this.local = conn.local;
    this.tls = conn.tls;
    this.closed = stream.closed;
    this.#ready = [request.bytes];
    this.#leftBytes = request.contentLength ?? 0;
    this.#taker = new ResponseTaker(request.method, this.#parts());
    if (request.body === "none") this.#isEnded = true;
  }

  /** The request; then nothing until it is answered, and then the end. */
  protected readRaw(): Chunk | Promise<Chunk> {
    const ready = this.#ready.shift();
    if (ready) return ready;
    if (this.#error) throw this.#error;
    if (this.#isLeaving) return undefined;
    if (!this.#isEnded) return this.#readBody();
    if (this.#isAnswered) return undefined;
    if (this.#request.body === "upgraded") return undefined;
    return this.#awaitAnswer();
  }

  /** There is no next request here: the end comes with the answer, or with what cuts the stream. */
  #awaitAnswer(): Promise<Chunk> {
    return new Promise((resolve, reject) => {
      this.#readWaits = resolve;
      void this.#stream.closed.then(() => {
        if (this.#isAnswered) resolve(undefined);
        else reject(this.#error ?? gone());
      });
    });
  }

  #readBody(): Chunk | Promise<Chunk> {
    const next = this.#stream.read();
    return next instanceof Promise ? next.then(this.#took, this.#lost) : this.#took(next);
  }

  /** What is cut after our last word was not to be read anyway. */
  readonly #lost = (thrown: unknown): undefined => {
    if (!this.#isLeaving) throw thrown;
    this.#isEnded = true;
  };

  readonly #took = (chunk: Chunk): Chunk | Promise<Chunk> => {
    const { body } = this.#request;
    if (chunk !== undefined) {
      if (body === "upgraded") return chunk;
      if (body === "chunked") return this.#frame(chunk);
      this.#leftBytes -= chunk.length;
      if (this.#leftBytes < 0) throw this.#wrongLength("more");
      return chunk;
    }
    this.#isEnded = true;
    if (body === "upgraded") return undefined;
    if (body === "chunked") {
      const text = `0\r\n${http1Trailers(http2Trailers(this.#stream.trailers))}\r\n`;
      const bytes = new Uint8Array(text.length);
      writeLatin1(text, bytes, 0);
      return bytes;
    }
    // Trailers of a message with a length have no place in HTTP/1.1 (RFC 9112 section 7.1.2).
    if (this.#leftBytes > 0) throw this.#wrongLength("less");
    return this.readRaw();
  };

  /** A piece of content as a chunk of HTTP/1.1. */
  #frame(piece: Uint8Array): Uint8Array {
    const size = `${piece.length.toString(16)}\r\n`;
    if (piece.length > JOIN_BYTES) {
      this.#ready.push(piece, CRLF);
      const line = new Uint8Array(size.length);
      writeLatin1(size, line, 0);
      return line;
    }
    const bytes = new Uint8Array(size.length + piece.length + 2);
    writeLatin1(size, bytes, 0);
    bytes.set(piece, size.length);
    bytes.set(CRLF, size.length + piece.length);
    return bytes;
  }

  /** RFC 9113 section 8.1.1: as long as it was promised to be, or malformed. */
  #wrongLength(how: string): HttpError {
    const error = new HttpError(
      "content_length",
      "request",
      `the content is ${how} than the ${this.#request.contentLength} bytes that were promised`,
    );
    this.#error = error;
    return error;
  }

  #parts(): ResponseParts {
    const stream = this.#stream;
    return {
      onInterim: (head) => stream.sendHead(http2ResponseFields(head), false),
      onHead: (head, framing) => {
        const isAll = framing.kind === "none" && head.status !== 101;
        stream.sendHead(http2ResponseFields(head), isAll);
        if (isAll) this.#answered();
      },
      onContent: (piece) => {
        this.#full = stream.write(piece);
      },
      onEnd: (trailers) => {
        stream.endWith(http2Trailers(trailers));
        this.#answered();
      },
    };
  }

  #answered(): void {
    this.#isAnswered = true;
    // Whoever waits for a next request on this connection learns that there is none.
    this.#readWaits?.(undefined);
  }

  /** Sends bytes of the response. */
  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#error) throw this.#error;
    this.#full = undefined;
    this.#taker.take(chunk);
    return this.#full;
  }

  /** Ends the response; one that is not complete is cut. */
  closeWrite(): void {
    if (!this.#taker.end()) return this.abort();
    this.#stream.closeWrite();
    if (this.#request.body === "upgraded") return;
    this.#isLeaving = true;
    this.#stream.endsAll();
  }

  /** Cuts the stream; the others of its connection go on. */
  abort(reason?: unknown): void {
    this.#error ??= reason instanceof TunnelError
      ? reason
      : new TunnelError("aborted", "The HTTP/2 stream was aborted", { cause: reason });
    if (this.#isAnswered && this.#isEnded) return;
    this.#stream.reset(this.#resetCode());
  }

  #resetCode(): number {
    if (this.#isAnswered) return H2_CODE.noError;
    if (this.#error instanceof HttpError) return H2_CODE.protocolError;
    return this.#error?.code === "aborted" ? H2_CODE.cancel : H2_CODE.internalError;
  }
}

function gone(): TunnelError {
  return new TunnelError("connection_reset", "The visitor took its request back");
}

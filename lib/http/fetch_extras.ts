/**
 * What HTTP has and `Request` and `Response` have not: trailers, early hints, and when an answer has
 * left. `fetch_exchange.ts` makes one for each request whose handler may ask for it.
 *
 * @module
 */
import { encodeText } from "../base/bytes.ts";
import { TunnelError } from "../base/errors.ts";
import { quote } from "./chars.ts";
import { FORBIDDEN_TRAILERS } from "./chunked_scanner.ts";
import { checkHeaderLine } from "./edit.ts";
import type { FetchExtras, ResponseTrailers } from "./fetch_options.ts";
import { reasonPhrase } from "./response.ts";

/** The exchange, as its extras need it. */
export interface ExtrasOwner {
  /** Whether the visitor speaks HTTP/1.0, which has neither chunks nor interim answers. */
  readonly http10: boolean;
  /** Whether the head of the response was made. */
  readonly begun: boolean;
  /** The trailer fields of the request, once its body was read. */
  trailers(): Promise<readonly (readonly [name: string, value: string])[]>;
  /** Sends an interim answer; nobody waits for it. */
  sendInterim(bytes: Uint8Array): void;
}

/** The extras of one exchange. */
export class ExchangeExtras implements FetchExtras {
  readonly #owner: ExtrasOwner;
  #trailers: ResponseTrailers | undefined;
  #completed: Promise<void> | undefined;
  #settle: ((failure: unknown) => void) | undefined;
  #outcome: { readonly failure: unknown } | undefined;

  /**
   * Nothing is wanted yet.
   *
   * @param owner the exchange
   */
  constructor(owner: ExtrasOwner) {
    this.#owner = owner;
  }

  /** Settles when the answer has left. */
  get completed(): Promise<void> {
    if (!this.#completed) {
      this.#completed = new Promise((resolve, reject) => {
        this.#settle = (failure) => failure === undefined ? resolve() : reject(failure);
      });
      // A handler that asked for it and looks away must not crash the program.
      this.#completed.catch(() => undefined);
      if (this.#outcome) this.#settle!(this.#outcome.failure);
    }
    return this.#completed;
  }

  /** The answer has left, or never will. Later calls change nothing. */
  complete(failure?: unknown): void {
    if (this.#outcome) return;
    this.#outcome = { failure };
    this.#settle?.(failure);
  }

  /** The trailer fields of the request. */
  async requestTrailers(): Promise<Headers> {
    const headers = new Headers();
    for (const [name, value] of await this.#owner.trailers()) headers.append(name, value);
    return headers;
  }

  /** Sends fields behind the body. */
  sendTrailers(trailers: ResponseTrailers): void {
    if (this.#owner.begun) throw late("send trailers");
    this.#trailers = typeof trailers === "function" ? trailers : checked(trailers);
  }

  /** Sends headers before the answer. */
  sendEarlyHints(init: HeadersInit): void {
    let text = `HTTP/1.1 103 ${reasonPhrase(103)}\r\n`;
    new Headers(init).forEach((value, name) => {
      checkHeaderLine([name, value]);
      // RFC 9110 section 15.2: an interim answer has no body, and so no framing
      if (!ABOUT_BODY.test(name)) text += `${name}: ${value}\r\n`;
    });
    if (this.#owner.begun) throw late("send early hints");
    if (!this.#owner.http10) this.#owner.sendInterim(encodeText(`${text}\r\n`));
  }

  /** The names of the trailers to come, as far as they are known; `undefined` when there are none. */
  get trailerNames(): string | undefined {
    const trailers = this.#trailers;
    if (!trailers || this.#owner.http10) return undefined;
    return trailers instanceof Headers ? [...trailers.keys()].join(", ") : "";
  }

  /**
   * The lines behind the last chunk.
   *
   * @throws whatever the handler's function fails with
   */
  async trailerLines(): Promise<string> {
    const trailers = this.#trailers;
    const headers = typeof trailers === "function" ? checked(await trailers()) : trailers;
    let text = "";
    (headers as Headers | undefined)?.forEach((value, name) => text += `${name}: ${value}\r\n`);
    return text;
  }
}

/** What a recipient would take for the framing of an interim answer, or for its connection. */
const ABOUT_BODY = /^(?:connection|content-length|keep-alive|transfer-encoding|upgrade)$/;

function checked(init: HeadersInit): Headers {
  const headers = new Headers(init);
  headers.forEach((value, name) => {
    checkHeaderLine([name, value]);
    if (!FORBIDDEN_TRAILERS.has(name)) return;
    throw new TypeError(
      `Cannot send the trailer ${quote(name)}: it is needed before the body; make it a header`,
    );
  });
  return headers;
}

function late(what: string): TunnelError {
  return new TunnelError("conflict", `Cannot ${what}: the response has begun`);
}

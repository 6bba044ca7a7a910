/**
 * A listener as `@ngrok/ngrok` has it, over an endpoint of ours. The builders and `sdk.ts` make them.
 *
 * @module
 */
import { findServer, type LocalServer } from "../agent/local_server.ts";
import type { ForwardToOptions, ListeningEndpoint } from "../agent/listen.ts";

/** What a listener is made of. */
export interface ListenerParts {
  /** What is behind it. */
  readonly endpoint: ListeningEndpoint;
  /** What the caller said about where traffic goes. */
  readonly forwardsTo: string | undefined;
  /** How an encrypted service is spoken to. */
  readonly upstream: ForwardToOptions;
  /** A path in a folder for temporary files. */
  readonly socketPath: string;
}

/** A public URL, and what happens to its visitors. */
export class Listener {
  readonly #parts: ListenerParts;
  #forwardsTo: string | undefined;

  /**
   * Made by builders.
   *
   * @param parts what it is made of
   */
  constructor(parts: ListenerParts) {
    this.#parts = parts;
  }

  /** The public URL. */
  url(): string | null {
    return this.#parts.endpoint.url;
  }

  /** What visitors speak. */
  proto(): string | null {
    return this.#parts.endpoint.proto;
  }

  /** Always empty: labels belong to ngrok's older edges. */
  labels(): Record<string, string> {
    return {};
  }

  /** Names it. */
  id(): string {
    return this.#parts.endpoint.id;
  }

  /** Where traffic goes. */
  forwardsTo(): string {
    return this.#parts.forwardsTo ?? this.#forwardsTo ?? this.#parts.endpoint.upstream;
  }

  /** The text kept with the endpoint. */
  metadata(): string {
    return this.#parts.endpoint.metadata;
  }

  /**
   * A path for `server.listen(listener)` of `node:net` and `node:http`: whoever asks for it gets the
   * visitors there from now on.
   */
  get path(): string {
    const { socketPath } = this.#parts;
    void this.#send(`unix:${socketPath}`).catch(() => this.close()); // the path is one of ours
    return socketPath;
  }

  /**
   * Forwards visitors to a service.
   *
   * @param addr port, `host:port`, URL or `unix:` path
   * @returns settles when the listener is over
   */
  async forward(addr: string | number): Promise<void> {
    await this.#send(addr);
    await this.join();
  }

  /** Settles when it is over. */
  async join(): Promise<void> {
    const { error } = await this.#parts.endpoint.closed;
    if (error) throw error;
  }

  /** Takes the URL down. */
  close(): Promise<void> {
    return this.#parts.endpoint.close();
  }

  /** Forwards visitors without waiting for the end. */
  async send(addr: string | number): Promise<this> {
    await this.#send(addr);
    return this;
  }

  /**
   * Forwards visitors to a server of this program, or to an app of Express, which begins to listen on
   * loopback if it does not yet. It gets the listener as its `listener`.
   */
  async serve(server: LocalServer): Promise<this> {
    const { addr, isEncrypted } = await findServer(server);
    const isHttp = this.proto()?.startsWith("http");
    Object.assign(server, { listener: this });
    return await this.send(isEncrypted && isHttp ? `https://${addr}` : addr);
  }

  /** Itself: scripts look for the listener in what `listen()` gives them. */
  get listener(): this {
    return this;
  }

  async #send(addr: string | number): Promise<void> {
    const { endpoint, upstream } = this.#parts;
    await endpoint.forwardTo(addr, upstream);
    this.#forwardsTo = endpoint.upstream;
  }
}

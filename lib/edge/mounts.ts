/**
 * Host names that somebody else serves on the doors of the edge: the API at `api.<domain>`. The
 * doors ask; whoever starts both the edge and its API puts it here.
 *
 * @module
 */
import type { HttpVisit } from "../http/visit.ts";
import type { Conn } from "../runtime/net.ts";

/**
 * Serves one connection of a visitor until it is over. On the plain door the first request has
 * been looked at and given back, so it is read as if nobody had.
 *
 * A connection may bring requests for another host later on: the answer to those is 421.
 */
export type HostServer = (conn: Conn, scheme: "http" | "https") => HttpVisit;

/** The names that are served by others. */
export class Mounts {
  readonly #servers = new Map<string, HostServer>();

  /**
   * Lets somebody serve a name, from now on and instead of whoever did before.
   *
   * @param host lower case
   * @param serve gets the connections
   */
  mount(host: string, serve: HostServer): void {
    this.#servers.set(host, serve);
  }

  /** Who serves a name; `undefined` is the edge itself. */
  find(host: string): HostServer | undefined {
    return this.#servers.get(host);
  }
}

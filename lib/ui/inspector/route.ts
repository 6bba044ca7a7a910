/**
 * Places in the page and their addresses: `/inspect/http`, `/inspect/http#/airt_…`,
 * `/inspect/http#/airt_…/airt_…` for two that are compared, `/status`.
 *
 * @module
 */

/** A place in the page. */
export interface Route {
  /** Which part. */
  readonly page: "requests" | "status";
  /** The exchange that is shown. */
  readonly id: string | undefined;
  /** The one it is compared with. */
  readonly otherId: string | undefined;
}

/** The place that an address names. */
export function routeOf(path: string, hash: string): Route {
  const [, id, otherId] = /^#\/([\w-]+)(?:\/([\w-]+))?$/.exec(hash) ?? [];
  const page = path.replace(/\/$/, "") === "/status" ? "status" : "requests";
  return page === "status" ? { page, id: undefined, otherId: undefined } : { page, id, otherId };
}

/** The address that names a place. */
export function addressOf({ page, id, otherId }: Route): string {
  if (page === "status") return "/status";
  return `/inspect/http${id ? `#/${id}${otherId ? `/${otherId}` : ""}` : ""}`;
}

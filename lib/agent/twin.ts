/**
 * Two endpoints of one tunnel, by https and by http: visitors find both at one name, as with agents of
 * version 2 (wire-protocol 5.2). The command line and the agent's API ask here before the second one
 * goes online.
 *
 * @module
 */
import type { ForwardOptions } from "./config.ts";

/** What the second endpoint of a tunnel is called beside its first. */
const SUFFIX = " (http)";

/**
 * The name of the endpoint whose host an endpoint is to have; `undefined` when it has its own wish.
 *
 * @param wish what is asked
 */
export function twinOf({ name = "", url }: ForwardOptions): string | undefined {
  return url === "http://" && name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : undefined;
}

/**
 * A wish for the host of its twin.
 *
 * @param wish what is asked
 * @param twinUrl the public URL of the one that is online
 */
export function besideTwin(wish: ForwardOptions, twinUrl: string): ForwardOptions {
  return { ...wish, url: `http://${new URL(twinUrl).hostname}` };
}

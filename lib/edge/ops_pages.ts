/**
 * The pages for machines that watch an edge: `/metrics` for Prometheus, `/healthz` and `/readyz` for
 * whoever restarts it or sends it visitors. Shown at the API's door for this machine and at a door
 * of their own; never where visitors arrive.
 *
 * Called by `watch.ts` for the door, and by whoever serves the API.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { parseIp } from "../http/ip_address.ts";
import { serveFetch } from "../http/serve_fetch.ts";
import type { HttpVisit } from "../http/visit.ts";
import type { Address, Net } from "../runtime/net.ts";
import { isLoopback } from "./config.ts";
import type { Door } from "./door_http.ts";
import { EXPOSITION_TYPE } from "./exposition.ts";

/** What the pages show. */
export interface OpsSource {
  /** The page of metrics. */
  metrics(): string;
  /** Why no visitor should be sent here now; `undefined` when all is well. */
  notReady(): string | undefined;
}

/**
 * Answers a request for one of the pages.
 *
 * @param request any
 * @param source what they show
 * @returns nothing when the request is for something else
 */
export function answerOps(request: Request, source: OpsSource): Response | undefined {
  const { pathname } = new URL(request.url);
  const page = PAGES[pathname];
  if (!Object.hasOwn(PAGES, pathname)) return undefined;
  if (request.method !== "GET" && request.method !== "HEAD") {
    return say(`${request.method} does not go with this page: use GET`, 405, {
      allow: "GET, HEAD",
    });
  }
  return page(source);
}

const PAGES: Readonly<Record<string, (source: OpsSource) => Response>> = {
  "/metrics": (source) => say(source.metrics(), 200, { "content-type": EXPOSITION_TYPE }),
  // Whoever can say so is alive.
  "/healthz": () => say("ok\n", 200),
  "/readyz": (source) => {
    const why = source.notReady();
    return why === undefined ? say("ready\n", 200) : say(`not ready: ${why}\n`, 503);
  },
};

function say(text: string, status: number, headers: Record<string, string> = {}): Response {
  return new Response(text, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      ...headers,
    },
  });
}

/** How the door of the pages stands. */
export interface OpsDoorOptions {
  /** Whose listeners. */
  readonly net: Net;
  /** The IP to listen at. */
  readonly host: string;
  /** The port; 0 takes any free one. */
  readonly port: number;
  /** What the pages show. */
  readonly source: OpsSource;
  /** Whose time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
}

/** Visitors of the pages at a time; more are turned away, for they have no account to be judged by. */
const MAX_VISITS = 64;

/**
 * Opens a door that shows the pages and nothing else, without asking who looks.
 *
 * @param options where, and what is shown
 * @throws {TunnelError} address_in_use, address_not_available, permission_denied
 */
export async function openOpsDoor(options: OpsDoorOptions): Promise<Door> {
  const { net, host, port, source, clock, logger } = options;
  const visits = new Set<HttpVisit>();
  const listener = await net.listen({
    host,
    port,
    onConnection: (conn) => {
      if (visits.size >= MAX_VISITS) return conn.abort();
      const visit = serveFetch(
        conn,
        (request) => {
          // A page in a browser of this machine, whose name leads here, is no visitor (DNS rebinding).
          if (isLoopback(host) && !namesThisMachine(request)) return say("Not at this host\n", 421);
          return answerOps(request, source) ?? say("Try /metrics, /healthz or /readyz\n", 404);
        },
        { clock, scheme: "http", logger },
      );
      visits.add(visit);
      void visit.over.then(() => visits.delete(visit));
    },
  });
  return {
    address: listener.address as Address,
    close: async () => {
      await listener.close();
      for (const visit of visits) visit.abort();
      await Promise.all([...visits].map((visit) => visit.over));
    },
  };
}

function namesThisMachine(request: Request): boolean {
  const { hostname } = new URL(request.url);
  return hostname === "localhost" || parseIp(hostname.replace(/^\[|\]$/g, "")) !== undefined;
}

/**
 * The admin page of an edge, and the little it needs beyond the REST API: what moves, in one answer
 * small enough to be asked for every two seconds, and the certificate of the edge's authority.
 *
 * Mounted in front of the REST API by `edge_api.ts`; whatever is not for the page goes on to the API.
 *
 * @module
 */
import { Hono } from "hono";
import type { Clock } from "../base/clock.ts";
import { ksuid } from "../base/ids.ts";
import { VERSION } from "../base/version.ts";
import type { EndpointInfo, SessionInfo } from "../edge/info.ts";
import { ADMIN_ASSETS } from "./admin_assets.gen.ts";
import { ASSETS_PATH, PAGE_HEADERS, PageServer, wantsPage } from "./page.ts";
import { problemBody, toProblem } from "./problem.ts";

/** The part of a running edge that the page shows. */
export interface AdminEdge {
  /** The first base domain. */
  readonly domain: string;
  /** What agents are told to connect to: `host:port`; `undefined` when no door lets them in. */
  readonly connectAddress: string | undefined;
  /** The certificate of its authority, when it has a TLS door. */
  readonly caPem: string | undefined;
  /** The endpoints that are online, of all accounts. */
  endpoints(): readonly EndpointInfo[];
  /** The agents that are connected, of all accounts. */
  sessions(): readonly SessionInfo[];
}

/** What the page needs of the edge. */
export interface AdminOptions {
  /** The running edge. */
  readonly edge: AdminEdge;
  /** Time. */
  readonly clock: Clock;
  /**
   * Whose API key a request carries.
   *
   * @throws {TunnelError} refused, with 201 to 208 and the like
   */
  readonly authenticate: (request: Request) => Promise<{ readonly accountId: string }>;
}

/** What moves, as the page reads it. */
export interface LiveAnswer {
  /** Milliseconds since 1970. */
  readonly at_ms: number;
  /** The edge itself. */
  readonly edge: {
    /** The first base domain. */
    readonly domain: string;
    /** Its version. */
    readonly version: string;
    /** Milliseconds since 1970. */
    readonly started_at_ms: number;
    /** What agents are told to connect to. */
    readonly connect_address: string | null;
    /** Whether there is an authority's certificate to download. */
    readonly has_ca: boolean;
  };
  /** The account's endpoints: counters since they came online. */
  readonly endpoints: readonly {
    /** As the REST API names it. */
    readonly id: string;
    /** Requests and connections. */
    readonly requests: number;
    /** Those that are not over. */
    readonly open: number;
    /** Bytes from visitors. */
    readonly in_bytes: number;
    /** Bytes to visitors. */
    readonly out_bytes: number;
  }[];
  /** The account's agents. */
  readonly sessions: readonly {
    /** As the REST API names it. */
    readonly id: string;
    /** The last round trip; `null` before the first. */
    readonly latency_ms: number | null;
    /** Visitors it carries. */
    readonly open: number;
    /** What it serves, as the REST API names it. */
    readonly endpoint_ids: readonly string[];
  }[];
}

/** Routes of the page. What they do not answer is left to whoever comes behind them. */
export function adminRoutes(options: AdminOptions): Hono {
  const { edge, clock, authenticate } = options;
  const startedAtMs = clock.now();
  const server = new PageServer(ADMIN_ASSETS);
  const app = new Hono();

  // The API lists itself at the same place, for programs (spec rest-api A17).
  app.get("/", (context, next) => wantsPage(context.req.raw) ? respond(server.page()) : next());

  app.get(`${ASSETS_PATH}:name`, async (context, next) => {
    const encoding = context.req.header("accept-encoding") ?? null;
    return await server.file(context.req.param("name"), encoding) ?? await next();
  });

  // Public by nature: every TLS handshake shows it.
  app.get("/_sallyport/ca.pem", (_, next) => {
    if (edge.caPem === undefined) return next();
    const headers = {
      ...PAGE_HEADERS,
      "cache-control": "no-store",
      "content-disposition": 'attachment; filename="sallyport-ca.pem"',
      "content-type": "application/x-pem-file",
    };
    return respond(new Response(edge.caPem, { headers }));
  });

  app.get("/_sallyport/live", async (context) => {
    const headers = new Headers({ ...PAGE_HEADERS, "cache-control": "no-store" });
    try {
      const { accountId } = await authenticate(context.req.raw);
      return Response.json(liveAnswer(edge, accountId, startedAtMs, clock.now()), { headers });
    } catch (thrown) {
      const problem = toProblem(thrown);
      const body = problemBody(problem, `op_${ksuid(clock.now())}`);
      if (problem.retryAfterS !== undefined) {
        headers.set("retry-after", String(problem.retryAfterS));
      }
      return Response.json(body, { status: problem.status, headers });
    }
  });

  return app;
}

function respond(response: Response): Promise<Response> {
  return Promise.resolve(response);
}

/** What moves, of one account and nobody else. */
function liveAnswer(
  edge: AdminEdge,
  accountId: string,
  startedAtMs: number,
  nowMs: number,
): LiveAnswer {
  const endpoints = edge.endpoints().filter((endpoint) => endpoint.accountId === accountId);
  const ids = new Map(endpoints.map(({ id, ksuid }) => [id, `ep_${ksuid}`]));
  return {
    at_ms: nowMs,
    edge: {
      domain: edge.domain,
      version: VERSION,
      started_at_ms: startedAtMs,
      connect_address: edge.connectAddress ?? null,
      has_ca: edge.caPem !== undefined,
    },
    endpoints: endpoints.map(({ id, traffic }) => ({
      id: ids.get(id)!,
      requests: traffic.requests,
      open: traffic.open,
      in_bytes: traffic.inBytes,
      out_bytes: traffic.outBytes,
    })),
    sessions: edge.sessions().filter((session) => session.accountId === accountId)
      .map(({ id, latencyMs, openStreams, endpointIds }) => ({
        id,
        latency_ms: latencyMs ?? null,
        open: openStreams,
        endpoint_ids: endpointIds.flatMap((id) => ids.get(id) ?? []),
      })),
  };
}

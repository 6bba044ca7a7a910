/**
 * Puts the REST API and the admin page of a running edge on the network: at `api.<domain>` on the
 * doors of the edge, and at its door for programs on the same machine. What the API changes acts on
 * the edge at once, and what happens at the edge goes to the event destinations.
 *
 * Called by the command line, which starts both.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { EdgeInside } from "../edge/edge_handle.ts";
import type { EdgeEvent } from "../edge/events.ts";
import type { HostServer } from "../edge/mounts.ts";
import { answerOps, type OpsSource } from "../edge/ops_pages.ts";
import type { Reconfigured } from "../edge/reload.ts";
import { parseIp } from "../http/ip_address.ts";
import { serveFetch } from "../http/serve_fetch.ts";
import type { Files } from "../runtime/host.ts";
import { adminRoutes } from "./admin.ts";
import { createEdgeApi } from "./edge_api.ts";
import { EventPipeline } from "./event_pipeline.ts";
import type { ApiLimits } from "./limits.ts";
import { liveEdge } from "./live_edge.ts";
import { operatorRoutes } from "./operator.ts";
import { ApiProblem, problemBody } from "./problem.ts";
import { trafficEvent } from "./traffic_events.ts";

/** What serving takes besides the edge. */
export interface ServeOptions {
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** The file system, for event targets that are files. */
  readonly files: Files;
  /** The folder of event files; without it there are none. */
  readonly eventsFolder: string | undefined;
  /** Writes a line of an event target that is standard output. */
  readonly print: (line: string) => void;
  /** Reads the configuration of the edge again, for its operator. */
  readonly reload?: () => Promise<Reconfigured>;
  /** What differs from the usual bounds of the API. */
  readonly limits?: Partial<ApiLimits>;
}

/** An API that is being served. */
export interface ServedApi {
  /** Takes what happens at the edge. */
  hear(event: EdgeEvent): void;
  /**
   * Lets events that wait reach their destinations. Before the edge is closed, for its store is read.
   *
   * @param graceMs how long that may take
   */
  close(graceMs: number): Promise<void>;
}

/**
 * Serves the API of an edge from now on.
 *
 * @param edge running, with a store
 * @param options time, log, files
 * @throws {TunnelError} usage on an embedded edge: it has nothing to administrate
 */
export function serveEdgeApi(edge: EdgeInside, options: ServeOptions): ServedApi {
  const { store, sealer, ownerAccountId, domains, region, addresses } = edge;
  if (!store || !sealer) {
    throw new TunnelError("usage", "Cannot serve the API of this edge: it keeps no accounts");
  }
  const { clock, logger, files, eventsFolder, print } = options;
  const pipeline = new EventPipeline({
    store,
    sealer,
    clock,
    logger,
    files,
    folder: eventsFolder,
    print,
    isTrusted: (accountId) => accountId === ownerAccountId,
  });
  const api = createEdgeApi({
    store,
    sealer,
    clock,
    logger,
    live: liveEdge(edge, region),
    domains,
    region,
    ports: { http: addresses.http?.port, https: addresses.https?.port },
    tcpPorts: edge.tcpRange,
    limits: options.limits,
    baseUrl: (request) => new URL(request.url).origin,
    onChanged(change) {
      pipeline.changed(change);
      void edge.identityChanged({ accountId: change.accountId });
    },
    onEvent: (event) => pipeline.publish({ ...event }),
    sendTestEvent: (accountId, id) => pipeline.sendTest(accountId, id),
  });

  const callers = new WeakMap<Request, string>();
  const callerOf = (request: Request) => callers.get(request) ?? "";
  const app = adminRoutes({
    edge,
    clock,
    authenticate: (request) =>
      api.gate.admit(request.headers.get("authorization"), callerOf(request), "dashboard"),
  });
  app.route(
    "/",
    operatorRoutes({
      clock,
      ownerAccountId,
      reload: options.reload,
      authenticate: (request) =>
        api.gate.admit(request.headers.get("authorization"), callerOf(request), "api"),
    }),
  );
  app.notFound((context) => api.fetch(context.req.raw, { remoteIp: callerOf(context.req.raw) }));

  const server = (ops: OpsSource | undefined): HostServer => (conn, scheme) =>
    serveFetch(
      conn,
      async (request, { remote }) => {
        if (!isOurHost(new URL(request.url).hostname, domains)) return misdirected();
        const page = ops && answerOps(request, ops);
        if (page) return page;
        callers.set(request, remote?.host ?? "");
        return await app.fetch(request);
      },
      { clock, scheme, logger, info: { remote: conn.remote } },
    );
  // Who watches the edge comes to the door for this machine: visitors have no business with it.
  edge.mountApi(server(undefined), server(edge.ops));
  return {
    hear(event) {
      const envelope = trafficEvent(event, (accountId, type) => pipeline.wants(accountId, type));
      if (envelope) pipeline.publish(envelope);
    },
    close: (graceMs) => pipeline.close(graceMs),
  };
}

/**
 * Whether a request names us: `api.<domain>`, an address, or this machine. A page of somebody else
 * whose name leads to our address (DNS rebinding) does not, and a connection that asked for another
 * host before does not reach us by accident.
 *
 * @param host as it stands in the URL
 * @param domains the base domains of the edge
 */
export function isOurHost(host: string, domains: readonly string[]): boolean {
  if (host === "localhost" || domains.some((domain) => host === `api.${domain}`)) return true;
  return parseIp(host.replace(/^\[|\]$/g, "")) !== undefined;
}

/** RFC 9110 section 15.5.20. */
function misdirected(): Response {
  const message = "The API is not at this host name";
  return Response.json(problemBody(new ApiProblem(421, message), "op_none"), { status: 421 });
}

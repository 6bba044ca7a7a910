/**
 * The API of a running agent, as a fetch handler: the documented routes (spec agent H), our own
 * additions (`shapes.ts`), and the inspector's page. `serve_agent_api.ts` puts it on a port.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { type AgentProblem, plainProblem, toAgentProblem } from "./agent_problem.ts";
import type { AgentApiDeps } from "./api_deps.ts";
import { addEndpointRoutes } from "./endpoint_routes.ts";
import { eventStream } from "./event_stream.ts";
import { addExchangeRoutes } from "./exchange_routes.ts";
import { refuseStranger } from "./guard.ts";
import { inspectorPage } from "./inspector_page.ts";
import { agentOpenApi } from "./agent_openapi.ts";
import { writeReply } from "./reply.ts";
import { RequestLog } from "./request_log.ts";
import { AGENT_PATHS } from "./shapes.ts";
import { legacyStatus, type SessionMemory, statusOf } from "./status.ts";

/** The API of an agent. */
export interface AgentApi {
  /** Answers a request. */
  fetch(request: Request): Promise<Response>;
  /** It listens to the agent no more. */
  close(): void;
}

const METHODS = ["GET", "POST", "PUT", "DELETE"];

/**
 * Makes the API of an agent.
 *
 * @param deps the agent, and what it is to know besides
 */
export function createAgentApi(deps: AgentApiDeps): AgentApi {
  const { agent, clock, logger } = deps;
  const memory: SessionMemory = { startedAtMs: clock.now(), error: "" };
  const forget = agent.subscribe((event) => {
    if (event.type === "session_established") memory.error = "";
    if (event.type === "session_lost" || event.type === "session_failed") {
      memory.error = event.message;
    }
  });
  const logs = new WeakMap<Request, RequestLog>();
  // Some ask for `/api/tunnels/`.
  const app = new Hono({ strict: false });
  const documented = (c: Context, root: string, value: unknown) =>
    writeReply(c.req.header("accept"), { root, value });
  app.get("/api", (c) =>
    documented(c, "rootResource", {
      tunnels_uri: "/api/tunnels",
      http_requests_uri: "/api/requests/http",
      endpoints_uri: "/api/endpoints",
      status_uri: "/api/status",
    }));
  app.get("/api/status", (c) => documented(c, "statusResource", legacyStatus(deps)));
  app.get(AGENT_PATHS.status, (c) => c.json(statusOf(deps, memory)));
  app.get("/api/openapi.json", (c) => c.json(agentOpenApi(`http://${deps.address}`)));
  app.get(AGENT_PATHS.events, () => {
    const body = eventStream({
      clock,
      store: agent.exchanges,
      status: () => statusOf(deps, memory),
    });
    return new Response(body, {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  });
  addEndpointRoutes(app, deps);
  addExchangeRoutes(app, deps);
  app.route("/", inspectorPage());

  app.notFound((c) => {
    const path = new URL(c.req.url).pathname;
    const allowed = METHODS.filter((method) =>
      app.router.match(method, path)[0].some(([[, route]]) => route.method === method)
    );
    const problem = allowed.length === 0 || allowed.includes(c.req.method)
      ? plainProblem(404, "Not Found", { path })
      : plainProblem(405, "Method Not Allowed", { path, method: c.req.method }, {
        allow: allowed.join(", "),
      });
    logs.get(c.req.raw)?.refused(problem.json);
    return problemResponse(c, problem);
  });
  app.onError((thrown, c) => {
    const problem = toAgentProblem(thrown);
    if (problem.json.status_code === 500) {
      const err = thrown instanceof Error ? thrown.message : String(thrown);
      logger.log("error", "agent API failed", { obj: "web", path: c.req.path, err });
    } else logs.get(c.req.raw)?.refused(problem.json);
    return problemResponse(c, problem);
  });

  return {
    async fetch(request) {
      const log = new RequestLog(new URL(request.url).pathname, logger, clock);
      logs.set(request, log);
      const response = refuseStranger(request, deps) ?? await app.fetch(request);
      // Whatever a service sent is data here, and never a page.
      if (!response.headers.has("x-content-type-options")) {
        response.headers.set("x-content-type-options", "nosniff");
      }
      log.end(response.status);
      return response;
    },
    close: forget,
  };
}

function problemResponse(c: Context, { json, headers }: AgentProblem): Response {
  const { status_code: status } = json;
  return writeReply(c.req.header("accept"), {
    root: "errorResource",
    value: json,
    status,
    headers,
  });
}

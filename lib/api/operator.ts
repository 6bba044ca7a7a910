/**
 * What only the operator of an edge may ask for: to read its configuration again. Mounted in front of
 * the REST API by `serve.ts`; it is no part of it, for accounts have no business here.
 *
 * @module
 */
import { Hono } from "hono";
import type { Clock } from "../base/clock.ts";
import { ksuid } from "../base/ids.ts";
import { toTunnelError } from "../base/errors.ts";
import type { Reconfigured } from "../edge/reload.ts";
import { ApiProblem, problemBody, toProblem } from "./problem.ts";

/** What the routes need. */
export interface OperatorOptions {
  /** Time. */
  readonly clock: Clock;
  /** The account of the operator. */
  readonly ownerAccountId: string | undefined;
  /**
   * Whose API key a request carries.
   *
   * @throws {TunnelError} refused, with 201 to 208 and the like
   */
  readonly authenticate: (request: Request) => Promise<{ readonly accountId: string }>;
  /**
   * Reads the configuration again; without it there is none to read.
   *
   * @throws {TunnelError} config_invalid with file, line and column; nothing has changed then
   */
  readonly reload: (() => Promise<Reconfigured>) | undefined;
}

/** The routes. What they do not answer is left to whoever comes behind them. */
export function operatorRoutes(options: OperatorOptions): Hono {
  const { clock, ownerAccountId, authenticate, reload } = options;
  const app = new Hono();
  app.post("/_sallyport/reload", async (context) => {
    try {
      const { accountId } = await authenticate(context.req.raw);
      if (accountId !== ownerAccountId) {
        throw new ApiProblem(403, "Only an API key of the edge's own account may do this");
      }
      if (!reload) throw new ApiProblem(409, "The edge was started without a configuration file");
      const { changed, needRestart } = await reload().catch(refuse);
      return context.json({ changed, need_restart: needRestart });
    } catch (thrown) {
      const problem = toProblem(thrown);
      const body = problemBody(problem, `op_${ksuid(clock.now())}`);
      const headers: Record<string, string> = { "cache-control": "no-store" };
      if (problem.retryAfterS !== undefined) headers["retry-after"] = String(problem.retryAfterS);
      return Response.json(body, { status: problem.status, headers });
    }
  });
  return app;
}

/** A file that is wrong is the caller's to mend; everything else is ours. */
function refuse(thrown: unknown): never {
  const { code, message } = toTunnelError(thrown);
  const known = ["config_invalid", "not_found", "permission_denied", "usage", "io_failed"];
  if (known.includes(code)) throw new ApiProblem(400, message);
  throw thrown;
}

/**
 * The inspector's page and its files, as the agent's API serves them: `/inspect/http`, `/status` and
 * what they load. Mounted by the agent's API in front of its routes.
 *
 * @module
 */
import { Hono } from "hono";
import { ASSETS_PATH, PageServer } from "../page.ts";
import { INSPECTOR_ASSETS } from "./inspector_assets.gen.ts";

/** Where the page is when nothing else is said. */
const HOME = "/inspect/http";

/** Routes of the page. What they do not answer is left to whoever comes behind them. */
export function inspectorPage(): Hono {
  const server = new PageServer(INSPECTOR_ASSETS);
  const app = new Hono();
  app.get("/", (context) => context.redirect(HOME, 302));
  app.get("/inspect", (context) => context.redirect(HOME, 302));
  for (const path of [HOME, "/status"]) app.get(path, () => server.page());
  app.get(`${ASSETS_PATH}:name`, async (context, next) => {
    const encoding = context.req.header("accept-encoding") ?? null;
    return await server.file(context.req.param("name"), encoding) ?? await next();
  });
  return app;
}

// A Hono app, with Hono's own WebSocket helper.
import { getConnInfo, type SallyportEnv, serve, upgradeWebSocket } from "@sallyport/sallyport/hono";
import { Hono } from "hono";

const app = new Hono<SallyportEnv>();
app.get("/", (c) => c.text(`hello ${getConnInfo(c).remote.address}`));
app.get(
  "/shout",
  upgradeWebSocket(() => ({
    onMessage: ({ data }, ws) => ws.send(String(data).toUpperCase()),
  })),
);

const tunnel = await serve(app, { url: "hono.localhost" });
console.log(tunnel.url);

// A fetch handler on a public URL: no port is opened on this machine.
import { serve } from "@sallyport/sallyport";

const tunnel = await serve(async (request, { remote }) => {
  const { pathname } = new URL(request.url);
  if (request.method === "POST") return new Response(await request.text());
  return Response.json({ pathname, visitor: remote.host });
}, { url: "serve.localhost" });

console.log(tunnel.url);

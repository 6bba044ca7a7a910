// A traffic policy, as an object or as YAML: the edge asks for a password, and adds a header.
import { serve } from "@sallyport/sallyport";

const trafficPolicy = {
  on_http_request: [
    { actions: [{ type: "basic-auth", config: { credentials: ["me:a-long-password"] } }] },
  ],
  on_http_response: [
    { actions: [{ type: "add-headers", config: { headers: { "x-robots-tag": "noindex" } } }] },
  ],
};
const tunnel = await serve(() => new Response("for you only"), {
  url: "policy.localhost",
  trafficPolicy,
});

console.log(tunnel.url);

// What visitors asked and what they were answered, as it happens.
import { serve } from "@sallyport/sallyport";

const tunnel = await serve(() => new Response("hello"), {
  url: "inspect.localhost",
  inspect: true, // the newest 50 MiB are kept; inspectBytes says otherwise
});
console.log(tunnel.url);

for await (const { request, response, timing } of tunnel.endpoint.exchanges()) {
  const took = timing.durationMs?.toFixed(1);
  console.log(`${request.method} ${request.target} ${response?.status ?? "cut"} ${took} ms`);
}

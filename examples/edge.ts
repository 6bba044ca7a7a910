// An edge of your own, and an agent that uses it: on a server these are two programs.
import { connect, startEdge } from "@sallyport/sallyport";

const authtoken = crypto.randomUUID();
const edge = await startEdge({
  domain: "localhost", // a domain of yours whose names lead to this machine
  http: { port: 0 }, // 80, and https: { port: 443 }
  agents: { port: 0 },
  authtoken,
});
const agent = await connect({ connectUrl: edge.connectAddress, connectCas: edge.caPem, authtoken });
const endpoint = await agent.serve(() => new Response("through my own edge"), {
  url: "http://edge.localhost",
});
console.log(endpoint.url);

for await (const event of agent.events()) console.log(event.type);

// A service of this machine on a public URL: a port, host:port, a URL, a folder, or a server like this.
import { forward } from "@sallyport/sallyport";
import { createServer } from "node:http";

// an app of Express, or what Deno.serve() and Bun.serve() give, can stand here as well
const server = createServer((request, response) => response.end(`you asked for ${request.url}`));

// with { connectUrl: "connect.tunnels.example.com", authtoken } the URL is public
const tunnel = await forward(server, { url: "forward.localhost" });
console.log(tunnel.url);

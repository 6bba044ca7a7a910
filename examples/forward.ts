// A service that runs on a port of this machine, on a public URL.
import { forward } from "@sallyport/sallyport";
import { createServer } from "node:http";

const server = createServer((request, response) => response.end(`you asked for ${request.url}`));
server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address() as { port: number };
  // with { connectUrl: "connect.tunnels.example.com", authtoken } the URL is public
  const tunnel = await forward(port, { url: "forward.localhost" });
  console.log(tunnel.url);
});

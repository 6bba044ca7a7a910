// A script for @ngrok/ngrok: only the import is another.
import ngrok from "@sallyport/sallyport/ngrok";
import { createServer } from "node:http";

const server = createServer((_, response) => response.end("hello"));
server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address() as { port: number };
  // server_addr names your edge; without it the URL works on this machine
  const listener = await ngrok.forward({ addr: port, authtoken_from_env: true });
  console.log(listener.url());
});

// A chat over WebSocket, the same on Deno, Bun and Node.
import { serve, type ServerWebSocket } from "@sallyport/sallyport";

const everybody = new Set<ServerWebSocket>();

const tunnel = await serve((request, info) => {
  if (request.headers.get("upgrade") !== "websocket") return new Response("Come with a WebSocket");
  const { socket, response } = info.upgradeWebSocket();
  socket.onopen = () => everybody.add(socket);
  socket.onclose = () => everybody.delete(socket);
  socket.onmessage = ({ data }) => {
    for (const other of everybody) other.send(`${info.remote.host}: ${data}`);
  };
  return response;
}, { url: "chat.localhost" });

console.log(tunnel.url);

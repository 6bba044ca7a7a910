// Raw TCP: each connection is a pair of Web Streams.
import { listen } from "@sallyport/sallyport";

const tunnel = await listen();
console.log(tunnel.url);

for await (const conn of tunnel) {
  console.log(`${conn.remote.host}:${conn.remote.port} came`);
  conn.readable.pipeTo(conn.writable).catch(() => console.log("cut"));
}

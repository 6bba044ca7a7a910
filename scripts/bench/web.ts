/**
 * A web server of few words, for machines without nginx: 1 KB, a big body, a sink.
 *
 * Run by the benchmark: `web.ts` prints its port.
 *
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { BIG_BYTES, SMALL_BYTES } from "./upstreams.ts";

const small = Buffer.alloc(SMALL_BYTES, "x");
const piece = Buffer.alloc(256 * 1024, "x");

const server = createServer((request, response) => {
  request.resume();
  if (request.url !== "/big") {
    response.writeHead(200, { "content-length": SMALL_BYTES, "content-type": "text/plain" });
    return void response.end(small);
  }
  response.writeHead(200, { "content-length": BIG_BYTES });
  let left = BIG_BYTES;
  const pour = () => {
    while (left > 0) {
      left -= piece.length;
      if (!response.write(piece)) return;
    }
    response.end();
  };
  response.on("drain", pour);
  pour();
});
server.keepAliveTimeout = 300_000;
server.listen(0, "127.0.0.1", 1024, () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ msg: "web ready", port })}\n`);
});

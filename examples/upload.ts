// An upload of any size: it is hashed while it comes in, and never kept in memory.
import { serve } from "@sallyport/sallyport";
import { createHash } from "node:crypto";

const tunnel = await serve(async (request) => {
  if (!request.body) return new Response("POST a file", { status: 405 });
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of request.body) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return Response.json({ bytes, sha256: hash.digest("hex") });
}, { url: "upload.localhost" });

console.log(tunnel.url);

/** @module */
import assert from "node:assert/strict";
import type { ByteTransform } from "../../../lib/base/byte_transform.ts";
import { decodeText, encodeText } from "../../../lib/base/bytes.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { copyTransformed } from "../../../lib/edge/transformed_body.ts";
import { test } from "../../harness.ts";

/** Puts a mark behind each piece and at the end; keeps back what is "-". */
function marking(mark: string): ByteTransform {
  return {
    push: (chunk) => decodeText(chunk) === "-" ? undefined : encodeText(decodeText(chunk) + mark),
    end: () => encodeText(mark.toUpperCase()),
    abort: () => {},
  };
}

test("copyTransformed() runs each piece through all transforms, and their ends through the later ones", async () => {
  const [source, from] = pair();
  const [to, sink] = pair();
  let counted = 0;
  source.write(encodeText("2\r\nhi\r\n1\r\n-\r\n0\r\n\r\nnext"));
  await copyTransformed(from, to, { kind: "chunked" }, {
    transforms: [marking("a"), marking("b")],
    chunked: false,
    onBytes: (bytes) => counted += bytes.length,
  });
  to.closeWrite();
  let text = "";
  for (let chunk = await sink.read(); chunk; chunk = await sink.read()) text += decodeText(chunk);
  assert.equal(text, "hiabAbB");
  assert.equal(counted, text.length);
  assert.equal(decodeText((await from.read())!), "next");
  for (const end of [source, from, to, sink]) end.abort();
});

test("copyTransformed() says which side failed", async () => {
  const [source, from] = pair();
  const [to, sink] = pair();
  source.write(encodeText("h"));
  source.closeWrite();
  const options = { transforms: [marking("a")], chunked: true, onBytes: () => {} };
  await assert.rejects(copyTransformed(from, to, { kind: "length", bytes: 3 }, options), {
    code: "connection_closed",
    side: "source",
  });
  for (const end of [source, from, to, sink]) end.abort();
});

/** @module */
import assert from "node:assert/strict";
import type { ByteTransform } from "../../../../lib/base/byte_transform.ts";
import { chooseCoding } from "../../../../lib/policy/actions/compress_response.ts";
import type { Codecs, CodingName } from "../../../../lib/runtime/codecs.ts";
import { test } from "../../../harness.ts";
import { compileAction, requestContext, responseContext, testServices } from "../testing.ts";

/** Compressors that only remember that they were made. */
class FakeCodecs implements Codecs {
  readonly codings: readonly CodingName[] = ["br", "gzip", "deflate"];
  readonly made: CodingName[] = [];

  decode(): Promise<never> {
    assert.fail();
  }
  createInflater(): never {
    assert.fail();
  }
  createEncoder(coding: CodingName): ByteTransform {
    this.made.push(coding);
    return { push: (chunk) => chunk, end: () => undefined, abort: () => {} };
  }
}

/** Runs the action over an answer. */
async function run(
  accept: string | undefined,
  lines: readonly string[],
  config?: unknown,
) {
  const codecs = new FakeCodecs();
  const services = testServices({ codecs });
  const policy = await compileAction(
    "on_http_response",
    "compress-response",
    config,
    "https",
    services,
  );
  const head = accept === undefined ? [] : [`Accept-Encoding: ${accept}`];
  const context = responseContext(lines, requestContext(["GET / HTTP/1.1", ...head]));
  assert.equal(policy.onHttpResponse!(context), undefined);
  return {
    made: codecs.made,
    headers: context.response.headers,
    transforms: context.response.transforms.length,
    result: context.results.get("compress"),
  };
}

const TEXT = ["HTTP/1.1 200 OK", "Content-Type: text/html", "Content-Length: 100"];

test("compress-response compresses, and says so in the head and in its results", async () => {
  const { made, headers, transforms, result } = await run("gzip", TEXT);
  assert.deepEqual(made, ["gzip"]);
  assert.equal(transforms, 1);
  assert.equal(headers.get("content-encoding"), "gzip");
  assert.equal(headers.has("content-length"), false);
  assert.deepEqual(headers.all("vary"), ["Accept-Encoding"]);
  assert.deepEqual(result, { already_compressed: false, negotiated_algorithm: "gzip" });
});

test("compress-response leaves alone what is not to be compressed", async () => {
  const cases: readonly (readonly string[])[] = [
    [...TEXT, "Content-Encoding: br"],
    [...TEXT, "Cache-Control: public, no-transform"],
    [...TEXT, "Content-Range: bytes 0-99/200"],
    ["HTTP/1.1 206 Partial Content", "Content-Type: text/html"],
    ["HTTP/1.1 304 Not Modified", "Content-Type: text/html"],
    ["HTTP/1.1 204 No Content"],
    ["HTTP/1.1 200 OK", "Content-Length: 0"],
    ["HTTP/1.1 200 OK", "Content-Type: image/png"],
    ["HTTP/1.1 200 OK", "Content-Type: video/mp4"],
    ["HTTP/1.1 200 OK", "Content-Type: application/zip"],
    ["HTTP/1.1 200 OK", "Content-Type: application/grpc+proto"],
  ];
  for (const lines of cases) {
    const { made, headers, transforms, result } = await run("gzip, br", lines);
    assert.deepEqual([made, transforms, headers.isEmpty], [[], 0, true], lines.join());
    assert.equal(result?.negotiated_algorithm, "");
    assert.equal(result?.already_compressed, lines.some((line) => /^content-enc/i.test(line)));
  }
});

test("compress-response compresses what can get smaller, whatever it is", async () => {
  for (const type of ["image/svg+xml", "application/json", "text/event-stream", "font/ttf", ""]) {
    const lines = ["HTTP/1.1 404 Not Found", ...(type ? [`Content-Type: ${type}`] : [])];
    assert.deepEqual((await run("gzip", lines)).made, ["gzip"], type);
  }
  assert.deepEqual((await run("gzip", [...TEXT, "Content-Encoding: identity"])).made, ["gzip"]);
});

test("compress-response sends as it is what nobody asked to have compressed", async () => {
  for (
    const accept of [undefined, "", "identity", "zstd", "gzip;q=0", "*;q=0", "gzip;q=0.5, identity"]
  ) {
    const { made, headers } = await run(accept, TEXT);
    assert.deepEqual([made, headers.isEmpty], [[], true], accept);
  }
});

test("compress-response weakens a strong ETag, and drops what is true of other bytes", async () => {
  const { headers } = await run("gzip", [
    ...TEXT,
    'ETag: "abc"',
    "Accept-Ranges: bytes",
    "Content-MD5: x",
    "Content-Digest: sha-256=:x:",
    "Vary: Origin",
  ]);
  assert.equal(headers.get("etag"), 'W/"abc"');
  for (const name of ["accept-ranges", "content-md5", "content-digest"]) {
    assert.equal(headers.has(name), false, name);
  }
  assert.deepEqual(headers.all("vary"), ["Origin", "Accept-Encoding"]);
  const weak = await run("gzip", [...TEXT, 'ETag: W/"abc"', "Vary: accept-encoding"]);
  assert.equal(weak.headers.get("etag"), 'W/"abc"');
  assert.deepEqual(weak.headers.all("vary"), ["accept-encoding"]);
});

test("compress-response keeps to the algorithms it is given, and to their order", async () => {
  const both = { algorithms: ["gzip", "br"] };
  assert.deepEqual((await run("br, gzip", TEXT, both)).made, ["gzip"]);
  assert.deepEqual((await run("br, gzip", TEXT)).made, ["br"]);
  assert.deepEqual((await run("br", TEXT, { algorithms: ["gzip"] })).made, []);
  assert.deepEqual(
    (await run("compress, gzip;q=0.1", TEXT, { algorithms: ["compress", "gzip"] })).made,
    [
      "gzip",
    ],
  );
  for (const algorithms of [["gzip", "gzip"], ["zip"], []]) {
    await assert.rejects(run("gzip", TEXT, { algorithms }), { ngrokCode: 2203 });
  }
  await assert.rejects(run("gzip", TEXT, { algorithms: ["compress"] }), {
    ngrokCode: 2203,
    message: /can compress as br, gzip, deflate only/,
  });
});

test("chooseCoding() follows RFC 9110 section 12.5.3", () => {
  const all: CodingName[] = ["br", "gzip", "deflate"];
  const cases: readonly [string, CodingName | undefined][] = [
    ["gzip, deflate, br", "br"],
    ["gzip;q=1.0, br; q=0.5, *;q=0", "gzip"],
    ["*", "br"],
    ["*;q=0.1, gzip;q=0.2", "gzip"],
    ["br;q=0, *", "gzip"],
    ["x-gzip", "gzip"],
    ["GZIP", "gzip"],
    ["gzip;q=0.001", "gzip"],
    ["gzip;q=2", undefined],
    ["gzip;q=abc", undefined],
    ["identity;q=0.5, gzip;q=0.4", undefined],
    ["identity, gzip", "gzip"],
    ["identity;q=0, gzip", "gzip"],
    [",, ;, gzip", "gzip"],
  ];
  for (const [accept, coding] of cases) assert.equal(chooseCoding(accept, all), coding, accept);
});

import assert from "node:assert/strict";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { findText } from "../../../../lib/api/agent/full_text.ts";
import { nodeCodecs } from "../../../../lib/runtime/node_codecs.ts";
import type { Codecs } from "../../../../lib/runtime/codecs.ts";
import { test } from "../../../harness.ts";
import { eventually } from "../../../fakes/edge.ts";
import { ApiScene } from "./kit.ts";

const GET = "GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n";
const answer = (body: string, lines = "") =>
  `HTTP/1.1 200 OK\r\n${lines}Content-Length: ${body.length}\r\n\r\n${body}`;
const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

function search(scene: ApiScene, text: string, limit = 100, codecs: Codecs = nodeCodecs) {
  const all = scene.agent.exchanges!.list({ limit: Infinity });
  return findText(all, text, { clock: scene.clock, codecs, limit });
}

test("findText() looks into first lines, headers and bodies, compressed ones too", async () => {
  const scene = new ApiScene();
  scene.agent.capture(GET, answer("plain Needle"));
  for (
    const [coding, bytes] of [
      ["gzip", gzipSync("a needle in gzip")],
      ["br", brotliCompressSync("a needle in brotli")],
      ["deflate", deflateSync("a needle in deflate")],
      ["gzip, br", brotliCompressSync(gzipSync("a needle in both"))],
    ] as const
  ) scene.agent.capture(GET, answer(latin1(bytes), `Content-Encoding: ${coding}\r\n`));
  scene.agent.capture(GET, answer("no gzip at all", "Content-Encoding: gzip\r\n"));
  const asked = latin1(gzipSync("a needle that was sent"));
  scene.agent.capture(
    `POST /b HTTP/1.1\r\nHost: a.test\r\nContent-Encoding: gzip\r\nContent-Length: ${asked.length}` +
      `\r\n\r\n${asked}`,
    answer(""),
  );
  assert.equal((await search(scene, "NEEDLE")).length, 6);
  assert.equal((await search(scene, "needle", 2)).length, 2);
  assert.equal((await search(scene, "needle in both")).length, 1);
  assert.equal((await search(scene, "a.test")).length, 7);
  assert.equal((await search(scene, "nothing")).length, 0);
});

test("findText() gives others a turn, and decodes no more than it may", async () => {
  const scene = new ApiScene();
  const big = "x".repeat(1_000_000);
  for (let count = 0; count < 6; count++) scene.agent.capture(GET, answer(big));
  let isOver = false;
  const searching = search(scene, "nothing").finally(() => isOver = true);
  await eventually(scene.clock, () => isOver);
  assert.deepEqual(await searching, []);
  const many = new ApiScene();
  for (let count = 0; count < 40; count++) {
    many.agent.capture(GET, answer("zip", "Content-Encoding: gzip\r\n"));
  }
  let asked = 0;
  const codecs: Codecs = {
    ...nodeCodecs,
    decode: (_coding, _bytes, maxBytes) => {
      asked += maxBytes;
      return Promise.resolve({ bytes: new Uint8Array(maxBytes), error: undefined });
    },
  };
  isOver = false;
  const bounded = search(many, "nothing", 100, codecs).finally(() => isOver = true);
  await eventually(many.clock, () => isOver);
  await bounded;
  assert.equal(asked, 64 * 1024 * 1024);
});

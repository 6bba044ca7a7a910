/** @module */
import assert from "node:assert/strict";
import { pair } from "../../../lib/base/duplex.ts";
import { Lookahead, type News } from "../../../lib/http/lookahead.ts";
import { latin1Bytes, latin1Text } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

function stage() {
  const [near, far] = pair();
  const news: News[] = [];
  return {
    near,
    far,
    news,
    ahead: new Lookahead(near, (one) => news.push(one)),
  };
}

test("Lookahead gives the bytes it finds back to the carrier", async () => {
  const { near, far, news, ahead } = stage();
  ahead.start();
  ahead.start();
  far.write(latin1Bytes("a"));
  await ahead.pending;
  assert.equal(ahead.pending, undefined);
  far.write(latin1Bytes("b"));
  ahead.start();
  assert.deepEqual(news, ["bytes", "bytes"]);
  assert.equal(latin1Text((await near.read())!), "a");
  assert.equal(latin1Text((await near.read())!), "b");
});

test("Lookahead notices the end, once", async () => {
  const { far, news, ahead } = stage();
  ahead.start();
  far.closeWrite();
  await ahead.pending;
  ahead.start();
  assert.equal(ahead.ended, true);
  assert.deepEqual(news, ["end"]);
});

test("Lookahead notices a broken carrier, whether it waits or not", async () => {
  const waiting = stage();
  waiting.ahead.start();
  waiting.far.abort();
  await waiting.ahead.pending;
  assert.equal(waiting.ahead.error?.code, "connection_reset");

  const broken = stage();
  broken.far.abort();
  broken.ahead.start();
  assert.equal(broken.ahead.pending, undefined);
  assert.equal(broken.ahead.error?.code, "connection_reset");
  assert.deepEqual([waiting.news, broken.news], [["error"], ["error"]]);
});

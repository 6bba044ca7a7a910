import assert from "node:assert/strict";
import ngrok, { forward, kill, SessionBuilder } from "../../ngrok.ts";
import { test } from "../harness.ts";

test("ngrok.ts: without an edge the URL works on this machine", async () => {
  const listener = await ngrok.forward(9);
  assert.match(listener.url() ?? "", /^http:\/\/[a-z0-9-]+\.localhost:\d+$/);
  assert.equal(listener.forwardsTo(), "http://localhost:9");
  await ngrok.kill();
  assert.deepEqual(await ngrok.listeners(), []);
});

test("ngrok.ts: its exports are those of its default export", async () => {
  const listener = await forward({ addr: 9, proto: "tcp" });
  assert.match(listener.url() ?? "", /^tcp:\/\//);
  assert.equal((await ngrok.listeners()).length, 1);
  await kill();
  const session = await new SessionBuilder().connect();
  assert.deepEqual(await session.listeners(), []);
  await session.close();
});

import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { encodeText } from "../../../lib/base/bytes.ts";
import { STREAM } from "../../../lib/wire/messages.ts";
import { Stage } from "../../fakes/agent_stage.ts";
import { readAll } from "../../fakes/edge.ts";

test("Visitors: one for an unknown endpoint is turned away, the session goes on", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const visitor = stage.edge.session.visit({ Id: "nobody" });
  await assert.rejects(readAll(visitor), { code: "stream_reset" });
  assert.match(
    stage.lines.join("\n"),
    /warn failed to serve a visitor .*There is no endpoint with the id \\"nobody\\"/,
  );
  assert.equal(agent.state, "online");
  await stage.stop();
});

test("Visitors: a header that is malformed, too long or late is turned away", async () => {
  const stage = new Stage();
  await stage.connect();
  const { mux } = stage.edge.session;
  const malformed = new Uint8Array(12);
  malformed[0] = 4;
  malformed.set(encodeText("null"), 8);
  const tooLong = new Uint8Array(8).fill(0x7f);
  const negative = new Uint8Array(8).fill(0xff);
  for (const bytes of [malformed, tooLong, negative]) {
    await assert.rejects(readAll(mux.open(STREAM.proxy, bytes)), {
      code: "stream_reset",
    });
  }
  const late = readAll(mux.open(STREAM.proxy, new Uint8Array(3)));
  const turnedAway = assert.rejects(late, { code: "stream_reset" });
  await stage.clock.advance(10_000);
  await turnedAway;
  await stage.stop();
});

test("Visitors: many at a time each get their own service connection", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const door = await stage.runtime.net.listen({
    host: "localhost",
    port: 8080,
    onConnection: async (conn) => {
      await conn.write(encodeText(`<${await readAll(conn)}>`));
      await conn.closeWrite();
    },
  });
  const web = await agent.forward({ addr: 8080 });
  const answers = await Promise.all(
    Array.from({ length: 100 }, async (_, number) => {
      const visitor = stage.edge.session.visit(
        { Id: web.id },
        encodeText(`${number}`),
      );
      await visitor.closeWrite();
      return await readAll(visitor);
    }),
  );
  assert.deepEqual(
    answers,
    Array.from({ length: 100 }, (_, number) => `<${number}>`),
  );
  await stage.until(() => web.openConnections === 0);
  assert.equal(web.totalConnections, 100);
  await stage.until(() => stage.edge.session.mux.openStreams === 0);
  await door.close();
  await stage.stop();
});

test("Visitors: one that breaks off leaves the others alone", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const door = await stage.runtime.net.listen({
    host: "localhost",
    port: 8080,
    onConnection: async (conn) => {
      const text = await readAll(conn).catch(() => "");
      if (text === "") return;
      await conn.write(encodeText("ok"));
      await conn.closeWrite();
    },
  });
  const web = await agent.forward({ addr: 8080 });
  const broken = stage.edge.session.visit({ Id: web.id });
  await stage.until(() => web.openConnections === 1);
  broken.abort();
  const whole = stage.edge.session.visit({ Id: web.id }, encodeText("x"));
  await whole.closeWrite();
  assert.equal(await readAll(whole), "ok");
  await stage.until(() => web.openConnections === 0);
  await door.close();
  await stage.stop();
});

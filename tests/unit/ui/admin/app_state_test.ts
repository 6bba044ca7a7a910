/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../../lib/base/clock.ts";
import type { ApiFailure } from "../../../../lib/ui/admin/api_client.ts";
import { AppState } from "../../../../lib/ui/admin/app_state.ts";
import { LIVE_MS } from "../../../../lib/ui/admin/edge_state.ts";
import { test } from "../../../harness.ts";

function stage(hash = "") {
  const clock = new FakeClock();
  const page = { hash, status: 200 };
  const app = new AppState(clock, {
    hash: () => page.hash,
    setHash: (next) => void (page.hash = next),
    fetch: () => {
      const live = { at_ms: clock.now(), edge: {}, endpoints: [], sessions: [] };
      return Promise.resolve(Response.json(live, { status: page.status }));
    },
  });
  return { app, page, clock };
}

test("AppState.signIn() opens the edge only when the key is accepted", async () => {
  const { app, page, clock } = stage();
  page.status = 401;
  await assert.rejects(app.signIn("wrong"), (error: ApiFailure) => error.isUnauthorized);
  assert.equal(app.edge.value, undefined);
  page.status = 200;
  await app.signIn("right");
  assert.ok(app.edge.value);
  app.signOut();
  assert.equal(app.edge.value, undefined);
  assert.equal(app.farewell.value, undefined);
  assert.equal(clock.pending, 0, "nothing goes on with the key");
});

test("AppState signs out by itself when the key is revoked, and says why", async () => {
  const { app, page, clock } = stage();
  await app.signIn("key");
  page.status = 401;
  await clock.advance(LIVE_MS);
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(app.edge.value, undefined);
  assert.match(app.farewell.value!, /does not accept/);
  page.status = 200;
  await app.signIn("another");
  assert.equal(app.farewell.value, undefined);
  app.signOut();
});

test("AppState.show() and the address bar agree on the part in front", () => {
  const { app, page } = stage("#/domains");
  assert.equal(app.section.value, "domains");
  app.show("agents");
  assert.equal(page.hash, "#/agents");
  page.hash = "#/authtokens";
  app.onHash();
  assert.equal(app.section.value, "authtokens");
});

/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { ApiClient, type ApiFailure } from "../../../../lib/ui/admin/api_client.ts";
import {
  COURSE_LENGTH,
  EdgeState,
  LISTS_MS,
  LIVE_MS,
  STALE_MS,
  urlOf,
} from "../../../../lib/ui/admin/edge_state.ts";
import { test } from "../../../harness.ts";

/** An edge whose answers the test changes. */
function stage() {
  const clock = new FakeClock();
  const asked: string[] = [];
  const edge = {
    endpoints: ["ep_1"],
    cloud: [] as string[],
    sessions: ["ts_1"],
    /** Pages of the list of endpoints. */
    pages: 1,
    requests: 0,
    status: 200,
  };
  let pagesLeft = 0;
  const row = (id: string) => ({ id, url: `https://${id}.example`, created_at: "" });
  const answers: Record<string, () => unknown> = {
    "/_sallyport/live": () => ({
      at_ms: clock.now(),
      edge: {},
      endpoints: edge.endpoints.map((id) => ({
        id,
        requests: edge.requests,
        open: 1,
        in_bytes: 0,
        out_bytes: 0,
      })),
      sessions: edge.sessions.map((id) => ({ id, latency_ms: 1, open: 0, endpoint_ids: [] })),
    }),
    "/endpoints": () => ({
      endpoints: [
        ...edge.endpoints.map(row),
        ...edge.cloud.map((id) => ({ ...row(id), type: "cloud" })),
      ],
      next_page_uri: --pagesLeft > 0 ? "/endpoints?before_id=ep_0" : null,
    }),
    "/tunnel_sessions": () => ({ tunnel_sessions: edge.sessions.map(row) }),
    "/credentials": () => ({ credentials: [] }),
    "/reserved_domains": () => ({
      reserved_domains: [{ id: "rd_2", domain: "b" }, { id: "rd_1", domain: "a" }],
    }),
  };
  const refusals: ApiFailure[] = [];
  const state = new EdgeState({
    clock,
    client: new ApiClient({
      key: "k",
      fetch: (path) => {
        const name = path.split("?")[0];
        asked.push(name);
        if (path === "/endpoints?limit=100") pagesLeft = edge.pages;
        const body = edge.status === 200 ? answers[name]() : { msg: "No." };
        return Promise.resolve(Response.json(body, { status: edge.status }));
      },
    }),
    onUnauthorized: (failure) => {
      refusals.push(failure);
      state.stop();
    },
  });
  /** A timer's work needs more turns than a fake clock gives: responses are streams. */
  async function advance(ms: number) {
    await clock.advance(ms);
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return { clock, state, edge, asked, advance, refusals };
}

test("EdgeState.load() reads everything once, in the order people look for it", async () => {
  const { state, asked, edge } = stage();
  edge.endpoints = ["ep_2", "ep_1"];
  await state.load();
  assert.deepEqual(new Set(asked).size, 5);
  assert.equal(asked.length, 5);
  assert.deepEqual(state.endpoints.value.map(urlOf), [
    "https://ep_1.example",
    "https://ep_2.example",
  ]);
  assert.deepEqual(state.domains.value.map(({ domain }) => domain), ["a", "b"]);
  assert.equal(state.lost.value, undefined);
});

test("EdgeState.load() rejects when the key is not accepted", async () => {
  const { state, edge } = stage();
  edge.status = 401;
  await assert.rejects(state.load(), (error: ApiFailure) => error.isUnauthorized);
});

test("EdgeState asks for what moves, and for lists only when one has changed", async () => {
  const { state, edge, asked, advance } = stage();
  await state.load();
  state.start();
  asked.length = 0;
  for (let beat = 1; beat <= 3; beat++) {
    edge.requests += 4;
    await advance(LIVE_MS);
    assert.equal(state.measured.value!.total.requests, 2);
  }
  assert.deepEqual(asked, Array(3).fill("/_sallyport/live"));
  edge.endpoints = ["ep_1", "ep_9"];
  asked.length = 0;
  await advance(LIVE_MS);
  assert.deepEqual(asked, ["/_sallyport/live", "/endpoints", "/tunnel_sessions"]);
  assert.deepEqual(state.endpoints.value.map(({ id }) => id), ["ep_1", "ep_9"]);
  state.stop();
});

test("EdgeState does not read lists for an endpoint that the edge serves itself", async () => {
  const { state, edge, asked, advance } = stage();
  edge.cloud = ["ep_cloud"];
  await state.load();
  state.start();
  asked.length = 0;
  for (let passed = 0; passed < LISTS_MS * 6; passed += LIVE_MS) await advance(LIVE_MS);
  assert.ok(asked.every((path) => path === "/_sallyport/live"), asked.join());
  state.stop();
});

test("EdgeState spares the API however fast agents come and go, and looks at all now and then", async () => {
  const { state, edge, asked, advance } = stage();
  await state.load();
  state.start();
  asked.length = 0;
  for (let beat = 0; beat * LIVE_MS < 60_000; beat++) {
    edge.sessions = [`ts_${beat}`];
    await advance(LIVE_MS);
  }
  assert.ok(asked.length <= 60, `${asked.length} requests in a minute, of 120 that a key may`);
  asked.length = 0;
  for (let passed = 0; passed <= STALE_MS; passed += LIVE_MS) await advance(LIVE_MS);
  const looks = asked.filter((path) => path === "/endpoints").length;
  assert.ok(looks === 1 || looks === 2, `${looks} looks at the lists in half a minute`);
  state.stop();
});

test("EdgeState spares the API also when the lists are long, and says that it shows a part", async () => {
  const { state, edge, asked, advance } = stage();
  edge.pages = 50;
  await state.load();
  assert.equal(state.isWhole.value, false);
  state.start();
  asked.length = 0;
  for (let beat = 0; beat * LIVE_MS < 60_000; beat++) {
    edge.sessions = [`ts_${beat}`];
    await advance(LIVE_MS);
  }
  assert.ok(asked.length <= 60, `${asked.length} requests in a minute, of 120 that a key may`);
  edge.pages = 1;
  await advance(STALE_MS);
  assert.equal(state.isWhole.value, true);
  state.stop();
});

test("EdgeState says when the edge does not answer, asks ever more rarely, and recovers", async () => {
  const { state, edge, asked, advance } = stage();
  await state.load();
  state.start();
  asked.length = 0;
  edge.status = 502;
  await advance(LIVE_MS);
  assert.equal(state.lost.value?.status, 502);
  for (let passed = 0; passed < 60_000; passed += LIVE_MS) await advance(LIVE_MS);
  assert.ok(asked.length < 8, `${asked.length} requests in a minute`);
  assert.equal(state.endpoints.value.length, 1, "what was known stays in sight");
  edge.status = 200;
  await advance(30_000);
  assert.equal(state.lost.value, undefined);
  state.stop();
});

test("EdgeState reports a key that was revoked, and asks no more", async () => {
  const { state, edge, asked, advance, refusals, clock } = stage();
  await state.load();
  state.start();
  edge.status = 401;
  asked.length = 0;
  await advance(LIVE_MS);
  await advance(LIVE_MS * 5);
  assert.equal(refusals.length, 1);
  assert.equal(asked.length, 1);
  assert.equal(clock.pending, 0);
});

test("EdgeState.stop() leaves the edge alone until resume()", async () => {
  const { state, asked, advance, clock } = stage();
  await state.load();
  state.start();
  state.stop();
  asked.length = 0;
  await advance(LIVE_MS * 10);
  assert.deepEqual(asked, []);
  await state.resume();
  assert.deepEqual(asked[0], "/_sallyport/live");
  assert.equal(clock.pending, 1);
  state.stop();
});

test("EdgeState keeps two minutes of the course", async () => {
  const { state, advance } = stage();
  await state.load();
  state.start();
  for (let beat = 0; beat < COURSE_LENGTH + 5; beat++) await advance(LIVE_MS);
  assert.equal(state.course.value.length, COURSE_LENGTH);
  state.stop();
});

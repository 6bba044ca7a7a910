/** @module */
import assert from "node:assert/strict";
import { ApiClient, ApiFailure, toFailure } from "../../../../lib/ui/admin/api_client.ts";
import { test } from "../../../harness.ts";

type Answer = (path: string, init: RequestInit) => Response | Promise<Response>;

function clientOf(answer: Answer) {
  const asked: { path: string; init: RequestInit }[] = [];
  const client = new ApiClient({
    key: "the key",
    fetch: async (path, init) => {
      asked.push({ path, init });
      return await answer(path, init);
    },
  });
  return { client, asked };
}

test("ApiClient says the key in its header alone, and takes no cookie along", async () => {
  const { client, asked } = clientOf(() => Response.json({ id: "cr_1" }, { status: 201 }));
  const made = await client.post<{ id: string }>("/credentials", { description: "x" });
  assert.equal(made.id, "cr_1");
  const [{ path, init }] = asked;
  assert.equal(path, "/credentials");
  assert.deepEqual(init.headers, {
    accept: "application/json",
    authorization: "Bearer the key",
    "content-type": "application/json",
    "ngrok-version": "2",
  });
  assert.equal(init.body, '{"description":"x"}');
  assert.equal(init.credentials, "omit");
  assert.equal(init.redirect, "error", "a redirect would carry the key away");
  assert.equal(init.referrerPolicy, "no-referrer");
  assert.ok(!JSON.stringify(client).includes("the key"));
});

test("ApiClient.delete() takes an empty answer, and sends no body", async () => {
  const { client, asked } = clientOf(() => new Response(null, { status: 204 }));
  await client.delete("/credentials/cr_1");
  assert.equal(asked[0].init.method, "DELETE");
  assert.equal(asked[0].init.body, undefined);
});

test("ApiClient.list() follows pages by their place alone, never to another host", async () => {
  const { client, asked } = clientOf((path) => {
    const page = Number(new URL(path, "http://x").searchParams.get("before_id") ?? "3");
    const next = page > 1
      ? `https://elsewhere.example/things?limit=100&before_id=${page - 1}`
      : null;
    return Response.json({ things: [page], next_page_uri: next });
  });
  assert.deepEqual(await client.list("/things", "things"), {
    items: [3, 2, 1],
    isWhole: true,
    requests: 3,
  });
  assert.deepEqual(asked.map(({ path }) => path), [
    "/things?limit=100",
    "/things?limit=100&before_id=2",
    "/things?limit=100&before_id=1",
  ]);
});

test("ApiClient.list() ends, even when the pages do not", async () => {
  const { client, asked } = clientOf(() =>
    Response.json({ things: [1], next_page_uri: "http://x/things?before_id=1" })
  );
  const { items, isWhole, requests } = await client.list("/things", "things");
  assert.deepEqual([items.length, isWhole, requests, asked.length], [10, false, 10, 10]);
});

test("ApiClient rejects with the sentence and the code of the API", async () => {
  const { client } = clientOf(() =>
    Response.json({
      error_code: "ERR_NGROK_413",
      status_code: 400,
      msg: "Not yours.",
      details: {},
    }, { status: 400 })
  );
  await assert.rejects(client.get("/x"), (error: ApiFailure) => {
    assert.deepEqual([error.status, error.message, error.code], [
      400,
      "Not yours.",
      "ERR_NGROK_413",
    ]);
    return !error.isUnauthorized;
  });
});

test("ApiClient makes a sentence of its own where there is none", async () => {
  const cases: [Answer, number, string][] = [
    [() => new Response("<html>", { status: 502 }), 502, "The edge answered with status 502."],
    [() => Response.json({ msg: 5 }, { status: 401 }), 401, "The edge answered with status 401."],
    [() => Promise.reject(new TypeError("Failed to fetch")), 0, "The edge does not answer."],
  ];
  for (const [answer, status, message] of cases) {
    const { client } = clientOf(answer);
    await assert.rejects(client.get("/x"), (error: ApiFailure) => {
      assert.deepEqual([error.status, error.message], [status, message]);
      return error.isUnauthorized === (status === 401);
    });
  }
});

test("toFailure() leaves what is one, and wraps what is not", () => {
  const failure = new ApiFailure(404, "Gone.");
  assert.equal(toFailure(failure), failure);
  assert.equal(toFailure("odd").message, "odd");
});

import assert from "node:assert/strict";
import { readCount, readObject } from "../../../../lib/api/agent/request_body.ts";
import { test } from "../../../harness.ts";

function post(body: string, type = "application/json"): Request {
  return new Request("http://a/", { method: "POST", body, headers: { "content-type": type } });
}

test("readObject() reads JSON objects and says why something is none", async () => {
  assert.deepEqual(await readObject(post('{"a":"}"}', "application/json; charset=utf-8")), {
    a: "}",
  });
  for (
    const [body, err] of [
      ["", "EOF"],
      ['{"a":', "unexpected EOF"],
      ['{"a\\"', "unexpected EOF"],
      ['{"a" 1}', "invalid JSON"],
      ["[]", "the body must be a JSON object"],
    ]
  ) {
    await assert.rejects(readObject(post(body)), (error: { json?: unknown }) => {
      const msg = "failed to deserialize request parameter";
      assert.deepEqual(error.json, { status_code: 400, msg, details: { err } });
      return true;
    });
  }
  await assert.rejects(readObject(post("a=b", "application/x-www-form-urlencoded")), {
    ...{ message: "unsupported request Content-Type" },
  });
});

test("readCount() reads whole numbers, within bounds", () => {
  const query = new URLSearchParams("a=7&b=99999&c=-1&d=");
  assert.equal(readCount(query, "a", 1, 10), 7);
  assert.equal(readCount(query, "b", 1, 10), 10);
  assert.equal(readCount(query, "d", 1, 10), 1);
  assert.equal(readCount(query, "none", 1, 10), 1);
  assert.throws(() => readCount(query, "c", 1, 10));
});

import assert from "node:assert/strict";
import { readBody } from "../../../lib/api/body.ts";
import type { ApiProblem } from "../../../lib/api/problem.ts";
import type { BodyFacts } from "../../../lib/api/resource.ts";
import { z } from "../../../lib/base/schema.ts";
import { test } from "../../harness.ts";

const FACTS: BodyFacts = {
  schema: z.strictObject({
    name: z.string(),
    count: z.int().optional(),
    nested: z.strictObject({ a: z.string().optional() }).optional(),
    list: z.array(z.strictObject({ v: z.string() })).optional(),
  }),
  codes: { name: 4109 },
  echoes: { id: "id" },
  examples: [],
};
const OPTIONAL: BodyFacts = {
  schema: z.strictObject({ v: z.string().optional() }),
  optional: true,
  examples: [],
};
const MAX = 200;

function read(
  body: BodyInit | undefined,
  headers: Record<string, string> = { "content-type": "application/json" },
  facts: BodyFacts | undefined = FACTS,
): Promise<unknown> {
  const request = new Request("https://a.example/", { method: "POST", body, headers });
  return readBody(request, facts, { id: "rd_1" }, MAX);
}

test("readBody() gives what the schema says, without nulls and echoes", async () => {
  assert.deepEqual(await read('{"name":"n"}'), { name: "n" });
  const nulls = '{"name":"n","count":null,"nested":{"a":null},"id":"rd_1"}';
  assert.deepEqual(await read(nulls), { name: "n", nested: {} });
  assert.deepEqual(
    await read('{"name":"n"}', { "content-type": "application/json; charset=utf-8" }),
    { name: "n" },
  );
  assert.deepEqual(await read('{"name":"ü😀"}'), { name: "ü😀" });
});

test("readBody() lets a body that is optional be missing, empty, or the bare id", async () => {
  for (const body of [undefined, "", "{}", "rd_1"]) {
    assert.deepEqual(await read(body, { "content-type": "application/json" }, OPTIONAL), {});
  }
  assert.deepEqual(await read(undefined, {}, OPTIONAL), {});
});

test("readBody() takes no body where there must be none, but an empty one with a type", async () => {
  for (const method of ["DELETE", "GET"]) {
    const headers = { "content-type": "application/json" };
    const request = new Request("https://a.example/", { method, headers });
    assert.equal(await readBody(request, undefined, {}, MAX), undefined);
  }
  const full = new Request("https://a.example/", { method: "DELETE", body: "{}" });
  await assert.rejects(readBody(full, undefined, {}, MAX), { ngrokCode: 211, status: 400 });
  const declared = new Request("https://a.example/", {
    method: "GET",
    headers: { "content-length": "2" },
  });
  // Not every runtime lets a program set this header.
  if (declared.headers.has("content-length")) {
    await assert.rejects(readBody(declared, undefined, {}, MAX), { ngrokCode: 211 });
  }
});

test("readBody() refuses the rest with its numbers", async () => {
  const json = { "content-type": "application/json" };
  const cases:
    readonly (readonly [BodyInit | undefined, Record<string, string>, number, number])[] = [
      ["{}", { "content-type": "text/plain" }, 210, 415],
      ["{}", { "content-type": "application/jsonp" }, 210, 415],
      ['{"name":', json, 213, 400],
      ["", json, 213, 400],
      ["[]", json, 213, 400],
      ['"x"', json, 213, 400],
      ["null", json, 213, 400],
      [new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), json, 213, 400],
      ['{"name":"n","nmae":1}', json, 214, 400],
      ['{"nmae":1}', json, 214, 400],
      ['{"name":"n","__proto__":{}}', json, 214, 400],
      ['{"name":"n","nested":{"b":1}}', json, 214, 400],
      ['{"name":"n","list":[{"v":"","w":1}]}', json, 214, 400],
      ['{"name":"n","count":"1"}', json, 215, 400],
      ['{"name":"n","count":1.5}', json, 215, 400],
      ['{"name":"n","list":[null]}', json, 215, 400],
      ['{"name":"n","id":"rd_2"}', json, 215, 400],
      ["{}", json, 4109, 400],
      ['{"name":7}', json, 4109, 400],
      [`{"name":"${"x".repeat(MAX)}"}`, json, 812, 413],
    ];
  for (const [body, headers, code, status] of cases) {
    await assert.rejects(read(body, headers), (error: ApiProblem) => {
      assert.deepEqual([error.ngrokCode, error.status], [code, status], String(body));
      return true;
    });
  }
  // A Request without a Content-Type has to be made of bytes.
  await assert.rejects(read(new Uint8Array([0x7b, 0x7d]), {}), { ngrokCode: 216, status: 415 });
});

test("readBody() names the field, and what is known beside it", async () => {
  await assert.rejects(read('{"nmae":1}'), /"nmae" is unknown; those known here: "name", "count"/);
  await assert.rejects(read('{"name":"n","nested":{"b":1}}'), /"nested\.b" .* known here: "a"/);
  await assert.rejects(read('{"name":"n","list":[{"w":1}]}'), /"list\.0\.w" .* known here: "v"/);
  await assert.rejects(read("{}"), /"name" is required/);
  await assert.rejects(read('{"name":7}'), /"name" is not valid: expected string/);
});

test("readBody() reads no more than the limit, and notices an end that comes too early", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(64).fill(0x20));
    },
  }, { highWaterMark: 0 });
  const request = { method: "POST", headers: new Headers(), body: endless } as unknown as Request;
  await assert.rejects(readBody(request, FACTS, {}, MAX), { ngrokCode: 812 });
  assert.ok(pulled < 10, String(pulled));
  const cut = {
    method: "POST",
    headers: new Headers({ "content-length": "50" }),
    body: new Response("{").body,
  } as unknown as Request;
  await assert.rejects(readBody(cut, FACTS, {}, MAX), { ngrokCode: 212 });
  const broken = {
    method: "POST",
    headers: new Headers(),
    body: new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) }),
  } as unknown as Request;
  await assert.rejects(readBody(broken, FACTS, {}, MAX), { ngrokCode: 212, status: 400 });
});

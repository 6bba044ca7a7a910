import assert from "node:assert/strict";
import { updateFetch } from "../../../../lib/cli/update/update_fetch.ts";
import { test } from "../../../harness.ts";

test("updateFetch() goes through the proxy, or nowhere", async () => {
  const asked: unknown[] = [];
  const plain = (url: string, init: RequestInit) => {
    asked.push([url, (init as { proxy?: string }).proxy]);
    return Promise.resolve(new Response("yes"));
  };
  const ask = (runtime: "bun" | "deno", proxy: string | undefined) =>
    updateFetch(runtime, proxy, plain)("https://up.test/", {});
  await ask("deno", undefined);
  await ask("bun", "http://10.0.0.1:3128");
  assert.deepEqual(asked, [
    ["https://up.test/", undefined],
    ["https://up.test/", "http://10.0.0.1:3128"],
  ]);
  await assert.rejects(ask("bun", "socks5://user:secret@10.0.0.1"), {
    code: "usage",
    message: 'Cannot fetch "https://up.test/": updates do not pass a proxy such as "socks5"',
  });
  await assert.rejects(ask("deno", "http://10.0.0.1:3128"), /do not pass a proxy on deno$/);
  assert.equal(asked.length, 2);
});

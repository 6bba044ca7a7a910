import assert from "node:assert/strict";
import { updateFetch } from "../../../../lib/cli/update/update_fetch.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

function scene(env: Record<string, string> = {}) {
  const runtime = memoryRuntime({ host: { env } });
  const asked: string[] = [];
  const plain = (url: string) => {
    asked.push(url);
    return Promise.resolve(new Response("yes"));
  };
  const ask = (url: string, proxyUrl?: string) => updateFetch(runtime, proxyUrl, plain)(url, {});
  return { ask, asked };
}

test("updateFetch() asks without detours when nobody has named a proxy", async () => {
  const { ask, asked } = scene();
  await ask("https://up.test/");
  assert.deepEqual(asked, ["https://up.test/"]);
});

test("updateFetch() goes through the proxy of the configuration, or nowhere", async () => {
  const { ask, asked } = scene();
  for (const kind of ["http", "https", "socks5"]) {
    await assert.rejects(ask("https://up.test/", `${kind}://user:secret@10.0.0.1:9`), {
      code: "proxy_failed",
      message: /^Cannot reach the proxy (https?|socks5):\/\/10\.0\.0\.1:9: /,
    });
  }
  assert.deepEqual(asked, []);
  assert.throws(() => ask("https://up.test/", "ftp://10.0.0.1"), { code: "config_invalid" });
});

test("updateFetch() goes through the proxy of the environment, and past it where that says so", async () => {
  const { ask, asked } = scene({ https_proxy: "http://10.0.0.1:9", no_proxy: ".corp.test" });
  await assert.rejects(ask("https://up.test/"), { code: "proxy_failed" });
  await ask("https://up.corp.test/");
  await ask("http://127.0.0.1:80/");
  assert.deepEqual(asked, ["https://up.corp.test/", "http://127.0.0.1:80/"]);
});

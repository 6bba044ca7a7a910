import assert from "node:assert/strict";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { download, fetchText } from "../../../../lib/cli/update/download.ts";
import { MemoryHost } from "../../../../lib/runtime/memory_host.ts";
import { programOf, releaseOf, ReleaseServer } from "../../../fakes/releases.ts";
import { test } from "../../../harness.ts";

const clock = new FakeClock();
const [file] = releaseOf("1.1.0").files;

function scene() {
  const server = new ReleaseServer();
  const { files } = new MemoryHost({ clock });
  const progress: number[] = [];
  const get = (wanted = file) =>
    download({ clock, fetch: server.fetch }, wanted, {
      manifestUrl: "https://up.test/stable.json",
      draft: "/work/draft",
      files,
      onProgress: (bytes) => progress.push(bytes),
    });
  return { server, files, progress, get };
}

test("fetchText() gives the text, and says what the server said instead", async () => {
  const { server } = scene();
  server.contents.set("https://up.test/a", "text");
  const tools = { clock, fetch: server.fetch };
  assert.equal(await fetchText(tools, "https://up.test/a"), "text");
  await assert.rejects(fetchText(tools, "https://up.test/b"), {
    code: "refused",
    message: 'Cannot look for updates at "https://up.test/b": the server answered 404',
  });
  server.contents.set("https://up.test/c", "x".repeat(1024 * 1024 + 1));
  await assert.rejects(fetchText(tools, "https://up.test/c"), /it is larger than 1048576 bytes$/);
  const down = () => Promise.reject(new Error("connection refused"));
  await assert.rejects(fetchText({ clock, fetch: down }, "https://up.test/d"), {
    code: "refused",
    message: /: connection refused$/,
  });
});

test("fetchText() gives up on a server that says nothing", async () => {
  const time = new FakeClock();
  let aborted = false;
  const silent = (_url: string, init: RequestInit) => {
    init.signal?.addEventListener("abort", () => aborted = true);
    return new Promise<Response>(() => {});
  };
  const waiting = assert.rejects(fetchText({ clock: time, fetch: silent }, "https://up.test/a"), {
    code: "timed_out",
  });
  await time.advance(30_000);
  await waiting;
  assert.equal(aborted, true);
});

test("download() writes what was signed, and tells how far it is", async () => {
  const { server, files, progress, get } = scene();
  server.contents.set("https://up.test/1.1.0/sallyport-linux-amd64", programOf("1.1.0"));
  await get();
  assert.equal(await files.readText("/work/draft"), "program 1.1.0");
  assert.equal(progress.at(-1), file.sizeBytes);
});

test("download() removes what is not the very program that was signed", async () => {
  const url = "https://up.test/1.1.0/sallyport-linux-amd64";
  for (
    const [bytes, message] of [
      ["program 6.6.6", /its SHA-256 is not the one that was signed$/],
      ["program 1.1.0 and more", /it is larger than the 13 bytes that were signed$/],
      ["program", /it has 7 bytes, and 13 were signed$/],
    ] as const
  ) {
    const { server, files, get } = scene();
    server.contents.set(url, bytes);
    await assert.rejects(get(), { code: "signature_invalid", message });
    assert.deepEqual(await files.list("/work"), []);
  }
});

test("download() leaves nothing when the server breaks off, or the disk is full", async () => {
  const { files, get, server } = scene();
  await assert.rejects(get(), { code: "refused", message: /the server answered 404$/ });
  assert.deepEqual(await files.list("/work"), []);
  server.contents.set("https://up.test/1.1.0/sallyport-linux-amd64", programOf("1.1.0"));
  await files.write("/work/draft", "somebody's");
  await assert.rejects(get(), { code: "io_failed" });
  assert.equal(await files.readText("/work/draft"), "somebody's");
});

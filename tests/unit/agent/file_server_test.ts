import assert from "node:assert/strict";
import {
  mkdir,
  mkdtemp,
  realpath,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { FileServer, openFileServer } from "../../../lib/agent/file_server.ts";
import { enterService } from "../../../lib/agent/service.ts";
import { decodeText, encodeText } from "../../../lib/base/bytes.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import type { Duplex } from "../../../lib/base/duplex.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { type Logger, silentLogger } from "../../../lib/base/log.ts";
import type { Files, OpenFile } from "../../../lib/runtime/host.ts";
import { nodeFiles } from "../../../lib/runtime/node_files.ts";
import { test } from "../../harness.ts";

const MODIFIED = new Date(Date.UTC(2026, 0, 2, 3, 4, 5));
const LAST_MODIFIED = "Fri, 02 Jan 2026 03:04:05 GMT";
const big = Uint8Array.from({ length: 400_000 }, (_, index) => (index * 7) % 253);

/** The machine's files, with a count of those that are open. */
function countedFiles(): { files: Files; open: () => number } {
  let count = 0;
  const files: Files = {
    ...nodeFiles,
    async open(path): Promise<OpenFile> {
      const file = await nodeFiles.open(path);
      count++;
      let isOpen = true;
      return {
        ...file,
        async close() {
          if (isOpen) count--;
          isOpen = false;
          await file.close();
        },
      };
    },
  };
  return { files, open: () => count };
}

interface Site {
  /** Of the directory that is served. */
  readonly path: string;
  ask(path: string, headers?: Record<string, string>, method?: string): Promise<Response>;
  /** A connection of a visitor. */
  visit(): Promise<Duplex>;
}

/** Serves a folder with a secret beside it, and looks that no file is left open. */
async function withSite(run: (site: Site) => Promise<void>): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "sallyport-site-")));
  const path = join(folder, "www");
  await mkdir(join(path, "docs", "empty"), { recursive: true });
  await mkdir(join(path, "list"));
  await writeFile(join(folder, "secret.txt"), "secret");
  await writeFile(join(path, "hello.txt"), "hello world");
  await utimes(join(path, "hello.txt"), MODIFIED, MODIFIED);
  await writeFile(join(path, "none.txt"), "");
  await writeFile(join(path, "big.bin"), big);
  await writeFile(join(path, "LICENSE"), "Do as you like");
  await writeFile(join(path, ".env"), "PASSWORD=secret");
  await writeFile(join(path, "docs", "index.html"), "<h1>Docs</h1>");
  await writeFile(join(path, "list", "<b>&.txt"), "x");
  await symlink("../../secret.txt", join(path, "list", "out.txt"));
  const { files, open } = countedFiles();
  const options = {
    host: { files, os: "linux" as const },
    clock: new FakeClock(0),
    logger: silentLogger,
  };
  const server = new FileServer(path, options);
  try {
    await run({
      path,
      ask: (at, headers = {}, method = "GET") =>
        server.answer(new Request(`http://visitor.test${at}`, { method, headers })),
      async visit() {
        const service = await openFileServer(path, options);
        return enterService(service.enter, "192.0.2.7:1", "https://a.test");
      },
    });
    assert.equal(open(), 0, "a file was left open");
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

test("FileServer.answer() sends a file with all that caches and browsers want to know", () =>
  withSite(async ({ ask }) => {
    const response = await ask("/hello.txt?v=1");
    assert.equal(response.status, 200);
    const { headers } = response;
    assert.equal(headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(headers.get("content-length"), "11");
    assert.equal(headers.get("last-modified"), LAST_MODIFIED);
    assert.equal(headers.get("accept-ranges"), "bytes");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.match(headers.get("etag") ?? "", /^"[0-9a-f]+-b"$/);
    assert.equal(await response.text(), "hello world");
    assert.deepEqual(await bytesOf(await ask("/big.bin")), big);
    const license = await ask("/LICENSE");
    assert.equal(license.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(await license.text(), "Do as you like");
    assert.equal((await ask("/none.txt")).headers.get("content-length"), "0");
  }));

test("FileServer.answer() says to HEAD what it says to GET, without reading the file", () =>
  withSite(async ({ ask }) => {
    for (const path of ["/big.bin", "/hello.txt", "/docs/"]) {
      const get = await ask(path);
      const head = await ask(path, { Range: "bytes=0-1" }, "HEAD");
      assert.deepEqual([...head.headers], [...get.headers]);
      assert.equal(head.status, 200);
      assert.equal(head.body, null);
      await get.body?.cancel();
    }
  }));

test("FileServer.answer() obeys conditions", () =>
  withSite(async ({ ask, path }) => {
    const etag = (await ask("/hello.txt", {}, "HEAD")).headers.get("etag")!;
    const same = await ask("/hello.txt", { "If-None-Match": etag });
    assert.deepEqual([same.status, same.body, same.headers.get("etag")], [304, null, etag]);
    assert.equal((await ask("/hello.txt", { "If-Modified-Since": LAST_MODIFIED })).status, 304);
    assert.equal((await ask("/hello.txt", { "If-Match": '"x"' })).status, 412);
    await writeFile(join(path, "hello.txt"), "hello again, world");
    const changed = await ask("/hello.txt", { "If-None-Match": etag });
    assert.equal(changed.status, 200);
    assert.equal(await changed.text(), "hello again, world");
  }));

test("FileServer.answer() sends one range, several ranges, and says which there are not", () =>
  withSite(async ({ ask }) => {
    const one = await ask("/hello.txt", { Range: "bytes=6-" });
    assert.equal(one.status, 206);
    assert.equal(one.headers.get("content-range"), "bytes 6-10/11");
    assert.equal(one.headers.get("content-length"), "5");
    assert.equal(await one.text(), "world");
    const two = await ask("/big.bin", { Range: "bytes=0-0,399999-" });
    assert.equal(two.status, 206);
    assert.match(two.headers.get("content-type") ?? "", /^multipart\/byteranges; boundary=/);
    const body = await bytesOf(two);
    assert.equal(String(body.length), two.headers.get("content-length"));
    assert.match(
      new TextDecoder("latin1").decode(body),
      /Content-Range: bytes 399999-399999\/400000/,
    );
    const none = await ask("/hello.txt", { Range: "bytes=11-" });
    assert.equal(none.status, 416);
    assert.equal(none.headers.get("content-range"), "bytes */11");
    assert.equal((await ask("/none.txt", { Range: "bytes=0-" })).status, 416);
    const etag = one.headers.get("etag")!;
    const held = await ask("/hello.txt", { Range: "bytes=0-3", "If-Range": etag });
    assert.equal(await held.text(), "hell");
    const stale = await ask("/hello.txt", { Range: "bytes=0-3", "If-Range": '"old"' });
    assert.deepEqual([stale.status, await stale.text()], [200, "hello world"]);
  }));

test("FileServer.answer() joins any ranges to the file they are of", () =>
  withSite(async ({ ask }) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(399_999), fc.nat(399_999), async (a, b) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)];
        const response = await ask("/big.bin", { Range: `bytes=${first}-${last}` });
        assert.deepEqual(await bytesOf(response), big.slice(first, last + 1));
      }),
      { numRuns: 20 },
    );
  }));

test("FileServer.answer() serves the index of a directory, and leads there with a slash", () =>
  withSite(async ({ ask }) => {
    const response = await ask("/docs/");
    assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(await response.text(), "<h1>Docs</h1>");
    const moved = await ask("/docs?a=b");
    assert.deepEqual([moved.status, moved.headers.get("location")], [301, "./docs/?a=b"]);
    // Not //docs/, which would be another host.
    const sly = await ask("//docs");
    assert.equal(
      new URL(sly.headers.get("location")!, "http://visitor.test//docs").host,
      "visitor.test",
    );
    assert.equal((await ask("/hello.txt/")).status, 404);
  }));

test("FileServer.answer() lists a directory without an index, escaped, without what leads out", () =>
  withSite(async ({ ask }) => {
    const list = await ask("/list/");
    assert.equal(list.status, 200);
    assert.match(list.headers.get("content-security-policy") ?? "", /default-src 'none'/);
    const html = await list.text();
    assert.match(html, /<a href=".\/%3Cb%3E%26.txt">&lt;b&gt;&amp;.txt<\/a>/);
    assert.doesNotMatch(html, /out\.txt/);
    const top = await (await ask("/")).text();
    assert.match(top, /docs\//);
    assert.doesNotMatch(top, /\.env/);
    assert.equal(await (await ask("/list/%3Cb%3E%26.txt")).text(), "x");
  }));

test("FileServer.answer() has nothing to say about what is hidden, outside or not there", () =>
  withSite(async ({ ask }) => {
    const paths = [
      "/.env",
      "/%2eenv",
      "/list/out.txt",
      "/nowhere",
      "/..%2fsecret.txt",
      "/hello.txt%00",
    ];
    for (const path of paths) {
      const response = await ask(path);
      assert.equal(response.status, 404, path);
      assert.doesNotMatch(await response.text(), /secret\.txt|password/i);
    }
  }));

test("FileServer.answer() is for reading alone", () =>
  withSite(async ({ ask }) => {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"]) {
      const response = await ask("/hello.txt", {}, method);
      assert.deepEqual([response.status, response.headers.get("allow")], [405, "GET, HEAD"]);
    }
  }));

test("FileServer.answer() says 403 about what the agent may not read, and 500 about a bad disk", async () => {
  const path = await realpath(tmpdir());
  const lines: string[] = [];
  for (const [code, status] of [["permission_denied", 403], ["io_failed", 500]] as const) {
    const files: Files = {
      ...nodeFiles,
      stat: () => Promise.reject(new TunnelError(code, "Cannot look at it")),
    };
    const logger: Logger = { ...silentLogger, log: (level) => lines.push(level) };
    const server = new FileServer(path, {
      host: { files, os: "linux" },
      clock: new FakeClock(0),
      logger,
    });
    const response = await server.answer(new Request("http://a/"));
    assert.equal(response.status, status);
    assert.doesNotMatch(await response.text(), /Cannot look at it/);
  }
  assert.deepEqual(lines, ["warn", "error"]);
});

test("openFileServer() serves visitors one request after the other, and lets files go", () =>
  withSite(async ({ visit }) => {
    const conn = await visit();
    const ask = (method: string, path: string, more = "") =>
      conn.write(encodeText(`${method} ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`));
    ask("HEAD", "/big.bin");
    assert.match(
      decodeText((await conn.read())!),
      /^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 400000\r\n/,
    );
    ask("GET", "/hello.txt", "Range: bytes=0-4\r\n");
    let got = "";
    while (!got.endsWith("hello")) got += decodeText((await conn.read())!);
    assert.match(got, /^HTTP\/1\.1 206 Partial Content\r\n/);
    // In the middle of a large file the visitor goes away.
    ask("GET", "/big.bin");
    await conn.read();
    conn.abort();
    await conn.closed;
  }));

test("openFileServer() cuts off who would take half a file for the whole", () =>
  withSite(async ({ visit, path }) => {
    const conn = await visit();
    conn.write(encodeText("GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n"));
    let total = (await conn.read())!.length;
    await truncate(join(path, "big.bin"), 1);
    await assert.rejects(async () => {
      for (let chunk; (chunk = await conn.read());) total += chunk.length;
    });
    assert.ok(total < 400_000);
  }));

test("openFileServer() refuses what is no directory, in words", () =>
  withSite(async ({ path }) => {
    const open = (at: string) =>
      openFileServer(at, {
        host: { files: nodeFiles, os: "linux" },
        clock: new FakeClock(0),
        logger: silentLogger,
      });
    await assert.rejects(open(join(path, "nowhere")), {
      code: "config_invalid",
      message: `Cannot serve the directory "${join(path, "nowhere")}": it does not exist; ` +
        "create it or correct the path",
    });
    await assert.rejects(
      open(join(path, "hello.txt")),
      /it is a file; give the directory it is in/,
    );
  }));

test("FileServer.answer() tells no secret, whatever is asked of it", () =>
  withSite(async ({ ask, path }) => {
    await symlink("..", join(path, "up"));
    const part = fc.oneof(
      fc.constantFrom("..", ".", "%2e%2e", "..%2f", "%2f", "%5c", "up", "list", "docs", "www"),
      fc.constantFrom("secret.txt", "out.txt", ".env", "%2eenv", "hello.txt", "%00", "?", "#", ";"),
      fc.string({ maxLength: 4 }),
    );
    const headers = fc.constantFrom<Record<string, string>>(
      {},
      { Range: "bytes=0-3,5-" },
      { "If-None-Match": "*" },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), headers, async (parts, head) => {
        let response: Response;
        try {
          response = await ask(`/${parts.join("/")}`, head);
        } catch (thrown) {
          assert.match(String(thrown), /URL/); // no request can be made of it
          return;
        }
        assert.ok(
          [200, 206, 301, 304, 404, 416].includes(response.status),
          String(response.status),
        );
        assert.doesNotMatch(await response.text(), /^secret|PASSWORD/);
      }),
      { numRuns: 300 },
    );
  }));

test("FileServer.answer() lists very many files without looking at each", () =>
  withSite(async ({ ask, path }) => {
    const many = join(path, "many");
    await mkdir(many);
    const names = Array.from({ length: 1001 }, (_, index) => `file-${index}`);
    await Promise.all(names.map((name) => writeFile(join(many, name), "")));
    const html = await (await ask("/many/")).text();
    for (const name of names) assert.ok(html.includes(`"./${name}"`), name);
    assert.doesNotMatch(html, /<time/);
  }));

test("openFileServer() sends a file to who would rather have a WebSocket", () =>
  withSite(async ({ visit }) => {
    const conn = await visit();
    conn.write(encodeText(
      "GET /hello.txt HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ));
    let got = "";
    while (!got.endsWith("hello world")) got += decodeText((await conn.read())!);
    assert.match(got, /^HTTP\/1\.1 200 OK\r\n/);
    conn.abort();
    await conn.closed;
  }));

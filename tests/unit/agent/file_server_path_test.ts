import assert from "node:assert/strict";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { isServedName, ServedRoot, servedSegments } from "../../../lib/agent/file_server_path.ts";
import type { Files } from "../../../lib/runtime/host.ts";
import { nodeFiles } from "../../../lib/runtime/node_files.ts";
import { test } from "../../harness.ts";

const UNIX = { isWindows: false };
const WINDOWS = { isWindows: true };

test("servedSegments() decodes each name once and leaves nothing else out", () => {
  const good: [path: string, segments: string[]][] = [
    ["/", []],
    ["//", []],
    ["/a", ["a"]],
    ["/a/", ["a"]],
    ["/a//b", ["a", "b"]],
    ["/a%20b/c+d", ["a b", "c+d"]],
    ["/b%C3%BCcher", ["b\u00fccher"]],
    ["/100%25", ["100%"]],
    ["/a%252e", ["a%2e"]],
    ["/.well-known/security.txt", [".well-known", "security.txt"]],
    ["/a.b..c", ["a.b..c"]],
    ["/C:", ["C:"]],
  ];
  for (const [path, segments] of good) assert.deepEqual(servedSegments(path, UNIX), segments, path);
});

test("servedSegments() names nothing for what hides, leads out or plays with encodings", () => {
  const bad = [
    "/..",
    "/a/../b",
    "/%2e%2e/etc/passwd",
    "/.%2e/x",
    "/a%2fb",
    "/..%2f..%2fetc%2fpasswd",
    "/a%00",
    "/a%00.html",
    "/.git/config",
    "/.env",
    "/a/.htpasswd",
    "/%2egit/config",
    "/.",
    "/...",
    "/%",
    "/%zz",
    "/%c0%ae%c0%ae/etc/passwd",
    "/%ff",
    "/.well-known%2f..%2fx",
    "/" + "a/".repeat(200),
  ];
  for (const path of bad) assert.equal(servedSegments(path, UNIX), undefined, path);
});

test("servedSegments() knows what names do on Windows", () => {
  const bad = [
    "/C:",
    "/C:%5cWindows",
    "/..%5c..%5cboot.ini",
    "/a%5cb",
    "/index.html::$DATA",
    "/a.txt:hidden",
    "/CON",
    "/aux.txt",
    "/Com1",
    "/lpt9.log.gz",
    "/nul",
    "/secret.txt.",
    "/secret.txt%20",
    "/a%3fb",
    "/a%01",
  ];
  for (const path of bad) assert.equal(servedSegments(path, WINDOWS), undefined, path);
  assert.deepEqual(servedSegments("/console/com10/a.txt", WINDOWS), ["console", "com10", "a.txt"]);
});

test("isServedName() shows in a listing what a request may name", () => {
  assert.deepEqual(
    ["a", ".git", ".well-known", "a b", ""].map((name) => isServedName(name, UNIX)),
    [true, false, true, true, false],
  );
});

/** A folder with a secret beside it, and links of every kind. */
async function withFolder(run: (root: string, outside: string) => Promise<void>): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "sallyport-path-")));
  const root = join(folder, "www");
  await mkdir(join(root, "sub", "deep"), { recursive: true });
  await mkdir(join(root, ".git"));
  await mkdir(join(folder, "www-other"));
  await writeFile(join(folder, "secret.txt"), "secret");
  await writeFile(join(folder, "www-other", "secret.txt"), "secret");
  await writeFile(join(root, "a.txt"), "a");
  await writeFile(join(root, "sub", "b.txt"), "b");
  await writeFile(join(root, ".git", "config"), "secret");
  await symlink("../a.txt", join(root, "sub", "inside.txt"));
  await symlink("sub", join(root, "way"));
  await symlink("../secret.txt", join(root, "out.txt"));
  await symlink("..", join(root, "up"));
  await symlink("../www-other", join(root, "sibling"));
  await symlink(folder, join(root, "sub", "absolute"));
  await symlink("loop", join(root, "loop"));
  await symlink("nowhere", join(root, "broken"));
  try {
    await run(root, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("ServedRoot.resolve() follows links that stay inside and no others", () =>
  withFolder(async (path) => {
    const root = new ServedRoot(path, nodeFiles, UNIX);
    assert.equal(await root.resolve([]), path);
    assert.equal(await root.resolve(["sub", "inside.txt"]), join(path, "a.txt"));
    assert.equal(await root.resolve(["way", "b.txt"]), join(path, "sub", "b.txt"));
    const nothing = [
      ["out.txt"],
      ["up"],
      ["up", "secret.txt"],
      ["sibling", "secret.txt"],
      ["sub", "absolute", "secret.txt"],
      ["loop"],
      ["broken"],
      ["nowhere"],
      ["a.txt", "below"],
      ["x".repeat(300)],
    ];
    for (const segments of nothing) {
      assert.equal(await root.resolve(segments), undefined, segments.join("/"));
    }
    // By a detour, but inside: what it leads to is served anyway.
    assert.equal(await root.resolve(["up", "www"]), path);
  }));

test("ServedRoot.resolve() serves a directory that is itself a link, also a new one", () =>
  withFolder(async (path, folder) => {
    const current = join(folder, "current");
    await symlink("www", current);
    const root = new ServedRoot(current, nodeFiles, UNIX);
    assert.equal(await root.resolve(["a.txt"]), join(path, "a.txt"));
    await rm(current);
    await symlink("www-other", current);
    assert.equal(await root.resolve(["a.txt"]), undefined);
    assert.equal(
      await root.resolve(["secret.txt"]),
      join(folder, "www-other", "secret.txt"),
    );
  }));

test("ServedRoot.entries() shows what can be asked for, links as what they lead to", () =>
  withFolder(async (path) => {
    const root = new ServedRoot(path, nodeFiles, UNIX);
    assert.deepEqual(await root.entries(path), [
      { name: "a.txt", kind: "file" },
      { name: "sub", kind: "directory" },
      { name: "way", kind: "directory" },
    ]);
    const inSub = await root.entries(join(path, "sub"));
    assert.deepEqual(inSub.map(({ name }) => name), ["b.txt", "deep", "inside.txt"]);
  }));

test("ServedRoot.resolve() finds another name of a hidden file out on Windows", async () => {
  const real: Record<string, string> = {
    "C:\\www": "C:\\www",
    "C:\\www/GIT~1/config": "C:\\www\\.git\\config",
    "C:\\www/A~1.TXT": "C:\\www\\a long name.txt",
    "C:\\www/link": "C:\\www2\\x",
  };
  const files = { realPath: (path: string) => Promise.resolve(real[path]) } as Files;
  const root = new ServedRoot("C:\\www", files, WINDOWS);
  assert.equal(await root.resolve(["GIT~1", "config"]), undefined);
  assert.equal(await root.resolve(["A~1.TXT"]), "C:\\www\\a long name.txt");
  assert.equal(await root.resolve(["link"]), undefined);
});

test("servedSegments() and ServedRoot.resolve() lead nowhere but inside, whatever is asked", () =>
  withFolder(async (path) => {
    const root = new ServedRoot(path, nodeFiles, UNIX);
    const part = fc.oneof(
      fc.constantFrom("..", ".", "", "%2e%2e", "..%2f", "%5c..", "%00", "up", "sub", "out.txt"),
      fc.constantFrom(
        "sibling",
        "absolute",
        "a.txt",
        ".git",
        "config",
        "secret.txt",
        "www",
        "loop",
      ),
      fc.string({ unit: "grapheme", maxLength: 6 }).map((text) => encodeURIComponent(text)),
      fc.string({ maxLength: 6 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 7 }), async (parts) => {
        const segments = servedSegments(`/${parts.join("/")}`, UNIX);
        if (!segments) return;
        const real = await root.resolve(segments);
        if (real === undefined) return;
        assert.ok(real === path || real.startsWith(`${path}/`), real);
        assert.ok(!real.includes("secret") && !real.includes(".git"), real);
      }),
      { numRuns: 500 },
    );
  }));

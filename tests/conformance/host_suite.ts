/**
 * What every machine must do: files, environment, signals. Printing and ending are tried on child
 * processes, in `host_runtime_test.ts`.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Host } from "../../lib/runtime/host.ts";
import { test } from "../harness.ts";
import { assertFails, bytes, text } from "./conns.ts";

/** The machine under test. */
export interface HostSubject {
  /** What the test names begin with. */
  readonly name: string;
  /** The machine. */
  readonly host: Host;
  /** A directory of one's own, and what removes it. */
  folder(): Promise<{ path: string; free: () => Promise<void> }>;
  /** Changes the environment. */
  setEnv(name: string, value: string | undefined): void;
  /** Sends the program a signal. */
  raise(signal: "SIGHUP"): void;
}

/** Declares the suite. */
export function hostSuite({ name, host, folder, setEnv, raise }: HostSubject): void {
  const { files } = host;

  test(`${name}: files.write() makes and replaces a file, and leaves nothing beside it`, async () => {
    const { path, free } = await folder();
    const file = `${path}/state.json`;
    await files.write(file, "first");
    assert.equal(await files.readText(file), "first");
    await files.write(file, bytes("second, longer"));
    assert.equal(text(await files.readBytes(file)), "second, longer");
    await files.write(file, "third");
    assert.equal(await files.readText(file), "third");
    assert.deepEqual(await files.list(path), ["state.json"]);
    assert.deepEqual(await files.stat(file).then((found) => [found?.kind, found?.size]), [
      "file",
      5,
    ]);
    await free();
  });

  test(`${name}: files.write() at once by many leaves one whole text`, async () => {
    const { path, free } = await folder();
    const file = `${path}/contested`;
    const texts = Array.from({ length: 20 }, (_, writer) => `${writer} `.repeat(5_000));
    await Promise.all(texts.map((whole) => files.write(file, whole)));
    assert.ok(texts.includes(await files.readText(file)));
    assert.deepEqual(await files.list(path), ["contested"]);
    await free();
  });

  test(`${name}: files.append() makes a file and adds to it`, async () => {
    const { path, free } = await folder();
    await files.append(`${path}/log`, "one\n");
    await files.append(`${path}/log`, bytes("two\n"));
    assert.equal(await files.readText(`${path}/log`), "one\ntwo\n");
    await free();
  });

  test(`${name}: files.makeDir(), list(), stat() and remove() go together`, async () => {
    const { path, free } = await folder();
    await files.makeDir(`${path}/a/b`);
    await files.makeDir(`${path}/a/b`);
    await files.write(`${path}/a/z`, "");
    await files.write(`${path}/a/c`, "");
    assert.deepEqual(await files.list(`${path}/a`), ["b", "c", "z"]);
    assert.equal((await files.stat(`${path}/a/b`))?.kind, "directory");
    const modifiedMs = (await files.stat(`${path}/a/c`))?.modifiedMs ?? NaN;
    assert.ok(Number.isFinite(modifiedMs));
    await files.remove(`${path}/a`);
    await files.remove(`${path}/a`);
    assert.equal(await files.stat(`${path}/a`), undefined);
    assert.equal(await files.stat(`${path}/a/c`), undefined);
    await free();
  });

  test(`${name}: files.create() takes pieces, and nothing that is there`, async () => {
    const { path, free } = await folder();
    const file = `${path}/large`;
    const writer = await files.create(file);
    await writer.write(bytes("one "));
    await writer.write(bytes("two"));
    await writer.close();
    await writer.close();
    assert.equal(await files.readText(file), "one two");
    await assertFails(() => files.create(file), "io_failed", /^Cannot write .*it exists already$/);
    await free();
  });

  test(`${name}: files.swap() puts one in the place of another, and keeps it`, async () => {
    const { path, free } = await folder();
    const [draft, target, kept] = ["draft", "program", "program.old"].map((one) =>
      `${path}/${one}`
    );
    await files.write(target, "old");
    await files.write(kept, "older");
    await files.write(draft, "new");
    await files.swap(draft, target, kept);
    assert.equal(await files.readText(target), "new");
    assert.equal(await files.readText(kept), "old");
    assert.deepEqual(await files.list(path), ["program", "program.old"]);
    await assertFails(() => files.swap(draft, target, kept), "not_found", /^Cannot replace /);
    assert.equal(await files.readText(target), "new");
    assert.equal(
      await files.realPath(`${path}/../${path.split(/[/\\]/).pop()}/program`),
      await files.realPath(target),
    );
    await assertFails(() => files.realPath(`${path}/none`), "not_found", /^Cannot find /);
    await free();
  });

  test(`${name}: files.open() reads parts of a file, which stays the same when it is replaced`, async () => {
    const { path, free } = await folder();
    await files.write(`${path}/file`, "hello world");
    const file = await files.open(`${path}/file`);
    assert.deepEqual([file.info.kind, file.info.size], ["file", 11]);
    await files.write(`${path}/file`, "something else");
    const parts = [[0, 5], [6, 100], [10, 1], [11, 5], [500, 5]];
    const read: (string | undefined)[] = [];
    for (const [offset, maxBytes] of parts) {
      const part = await file.read(offset, maxBytes);
      read.push(part && text(part));
    }
    assert.deepEqual(read, ["hello", "world", "d", undefined, undefined]);
    await file.close();
    await file.close();
    await assertFails(() => files.open(`${path}/none`), "not_found", /^Cannot read ".*none": /);
    await assertFails(() => files.open(path), "io_failed", /^Cannot read /);
    await free();
  });

  test(`${name}: files.entries() tells what lies in a directory`, async () => {
    const { path, free } = await folder();
    await files.makeDir(`${path}/b`);
    await files.write(`${path}/c`, "");
    await files.write(`${path}/a`, "");
    await files.write(`${path}/b/below`, "");
    assert.deepEqual(await files.entries(path), [
      { name: "a", kind: "file" },
      { name: "b", kind: "directory" },
      { name: "c", kind: "file" },
    ]);
    await assertFails(() => files.entries(`${path}/none`), "not_found", /^Cannot list /);
    await free();
  });

  test(`${name}: files say what is missing, and name the path`, async () => {
    const { path, free } = await folder();
    const none = `${path}/none`;
    await files.write(`${path}/file`, "");
    await assertFails(
      () => files.readText(none),
      "not_found",
      /^Cannot read ".*none": there is no such file$/,
    );
    await assertFails(() => files.readBytes(none), "not_found", /^Cannot read /);
    await assertFails(() => files.list(none), "not_found", /^Cannot list /);
    await assertFails(() => files.write(`${none}/file`, ""), "not_found", /^Cannot write /);
    await assertFails(() => files.append(`${none}/file`, ""), "not_found", /^Cannot write /);
    await assertFails(() => files.readText(path), "io_failed", /^Cannot read .*it is a directory$/);
    await assertFails(() => files.write(path, ""), "io_failed", /^Cannot write /);
    await assertFails(() => files.list(`${path}/file`), "not_found", /^Cannot list /);
    await assertFails(() => files.makeDir(`${path}/file/dir`), ["not_found", "io_failed"]);
    assert.equal(await files.stat(`${path}/file/below`), undefined);
    await free();
  });

  test(`${name}: env() takes empty text for absent`, () => {
    setEnv("SALLYPORT_CONFORMANCE", undefined);
    assert.equal(host.env("SALLYPORT_CONFORMANCE"), undefined);
    setEnv("SALLYPORT_CONFORMANCE", "");
    assert.equal(host.env("SALLYPORT_CONFORMANCE"), undefined);
    setEnv("SALLYPORT_CONFORMANCE", "value");
    assert.equal(host.env("SALLYPORT_CONFORMANCE"), "value");
    setEnv("SALLYPORT_CONFORMANCE", undefined);
  });

  test(`${name}: the machine knows itself`, () => {
    assert.ok(["deno", "bun", "node", "memory"].includes(host.runtime.name));
    assert.match(host.runtime.version, /^\d/);
    assert.match(host.arch, /^[a-z0-9]+$/);
    assert.ok(host.pid > 0);
    assert.ok(host.cwd().length > 0);
    assert.ok((host.homeDir() ?? "/").length > 0);
    assert.equal(typeof host.hostName(), "string");
    assert.ok(host.stdout.columns > 0);
    assert.equal(typeof host.stderr.isTty, "boolean");
    const residentBytes = host.residentBytes();
    assert.ok(residentBytes === undefined || residentBytes > 1_000_000);
  });

  test(`${name}: onSignal() calls each listener until it is taken off`, async () => {
    if (host.os === "windows") return; // has no such signal; onSignal() ignores it there
    const release = host.keepAlive(); // waiting for a signal does not keep Node alive
    let heard!: () => void;
    const calls: string[] = [];
    const offFirst = host.onSignal("SIGHUP", () => calls.push("first"));
    const offSecond = host.onSignal("SIGHUP", () => {
      calls.push("second");
      heard();
    });
    let hearing = new Promise<void>((resolve) => heard = resolve);
    raise("SIGHUP");
    await hearing;
    assert.deepEqual(calls, ["first", "second"]);
    offFirst();
    offFirst();
    hearing = new Promise<void>((resolve) => heard = resolve);
    raise("SIGHUP");
    await hearing;
    assert.deepEqual(calls, ["first", "second", "second"]);
    offSecond();
    release();
  });

  test(`${name}: flush() settles when nothing is left to print`, async () => {
    host.stderr.write("");
    await host.stderr.flush();
    await host.stderr.flush();
  });
}

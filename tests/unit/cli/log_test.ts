import assert from "node:assert/strict";
import { TunnelError } from "../../../lib/base/errors.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { type LogOptions, openLog } from "../../../lib/cli/log.ts";
import { Secrets } from "../../../lib/cli/secrets.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { type MemoryHostOptions, memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

/** A machine whose clock stands still, and every text written to its outputs. */
function machine(options: Omit<MemoryHostOptions, "clock"> = {}) {
  const runtime = memoryRuntime({ clock: new FakeClock(), host: options });
  const { host } = runtime;
  const writes: string[] = [];
  for (const output of [host.stdout, host.stderr]) {
    output.write = (text) => {
      writes.push(text);
      output.text += text;
    };
  }
  return { runtime, host, writes };
}

const JSON_TO_STDOUT: LogOptions = {
  destination: "stdout",
  format: "json",
  level: "info",
};

test("openLog() writes nothing anywhere when the destination is false", async () => {
  const { runtime, host } = machine();
  const log = await openLog(runtime, { ...JSON_TO_STDOUT, destination: "false" }, new Secrets());
  assert.equal(log.logger, silentLogger);
  await log.close();
  assert.equal(host.stdout.text + host.stderr.text, "");
});

test("openLog() writes each line with one write, line end included", async () => {
  const { runtime, host, writes } = machine();
  const log = await openLog(runtime, JSON_TO_STDOUT, new Secrets());
  log.logger.log("info", "one", { a: 1 });
  log.logger.log("warn", "two");
  await log.close();
  assert.deepEqual(writes, [
    '{"a":1,"lvl":"info","msg":"one","t":"1970-01-01T00:16:40.000000000Z"}\n',
    '{"lvl":"warn","msg":"two","t":"1970-01-01T00:16:40.000000000Z"}\n',
  ]);
  assert.equal(host.stderr.text, "");
});

test("openLog() drops lines below the level", async () => {
  const { runtime, writes } = machine();
  const options: LogOptions = {
    destination: "stderr",
    format: "logfmt",
    level: "warn",
  };
  const log = await openLog(runtime, options, new Secrets());
  for (const level of ["debug", "info", "warn", "error", "crit"] as const) {
    log.logger.log(level, level);
  }
  assert.deepEqual(writes.map((line) => /msg=(\w+)/.exec(line)![1]), ["warn", "error", "crit"]);
});

test("openLog() hands out children whose fields come first", async () => {
  const { runtime, host } = machine();
  const log = await openLog(runtime, { ...JSON_TO_STDOUT, format: "logfmt" }, new Secrets());
  log.logger.child({ obj: "join", id: "a1" }).child({ l: "x" }).log(
    "info",
    "join connections",
    {
      r: "y",
    },
  );
  assert.equal(
    host.stdout.text,
    't=1970-01-01T00:16:40+0000 lvl=info msg="join connections" obj=join id=a1 l=x r=y\n',
  );
});

test("openLog() uses the term format where a person is looking, else logfmt", async () => {
  const options: LogOptions = {
    destination: "stdout",
    format: "term",
    level: "info",
  };
  const seen: string[] = [];
  for (
    const given of [{ isTty: true }, { isTty: true, env: { NO_COLOR: "1" } }, {
      isTty: false,
    }]
  ) {
    const { runtime, host } = machine(given);
    (await openLog(runtime, options, new Secrets())).logger.log("info", "hello");
    seen.push(host.stdout.text);
  }
  assert.ok(seen[0].startsWith("\x1b[32mINFO\x1b[0m["));
  assert.ok(seen[1].startsWith("INFO["));
  assert.ok(seen[2].startsWith("t="));
});

test("openLog() hides secrets in messages and in fields", async () => {
  const { runtime, host } = machine();
  const secrets = new Secrets();
  const log = await openLog(runtime, JSON_TO_STDOUT, secrets);
  secrets.add("tok_1234567890");
  log.logger.log("info", "sent tok_1234567890", {
    err: new Error("bad tok_1234567890"),
  });
  assert.ok(!host.stdout.text.includes("tok_1234567890"));
  assert.ok(host.stdout.text.includes('"sent HIDDEN"'));
});

test("openLog() appends to a file, in order, and close() waits for the last line", async () => {
  const { runtime, host } = machine({
    files: { "/var/log/s.log": "before\n" },
  });
  const options: LogOptions = {
    destination: "/var/log/s.log",
    format: "logfmt",
    level: "info",
  };
  const log = await openLog(runtime, options, new Secrets());
  for (let i = 0; i < 100; i++) log.logger.log("info", `line${i}`);
  await log.close();
  const lines = (await host.files.readText("/var/log/s.log")).trimEnd().split("\n");
  assert.equal(lines.length, 101);
  assert.equal(lines[0], "before");
  const said = lines.slice(1).map((line) => /msg=(\w+)/.exec(line)![1]);
  assert.deepEqual(said, Array.from({ length: 100 }, (_, i) => `line${i}`));
  assert.equal(host.stdout.text + host.stderr.text, "");
});

test("openLog() finds out at once that a file cannot be written", async () => {
  const { runtime } = machine();
  const options: LogOptions = {
    destination: "/no/x.log",
    format: "term",
    level: "info",
  };
  await assert.rejects(openLog(runtime, options, new Secrets()), {
    code: "not_found",
    message: 'Cannot write the log file "/no/x.log": there is no such file',
  });
});

test("openLog() goes on when the disk fills up, and says so once", async () => {
  const { runtime, host } = machine();
  const options: LogOptions = {
    destination: "/s.log",
    format: "json",
    level: "info",
  };
  const log = await openLog(runtime, options, new Secrets());
  const { append } = host.files;
  host.files.append = () => Promise.reject(new TunnelError("io_failed", "No space left on device"));
  log.logger.log("info", "lost");
  await log.close();
  log.logger.log("info", "lost too");
  await log.close();
  host.files.append = append;
  log.logger.log("info", "kept");
  await log.close();
  assert.equal(
    host.stderr.text,
    'ERROR:  Cannot write the log file "/s.log": No space left on device\n',
  );
  assert.match(await host.files.readText("/s.log"), /^\{"lvl":"info","msg":"kept"/);
});

test("openLog() counts and drops lines that a stuck disk cannot take", async () => {
  const { runtime, host } = machine();
  const options: LogOptions = {
    destination: "/s.log",
    format: "json",
    level: "info",
  };
  const log = await openLog(runtime, options, new Secrets());
  const append = host.files.append.bind(host.files);
  let letGo!: () => void;
  const stuck = new Promise<void>((resolve) => letGo = resolve);
  host.files.append = (path, data) => stuck.then(() => append(path, data));
  const megabyte = "x".repeat(1024 * 1024);
  for (let i = 0; i < 10; i++) log.logger.log("info", megabyte);
  letGo();
  await log.close();
  const text = await host.files.readText("/s.log");
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const last = lines[lines.length - 1];
  assert.equal(last.msg, "log lines dropped");
  assert.equal(lines.length - 1 + last.count, 10);
});

test("openLog() counts and drops lines that a stuck reader of standard output does not take", async () => {
  const { runtime, host, writes } = machine();
  let letGo!: () => void;
  const stuck = new Promise<void>((resolve) => letGo = resolve);
  host.stdout.flush = () => stuck;
  const log = await openLog(runtime, JSON_TO_STDOUT, new Secrets());
  const megabyte = "x".repeat(1024 * 1024);
  for (let i = 0; i < 10; i++) log.logger.log("info", megabyte);
  assert.equal(writes.length, 4, "no more than fits is held");
  letGo();
  await stuck;
  await Promise.resolve();
  log.logger.log("info", "after");
  await log.close();
  const said = writes.slice(4).map((line) => JSON.parse(line));
  assert.deepEqual(said.map(({ msg, count }) => [msg, count]), [
    ["log lines dropped", 6],
    ["after", undefined],
  ]);
});

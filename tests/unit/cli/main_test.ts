import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { TunnelError } from "../../../lib/base/errors.ts";
import { VERSION } from "../../../lib/base/version.ts";
import { type Cli, type Command, defineCommand } from "../../../lib/cli/command.ts";
import { COMMANDS } from "../../../lib/cli/commands/mod.ts";
import { main } from "../../../lib/cli/main.ts";
import { RESTART } from "../../../lib/cli/remote_management.ts";
import { type MemoryHostOptions, memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

async function run(line: string, env: MemoryHostOptions["env"] = {}, commands = COMMANDS) {
  const runtime = memoryRuntime({
    host: { env, args: line === "" ? [] : line.split(" ") },
  });
  const { host } = runtime;
  const code = await main(runtime, { commands });
  assert.equal(host.kept, 0, "nothing keeps the program alive");
  const log = await host.files.stat("/log") ? await host.files.readText("/log") : "";
  return { code, stdout: host.stdout.text, stderr: host.stderr.text, log };
}

function commandThat(does: (cli: Cli) => Promise<number>): readonly Command[] {
  return [defineCommand({
    name: "do",
    summary: "do it",
    description: "Does it.",
    examples: [{ line: "do", does: "does it" }],
    flags: [{
      name: "authtoken",
      value: "token",
      summary: "who",
      secret: true,
      env: ["TOKEN"],
    }],
    run: does,
  })];
}

test("main() prints the version on standard output", async () => {
  for (const line of ["version", "--version", "-v"]) {
    const { code, stdout, stderr } = await run(line);
    assert.deepEqual([code, stdout, stderr], [
      0,
      `sallyport version ${VERSION}\n`,
      "",
    ], line);
  }
});

test("main() prints help on standard output and succeeds", async () => {
  for (
    const line of ["", "--help", "help", "help http", "http --help", "edge -h"]
  ) {
    const { code, stdout, stderr } = await run(line);
    assert.equal(code, 0, line);
    assert.match(stdout, /USAGE:/, line);
    assert.equal(stderr, "", line);
  }
});

test("main() prints a usage error on standard error and exits with 1", async () => {
  const { code, stdout, stderr } = await run("htpp 8080");
  assert.deepEqual([code, stdout], [1, ""]);
  assert.equal(stderr, 'ERROR:  Unknown command "htpp"; did you mean "http"?\n');
});

test("main() returns the exit code of the command", async () => {
  assert.equal((await run("do", {}, commandThat(() => Promise.resolve(3)))).code, 3);
});

test("main() does not call it success when what was asked for could not be printed", async () => {
  const runtime = memoryRuntime({ host: { args: ["version"] } });
  const failure = new TunnelError("io_failed", "Cannot write: no space left on the device");
  Object.assign(runtime.host.stdout, { failure });
  assert.equal(await main(runtime), 1);
  assert.equal(
    runtime.host.stderr.text,
    "ERROR:  Cannot write to standard output: no space left on the device (io_failed)\n",
  );
});

test("main() turns what a command throws into one sentence, and logs it", async () => {
  const fails = commandThat(() =>
    Promise.reject(new TunnelError("refused", "No.", { ngrokCode: 107 }))
  );
  const { code, stderr, log } = await run("do --log /log --log-format json", {}, fails);
  assert.equal(code, 1);
  assert.equal(stderr, "ERROR:  No.\nERROR:\nERROR:  ERR_NGROK_107\n");
  const line = JSON.parse(log);
  assert.deepEqual([line.lvl, line.msg, line.err], [
    "crit",
    "command failed",
    "No.\r\n\r\nERR_NGROK_107\r\n",
  ]);
});

test("main() says nothing in the log about what was mistyped, and nothing twice on standard error", async () => {
  const mistyped = commandThat(() => Promise.reject(new TunnelError("address_invalid", "No.")));
  assert.equal((await run("do --log /log", {}, mistyped)).log, "");
  const [command] = commandThat(() => Promise.reject(new TunnelError("io_failed", "No disk")));
  const server: Command = { ...command, logsTo: "stderr" };
  assert.equal((await run("do", {}, [server])).stderr, "ERROR:  No disk (io_failed)\n");
  assert.match(
    (await run("do --log stderr", {}, [server])).stderr,
    /^t=.* lvl=crit .*\nERROR: {2}No/,
  );
});

test("main() shows a stack in the debug log alone", async () => {
  const fails = commandThat(() => Promise.reject(new TypeError("boom")));
  const { stderr, log } = await run("do --log /log --log-level debug", {}, fails);
  assert.equal(stderr, "ERROR:  Sallyport did something wrong: boom (internal)\n");
  assert.match(log, /lvl=dbug msg=stack stack="TypeError: boom\\n/);
});

test("main() shows no authtoken, wherever it came from and wherever it would go", async () => {
  const leaks = commandThat((cli) => {
    cli.logger.log("info", "token is 2tokentoken", { token: "2tokentoken" });
    throw new TunnelError("refused", "The token 2tokentoken is unknown");
  });
  const tries: [string, Record<string, string>][] = [
    ["do --authtoken 2tokentoken --log /log", {}],
    ["do --log /log", { TOKEN: "2tokentoken" }],
    ["do --log /log", { SALLYPORT_AUTHTOKEN: "2tokentoken" }],
    ["do --log /log", { NGROK_AUTHTOKEN: "2tokentoken" }],
  ];
  for (const [line, env] of tries) {
    const { stdout, stderr, log } = await run(line, env, leaks);
    const all = stdout + stderr + log;
    assert.match(log, /command failed/);
    assert.ok(!all.includes("2tokentoken"), all);
    assert.ok(all.includes("The token HIDDEN is unknown"), all);
  }
});

test("main() tells a command whether standard output belongs to the log", async () => {
  const seen: boolean[] = [];
  const looks = commandThat((cli) => {
    seen.push(cli.logsToStdout);
    return Promise.resolve(0);
  });
  await run("do", {}, looks);
  await run("do --log stdout", {}, looks);
  await run("do --log=stderr", {}, looks);
  assert.deepEqual(seen, [false, true, false]);
});

test("main() turns an error that nobody caught into one sentence, logs it and ends", async () => {
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    const crashSource = new EventEmitter();
    const args = ["do", "--log", "/log", "--log-level", "debug"];
    const runtime = memoryRuntime({ host: { args } });
    const { host } = runtime;
    const commands = commandThat(() => {
      crashSource.emit(event, new TypeError("thrown far away"));
      return new Promise(() => {});
    });
    assert.equal(await main(runtime, { commands, crashSource }), 1);
    assert.equal(
      host.stderr.text,
      "ERROR:  Sallyport did something wrong: thrown far away (internal)\n",
    );
    const log = await host.files.readText("/log");
    assert.match(log, /lvl=crit msg="command failed" err="thrown far away"/);
    assert.match(log, /lvl=dbug msg=stack stack="TypeError: thrown far away/);
    assert.equal(crashSource.listenerCount(event), 0);
  }
});

test("main() gives the terminal back after a crash, before it says what went wrong", async () => {
  const crashSource = new EventEmitter();
  const runtime = memoryRuntime({ host: { args: ["do"], terminal: { columns: 80, rows: 24 } } });
  const { host } = runtime;
  const said: (readonly [string, boolean | undefined])[] = [];
  host.stderr.write = (text) => void said.push([text, host.terminal?.isOpen]);
  const commands = commandThat(() => {
    host.openTerminal({ enter: "<", leave: ">", onInput() {}, onResize() {}, onResume() {} });
    crashSource.emit("uncaughtException", new TypeError("thrown far away"));
    return new Promise(() => {});
  });
  assert.equal(await main(runtime, { commands, crashSource }), 1);
  assert.deepEqual(said.map(([, isOpen]) => isOpen), [false]);
  assert.equal(host.terminal?.text, "<>");
});

function obeying(does: (cli: Cli) => Promise<number>): readonly Command[] {
  const [command] = commandThat(does);
  const flags = [
    ...command.flags,
    { name: "config", value: "path", summary: "the file", repeats: true },
    { name: "old", value: "x", summary: "of old", deprecated: "use --new" },
    { name: "login", value: "user:password", summary: "who", secret: true },
  ];
  return [{ ...command, flags, obeysConfig: true }];
}

async function runWith(file: string, line: string, does: (cli: Cli) => Promise<number>) {
  const runtime = memoryRuntime({ host: { args: line.split(" "), files: { "/c.yml": file } } });
  const code = await main(runtime, { commands: obeying(does) });
  const { stdout, stderr, files } = runtime.host;
  const log = await files.stat("/log") ? await files.readText("/log") : "";
  return { code, stdout: stdout.text, stderr: stderr.text, log };
}

const talks = (cli: Cli) => {
  cli.logger.log("debug", "quiet", { token: cli.config.file.agent.authtoken });
  cli.logger.log("info", "loud");
  return Promise.resolve(0);
};

test("main() takes the log's place, format and level from the configuration, and flags before it", async () => {
  const file =
    "version: 3\nagent: {authtoken: secret_token_1, log: /log, log_format: json, log_level: debug}\n";
  const { log, stdout } = await runWith(file, "do --config /c.yml", talks);
  const messages = log.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(messages.map(({ msg }) => msg), ["open config file", "quiet", "loud"]);
  assert.deepEqual([messages[0].path, messages[0].err], ["/c.yml", null]);
  assert.equal(messages[1].token, "HIDDEN");
  assert.equal(stdout, "");
  const flags = "do --config /c.yml --log stdout --log-format logfmt --log-level info";
  const given = await runWith(file, flags, talks);
  assert.equal(given.log, "");
  assert.match(given.stdout, /lvl=info msg="open config file" path=\/c.yml err=nil\n.*msg=loud\n$/);
});

test("main() logs to standard output where the configuration wants no status, unless told otherwise", async () => {
  const file = "version: 3\nagent: {console_ui: false}\n";
  assert.match((await runWith(file, "do --config /c.yml", talks)).stdout, /msg=loud/);
  assert.equal((await runWith(file, "do --config /c.yml --log false", talks)).stdout, "");
  const off = "version: 3\nagent: {console_ui: false, log: false}\n";
  assert.equal((await runWith(off, "do --config /c.yml", talks)).stdout, "");
});

test("main() says once what replaces a flag of old", async () => {
  const { code, stderr } = await runWith("version: 3\n", "do --old 1 --config /c.yml", talks);
  assert.deepEqual([code, stderr], [0, "WARNING:  --old is deprecated: use --new\n"]);
  // Whoever reads the log takes standard error for a failure.
  const read = await runWith("version: 3\n", "do --old 1 --config /c.yml --log stdout", talks);
  assert.equal(read.stderr, "");
  assert.match(read.stdout, /flag is deprecated.*flag=--old.*use --new/);
});

test("main() hides the password of a pair, and every secret of the configuration", async () => {
  const file =
    'version: 3\nagent: {api_key: key_of_mine}\ntunnels: {a: {proto: http, addr: 1, basic_auth: ["me:pass-word"]}}\n';
  const { stderr } = await runWith(file, "do --login ann:hunter2hunter2 --config /c.yml", () => {
    throw new TunnelError("refused", "key_of_mine, pass-word and hunter2hunter2 are wrong");
  });
  assert.equal(stderr, "ERROR:  HIDDEN, HIDDEN and HIDDEN are wrong (refused)\n");
});

test("main() runs nothing with a configuration that is wrong", async () => {
  let ran = false;
  const { code, stderr } = await runWith("version: 3\nx: 1\n", "do --config /c.yml", () => {
    ran = true;
    return Promise.resolve(0);
  });
  assert.deepEqual([code, ran], [1, false]);
  assert.match(
    stderr,
    /^ERROR: {2}Cannot use the configuration file "\/c.yml": line 2, column 1: unknown key "x"\n$/,
  );
});

test("main() starts the program again when a command wants that, or says why it cannot", async () => {
  const commands = commandThat(() => Promise.resolve(RESTART));
  const willing = memoryRuntime({ host: { args: ["do"] } });
  await assert.rejects(main(willing, { commands }), { name: "MemoryRestart" });
  assert.equal(willing.host.restarts, 1);
  assert.equal(willing.host.kept, 0);
  const unable = memoryRuntime({ host: { args: ["do"], restartObstacle: "not here" } });
  assert.equal(await main(unable, { commands }), 1);
  assert.equal(unable.host.stderr.text, "ERROR:  Cannot restart: not here\n");
});

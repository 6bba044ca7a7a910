import assert from "node:assert/strict";
import { type Command, defineGroup } from "../../../lib/cli/command.ts";
import { COMMANDS } from "../../../lib/cli/commands/mod.ts";
import { findCommand, parse, unknownCommand } from "../../../lib/cli/parse.ts";
import { test } from "../../harness.ts";

function read(
  line: string,
  env: Record<string, string> = {},
  commands: readonly Command[] = COMMANDS,
) {
  const args = line === "" ? [] : line.split(" ");
  return parse(args, commands, (name) => env[name]);
}

function run(line: string, env: Record<string, string> = {}) {
  const request = read(line, env);
  assert.equal(request.kind, "run");
  if (request.kind !== "run") throw new Error("unreachable");
  return request;
}

function complaint(line: string, env: Record<string, string> = {}): string {
  try {
    read(line, env);
  } catch (thrown) {
    const { code, message } = thrown as { code: string; message: string };
    assert.equal(code, "usage");
    return message;
  }
  throw new assert.AssertionError({ message: `"${line}" was accepted` });
}

test("parse() takes flags before and after the argument, with a space or an equals sign", () => {
  for (
    const line of [
      "http 8080 --url myapp --log-level debug",
      "http --url myapp 8080 --log-level=debug",
      "http --url=myapp --log-level=debug 8080",
      "--log-level debug http 8080 --url=myapp",
      "--log-level=debug http --url myapp 8080",
    ]
  ) {
    const { command, input } = run(line);
    assert.equal(command.name, "http", line);
    assert.equal(input.argument, "8080", line);
    assert.equal(input.flag("url"), "myapp", line);
    assert.equal(input.flag("log-level"), "debug", line);
  }
});

test("parse() lets a value begin with a hyphen, hold an equals sign or be empty", () => {
  assert.equal(run("http 1 --metadata -x").input.flag("metadata"), "-x");
  assert.equal(run("http 1 --metadata=a=b").input.flag("metadata"), "a=b");
  const request = parse(["http", "1", "--name", ""], COMMANDS, () => undefined);
  assert.equal(request.kind === "run" && request.input.flag("name"), "");
});

test("parse() lets the last of two equal flags win", () => {
  assert.equal(run("http 1 --name a --name b").input.flag("name"), "b");
});

test("parse() prefers the flag over the environment over the fallback", () => {
  const env = { SALLYPORT_CONNECT_CAS: "host" };
  assert.equal(run("http 1 --connect-cas ca.pem", env).input.flag("connect-cas"), "ca.pem");
  assert.equal(run("http 1", env).input.flag("connect-cas"), "host");
  assert.equal(run("http 1").input.flag("connect-cas"), "trusted");
  assert.equal(run("http 1", env).input.isGiven("connect-cas"), true);
  assert.equal(run("http 1").input.isGiven("connect-cas"), false);
});

test("parse() reads the authtoken from our variable before the ecosystem's", () => {
  const env = { SALLYPORT_AUTHTOKEN: "ours", NGROK_AUTHTOKEN: "theirs" };
  assert.equal(run("http 1", env).input.flag("authtoken"), "ours");
  assert.equal(run("http 1", { NGROK_AUTHTOKEN: "theirs" }).input.flag("authtoken"), "theirs");
});

test("parse() gives each command its own default place for log lines", () => {
  assert.equal(run("http 1").input.flag("log"), "false");
  assert.equal(run("edge").input.flag("log"), "stderr");
  assert.equal(run("edge --log /x.log").input.flag("log"), "/x.log");
});

test("parse() reads the version flag and the help flags", () => {
  assert.deepEqual(read("--version"), { kind: "version" });
  assert.deepEqual(read("-v"), { kind: "version" });
  assert.deepEqual(read(""), { kind: "help", command: undefined, short: true });
  assert.deepEqual(read("--log stdout"), {
    kind: "help",
    command: undefined,
    short: true,
  });
  for (const line of ["--help", "-h"]) {
    assert.deepEqual(read(line), {
      kind: "help",
      command: undefined,
      short: false,
    });
  }
  for (
    const line of ["http --help", "http -h", "http 8080 -h", "--help http", "http --url x -h"]
  ) {
    const request = read(line);
    assert.equal(request.kind === "help" && request.command?.name, "http", line);
  }
});

test("parse() says in one sentence what is wrong and what would be right", () => {
  const table: [line: string, sentence: string][] = [
    ["htpp", 'Unknown command "htpp"; did you mean "http"?'],
    ["frobnicate", 'Unknown command "frobnicate"; "sallyport help" lists them all'],
    ["8080", 'Unknown command "8080": to put port 8080 online, run "sallyport http 8080"'],
    [
      "http",
      "Missing <address>: say which local service is to go online: a port, host:port or URL\n" +
      "Example: sallyport http 8080",
    ],
    [
      "tcp",
      "Missing <address>: say which local service is to go online: a port or host:port\nExample: sallyport tcp 22",
    ],
    ["http 1 --ulr x", 'Unknown flag "--ulr" for "sallyport http"; did you mean "--url"?'],
    ["http 1 --ulr=x", 'Unknown flag "--ulr" for "sallyport http"; did you mean "--url"?'],
    [
      "http 1 --zzzzzz",
      'Unknown flag "--zzzzzz" for "sallyport http"; "sallyport http --help" lists them all',
    ],
    ["--nope", 'Unknown flag "--nope" for "sallyport"; "sallyport --help" lists them all'],
    ["http 1 -log=stdout", 'Long flags take two hyphens: write "--log" instead of "-log"'],
    ["http 1 -log stdout", 'Long flags take two hyphens: write "--log" instead of "-log"'],
    ["http -url=x 1", 'Long flags take two hyphens: write "--url" instead of "-url"'],
    ["http 1 -help", 'Long flags take two hyphens: write "--help" instead of "-help"'],
    ["http 1 -lgo=x", 'Unknown flag "-lgo" for "sallyport http"; did you mean "--log"?'],
    ["http 1 -x", 'Unknown flag "-x" for "sallyport http"; "sallyport http --help" lists them all'],
    ["http 1 --url", "Missing value: write --url <url>"],
    ["http 1 2 3", 'Too many arguments: "sallyport http" takes one <address>, 3 were given'],
    ["version now", 'Too many arguments: "sallyport version" takes no argument, 1 was given'],
    [
      "http 1 --log-level loud",
      'Invalid value "loud" for --log-level: use debug, info, warn, error or crit',
    ],
    [
      "http 1 --log-format jsno",
      'Invalid value "jsno" for --log-format: use term, logfmt or json; did you mean "json"?',
    ],
  ];
  for (const [line, sentence] of table) {
    assert.equal(complaint(line), sentence, line);
  }
});

test("parse() names the environment variable that holds an invalid value", () => {
  const commands: Command[] = [{
    ...COMMANDS[0],
    flags: [{
      name: "mode",
      value: "mode",
      summary: "",
      choices: ["a", "b"],
      env: ["MODE"],
    }],
  }];
  assert.throws(() => read("http 1", { MODE: "c" }, commands), {
    message: 'Invalid value "c" for MODE: use a or b',
  });
});

test("parse() never repeats the value of a flag it does not know: it may be a secret", () => {
  for (
    const line of [
      "http 1 --autotoken=2secretsecret",
      "http 1 -authtoken=2secretsecret",
      "http 1 2secretsecret",
    ]
  ) {
    assert.ok(!complaint(line).includes("2secretsecret"), line);
  }
});

test("parse() takes --metadata in front of the command for the session's, behind it for the endpoint's", () => {
  for (
    const line of [
      "--metadata a http 1 --metadata b",
      "--log-level=debug --metadata=a http --metadata b 1",
      "http 1 --metadata b --session-metadata a",
      "--metadata a --log-level debug http 1 --metadata=b",
    ]
  ) {
    const { input } = run(line);
    assert.deepEqual([input.flag("session-metadata"), input.flag("metadata")], ["a", "b"], line);
    assert.equal(input.argument, "1", line);
  }
  assert.equal(run("--metadata a start web").input.flag("session-metadata"), "a");
  assert.match(complaint("--metadata a version"), /^Unknown flag "--metadata" for "sallyport"/);
});

test("unknownCommand() only takes a number for a port when it may be one", () => {
  assert.match(unknownCommand("3000", COMMANDS).message, /sallyport http 3000/);
  assert.doesNotMatch(unknownCommand("123456", COMMANDS).message, /sallyport http 123456/);
});

const NESTED: readonly Command[] = [{
  name: "edge",
  summary: "run",
  description: "Runs.",
  examples: [],
  flags: [{ name: "data", value: "folder", summary: "where" }, {
    name: "http",
    value: "address",
    summary: "where",
  }],
  run: () => Promise.resolve(0),
  commands: [
    defineGroup({
      name: "edge token",
      summary: "tokens",
      description: "Tokens.",
      examples: [],
      commands: [{
        name: "edge token create",
        summary: "create",
        description: "Creates.",
        examples: [{ line: "edge token create", does: "it" }],
        flags: [
          { name: "data", value: "folder", summary: "where" },
          { name: "acl", value: "rule", summary: "rules", repeats: true },
          {
            name: "active",
            value: "bool",
            summary: "whether",
            isSwitch: true,
            choices: ["true", "false"],
          },
        ],
        run: () => Promise.resolve(0),
      }],
    }),
  ],
}];

test("parse() reads commands below commands, and the one above still runs", () => {
  const named = (line: string) => {
    const request = read(line, {}, NESTED);
    return request.kind === "version" ? "version" : `${request.kind} ${request.command?.name}`;
  };
  assert.equal(named("edge"), "run edge");
  assert.equal(named("edge --data x"), "run edge");
  assert.equal(named("edge token create --data x"), "run edge token create");
  assert.equal(named("edge token"), "help edge token");
  for (const line of ["edge token create -h", "edge token -h", "--help edge token create"]) {
    assert.match(named(line), /^help edge token/, line);
  }
});

test("parse() collects a flag that repeats, and reads a switch without a value", () => {
  const request = read(
    "edge token create --acl bind:a --active --acl=bind:b --data /d",
    {},
    NESTED,
  );
  assert.ok(request.kind === "run");
  assert.deepEqual(request.input.all("acl"), ["bind:a", "bind:b"]);
  assert.equal(request.input.flag("active"), "true");
  assert.equal(request.input.flag("data"), "/d");
  assert.deepEqual(request.input.all("http"), []);
});

test("parse() finds what is wrong below a command", () => {
  const table: [line: string, sentence: string][] = [
    ["edge tokn", 'Unknown command "edge tokn"; did you mean "edge token"?'],
    ["edge zzzzzz", 'Unknown command "edge zzzzzz"; "sallyport help edge" lists them all'],
    ["edge token craete", 'Unknown command "edge token craete"; did you mean "edge token create"?'],
    [
      "edge token create --http x",
      'Unknown flag "--http" for "sallyport edge token create"; "sallyport edge token create --help" lists them all',
    ],
    [
      "edge token create --alc x",
      'Unknown flag "--alc" for "sallyport edge token create"; did you mean "--acl"?',
    ],
    [
      "edge token create x",
      'Too many arguments: "sallyport edge token create" takes no argument, 1 was given',
    ],
  ];
  for (const [line, sentence] of table) {
    assert.throws(() => read(line, {}, NESTED), { code: "usage", message: sentence }, line);
  }
});

test("findCommand() finds by the whole name", () => {
  assert.equal(findCommand("edge token create", NESTED).name, "edge token create");
  assert.throws(() => findCommand("edge tokne", NESTED), {
    message: 'Unknown command "edge tokne"; did you mean "edge token"?',
  });
});

test("parse() says what became of commands and flags that are elsewhere and not here", () => {
  const flag = { name: "all", value: "x", summary: "all" };
  const list = { ...NESTED[0], name: "api list", flags: [flag], absent: { "--old": "is gone" } };
  const api = defineGroup({
    name: "api",
    summary: "ask",
    description: "Asks.",
    examples: [],
    commands: [list],
    absent: { edges: "ended" },
  });
  const table: readonly [string, string, RegExp][] = [
    ["api edges", "unsupported", /^Cannot run "api edges": they ended$/],
    ["api edges list --limit 3", "unsupported", /^Cannot run "api edges": they ended$/],
    ["api edgy", "usage", /^Unknown command "api edgy"/],
    ["api toString", "usage", /^Unknown command "api toString"/],
    ["api list --old", "unsupported", /^Cannot use --old of "api list": it is gone$/],
    ["api list --old=1 --all 2", "unsupported", /^Cannot use --old of/],
    ["api list --odd", "usage", /^Unknown flag "--odd"/],
  ];
  for (const [line, code, message] of table) {
    assert.throws(() => read(line, {}, [api]), { code, message }, line);
  }
  assert.throws(() => findCommand("api edges", [api]), { code: "unsupported" });
});

test("parse() gives a switch the next word only when that is a truth value", () => {
  const table: [line: string, argument: string, inspect: string][] = [
    ["http --inspect 8080", "8080", "true"],
    ["http --inspect false 8080", "8080", "false"],
    ["http 8080 --inspect FALSE", "8080", "false"],
    ["http --inspect=0 8080", "8080", "false"],
    ["http --inspect=T 8080", "8080", "true"],
    ["http 8080 --inspect --pooling-enabled", "8080", "true"],
    ["http --inspect -- 8080", "8080", "true"],
  ];
  for (const [line, argument, inspect] of table) {
    const { input } = run(line);
    assert.deepEqual([input.argument, input.flag("inspect")], [argument, inspect], line);
  }
  assert.equal(
    complaint("http 80 --inspect=maybe"),
    'Invalid value "maybe" for --inspect: use true or false',
  );
  assert.equal(run("diagnose -6 --region all").input.flag("ipv6"), "true");
});

test("parse() takes --config anywhere, and commands that need none take no notice", () => {
  for (
    const line of ["--config a.yml http 80", "--config=a.yml http 80", "http 80 --config a.yml"]
  ) assert.deepEqual(run(line).input.all("config"), ["a.yml"], line);
  assert.deepEqual(run("--config a.yml http 80 --config b.yml").input.all("config"), [
    "a.yml",
    "b.yml",
  ]);
  assert.equal(run("--config a.yml edge").input.flag("config"), "a.yml");
  assert.equal(run("credits --config a.yml").command.name, "credits");
  assert.equal(read("--config a.yml --version").kind, "version");
  assert.match(complaint("edge token list --config e.yml"), /^Unknown flag "--config"/);
});

test("parse() explains what stands behind the word help below a group", () => {
  const asked = (line: string) => {
    const request = read(line);
    return request.kind === "help" ? request.command?.name : request.kind;
  };
  assert.equal(asked("config help"), "config");
  assert.equal(asked("config help add-authtoken"), "config add-authtoken");
  assert.match(complaint("config help nope"), /^Unknown command "config nope"/);
});

test("parse() takes an empty value of a flag with few values for one left out", () => {
  const { input } = run("http 80 --upstream-proxy-protocol= --binding=");
  assert.equal(input.isGiven("upstream-proxy-protocol"), false);
  assert.equal(input.flag("binding"), undefined);
  assert.match(complaint("http 80 --log-level="), /^Invalid value "" for --log-level/);
});

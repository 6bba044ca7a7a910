import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { test } from "../harness.ts";
import { splitAddress, startWeb, visit } from "./kit.ts";
import { type Program, programWords, runProgram, startProgram } from "./program.ts";

const TOKEN = "owner_token_of_this_test_0123456789";
const JSON_LOG = ["--log", "stdout", "--log-format", "json"];

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-config-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An edge on loopback, with what an agent needs to reach it. */
async function withEdge(
  folder: string,
  work: (edge: { agents: string; ca: string; http: string }) => Promise<void>,
): Promise<void> {
  const edge = startProgram([
    ...["edge", "--domain", "localhost", "--http", "127.0.0.1:0", "--https", "none"],
    ...["--agents", "127.0.0.1:0", "--api", "none", "--tcp-ports", "none"],
    ...["--data", join(folder, "data"), ...JSON_LOG],
  ], { env: { SALLYPORT_EDGE_AUTHTOKEN: TOKEN } });
  try {
    const ready = await edge.waitForJsonLine(({ msg }) => msg === "edge ready");
    await work(ready as unknown as { agents: string; ca: string; http: string });
  } finally {
    await edge.stop();
  }
}

async function stopped(agent: Program): Promise<void> {
  assert.equal((await agent.stop()).code, 0);
}

test("S32 S33 sallyport config keeps an authtoken in a file for its owner alone, and the file stays the user's", async () => {
  await withFolder(async (folder) => {
    const env = { XDG_CONFIG_HOME: join(folder, "cfg") };
    const made = await runProgram(["config", "add-authtoken", TOKEN], { env });
    const path = join(folder, "cfg", "sallyport", "sallyport.yml");
    assert.deepEqual([made.code, made.stderr], [0, ""]);
    assert.equal(made.stdout, `Authtoken saved to configuration file: ${path}\n`);
    if (process.platform !== "win32") {
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.equal(statSync(join(folder, "cfg", "sallyport")).mode & 0o777, 0o700);
    }
    const mine =
      "# mine\nversion: 3\nagent:\n    authtoken:   old # who\nendpoints: []   # none yet\n";
    writeFileSync(path, mine);
    await runProgram(["config", "add-authtoken", TOKEN], { env });
    assert.equal(readFileSync(path, "utf8"), mine.replace("old", TOKEN));
    const check = await runProgram(["config", "check"], { env });
    assert.equal(check.stdout, `Valid configuration file at ${path}\n`);
  });
});

test("sallyport config edit opens $EDITOR, a file that is wrong too, and says what is wrong after", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "a b.yml");
    writeFileSync(path, "version: 3\nagnt: {}\n");
    const fix = join(folder, "fix.sh");
    writeFileSync(fix, '#!/bin/sh\nsed "s/agnt/agent/" "$1" > "$1.new" && mv "$1.new" "$1"\n');
    chmodSync(fix, 0o700);
    const args = ["config", "edit", "--config", path];
    const unfixed = await runProgram(args, { env: { EDITOR: "true" } });
    assert.equal(unfixed.code, 1);
    assert.match(unfixed.stderr, /line 2, column 1: unknown key "agnt"; did you mean "agent"\?/);
    const fixed = await runProgram(args, { env: { EDITOR: fix } });
    assert.deepEqual([fixed.code, fixed.stdout], [0, `Valid configuration file at ${path}\n`]);
  });
});

test("S25 S53 S56 sallyport start serves several endpoints of a file; the environment's authtoken wins over the file's", async () => {
  await withFolder(async (folder) => {
    const web = await startWeb();
    try {
      await withEdge(folder, async ({ agents, ca, http }) => {
        const path = join(folder, "ngrok.yml");
        const log = join(folder, "agent.log");
        writeFileSync(
          path,
          `version: 3
agent:
  authtoken: wrong_token_0123456789
  connect_url: ${agents}
  connect_cas: ${ca}
  log: ${log}
  log_format: json
endpoints:
  - {name: foo, url: "http://foo.localhost", upstream: {url: ${web.port}}}
  - {name: bar, url: "http://bar.localhost", upstream: {url: ${web.port}}}
  - {name: baz, url: "http://baz.localhost", upstream: {url: ${web.port}}}
`,
        );
        const args = ["start", "foo", "baz", "--config", path];
        const refused = await runProgram(args);
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /ERR_NGROK_10\d\n$/);
        assert.ok(!(refused.stderr + readFileSync(log, "utf8")).includes("wrong_token"));

        const agent = startProgram(args, { env: { NGROK_AUTHTOKEN: TOKEN } });
        try {
          await agent.waitForText(/Forwarding[^]*Forwarding/);
          const [, port] = splitAddress(http);
          for (const name of ["foo", "baz"]) {
            const answer = await visit({ http }, `http://${name}.localhost:${port}/hello`);
            assert.equal(answer.status, 200, name);
          }
          assert.notEqual(
            (await visit({ http }, `http://bar.localhost:${port}/hello`)).status,
            200,
          );
          const lines = readFileSync(log, "utf8").trimEnd().split("\n").map((line) =>
            JSON.parse(line)
          );
          const started = lines.filter(({ msg }) => msg === "started tunnel");
          assert.deepEqual(started.map(({ name }) => name).sort(), ["baz", "foo"]);
          assert.deepEqual(Object.keys(started[0]).sort(), [
            ...["addr", "lvl", "msg", "name", "obj", "t", "url"],
          ]);
          assert.ok(
            lines.some(({ msg, obj }) =>
              msg === "client session established" && obj === "tunnels.session"
            ),
          );
          // A log that was moved away by a rotation is made anew.
          renameSync(log, log + ".1");
          await stopped(agent);
          assert.match(readFileSync(log, "utf8"), /"msg":"received signal, closing"/);
        } finally {
          await agent.stop();
        }
      });
    } finally {
      await web.close();
    }
  });
});

test("S26 S28 bash completes commands, flags, values and endpoint names, and runs nothing that was typed", async () => {
  await withFolder((folder) => {
    const program = join(folder, "sallyport");
    const words = programWords().map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    writeFileSync(program, `#!/bin/sh\nexec ${words} "$@"\n`);
    chmodSync(program, 0o700);
    const config = join(folder, "c.yml");
    writeFileSync(config, "version: 3\nendpoints: [{name: web}, {name: we$(touch named)}]\n");
    const script = join(folder, "try.sh");
    // What bash sets before it calls the function of a completion.
    writeFileSync(
      script,
      `set -u
. <(sallyport completion bash)
. <(sallyport completion bash)
try() {
  COMP_LINE="$1"; shift
  COMP_POINT=\${#COMP_LINE}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
  _sallyport
  printf '%s|' "\${COMPREPLY[@]+"\${COMPREPLY[@]}"}"; echo
}
try 'sallyport comp' sallyport comp
try 'sallyport http 80 --traffic-policy-u' sallyport http 80 --traffic-policy-u
try 'sallyport http --log-level=de' sallyport http --log-level = de
try 'sallyport http --log-level=' sallyport http --log-level =
try 'sallyport http $(touch typed) --desc' sallyport http '$(touch typed)' --desc
try 'sallyport http \`touch typed\` "$(touch typed)" --desc' sallyport http '\`touch typed\`' '"$(touch typed)"' --desc
try "sallyport start --config ${config} we" sallyport start --config "${config}" we
try 'sallyport http --traffic-policy-file c.' sallyport http --traffic-policy-file c.
`,
    );
    const { stdout, stderr, status } = spawnSync("bash", ["--norc", script], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` },
    });
    assert.deepEqual([status, stderr], [0, ""]);
    assert.deepEqual(stdout.split("\n"), [
      "completion|",
      "--traffic-policy-url|",
      "debug|",
      "debug|info|warn|error|crit|",
      "--description|",
      "--description|",
      "web|we\\$\\(touch\\ named\\)|",
      "c.yml|",
      "",
    ]);
    assert.equal(existsSync(join(folder, "typed")), false);
    assert.equal(existsSync(join(folder, "named")), false);
    return Promise.resolve();
  });
});

/** `script` gives a program a terminal; the one of Linux is part of every system. */
const hasTerminals = process.platform === "linux";

test(`S26 bash completes at a real Tab (${hasTerminals ? "in a terminal" : "Linux alone"})`, async () => {
  if (!hasTerminals) return;
  await withFolder(async (folder) => {
    const program = join(folder, "sallyport");
    const words = programWords().map((word) => `'${word}'`).join(" ");
    writeFileSync(program, `#!/bin/sh\nexec ${words} "$@"\n`);
    chmodSync(program, 0o700);
    writeFileSync(
      join(folder, "rc"),
      `PS1='READY> '\nPATH='${folder}':$PATH\n. <(sallyport completion bash)\n`,
    );
    const child = spawn("script", ["-qec", "bash --rcfile rc -i", "/dev/null"], {
      cwd: folder,
      env: { ...process.env, TERM: "dumb", HOME: folder, INPUTRC: "/dev/null" },
    });
    try {
      let seen = "";
      const until = (pattern: RegExp) =>
        new Promise<void>((resolve, reject) => {
          const look = () => {
            if (pattern.test(seen)) resolve();
          };
          child.stdout.on("data", (data) => {
            seen += String(data);
            look();
          });
          child.once("exit", () => reject(new Error(`bash ended: ${seen}`)));
          look();
        });
      await until(/READY> $/);
      child.stdin.write("sallyport http $(touch typed) --descr\t");
      await until(/--description /);
      child.stdin.write("\x15sallyport compl\t");
      await until(/sallyport completion /);
      child.stdin.write("ba\t\r");
      await until(/# bash completion for sallyport/);
      assert.equal(existsSync(join(folder, "typed")), false);
    } finally {
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.stdin.end("exit\r");
      await ended;
    }
  });
});

test("sallyport ps, stop and start --running ask the agent that runs", async () => {
  await withFolder(async (folder) => {
    const web = await startWeb();
    try {
      await withEdge(folder, async ({ agents, ca, http }) => {
        const path = join(folder, "sallyport.yml");
        const endpoint = (name: string) =>
          `  - {name: ${name}, url: "http://${name}.localhost", upstream: {url: ${web.port}}}\n`;
        writeFileSync(
          path,
          `version: 3\nagent:\n  authtoken: ${TOKEN}\n  connect_url: ${agents}\n  connect_cas: ${ca}\n` +
            `  web_addr: 127.0.0.1:0\nendpoints:\n${endpoint("one")}${endpoint("two")}`,
        );
        const agent = startProgram(["start", "one", "--config", path, ...JSON_LOG]);
        try {
          const { addr } = await agent.waitForJsonLine(({ msg }) => msg === "starting web service");
          await agent.waitForJsonLine(({ msg }) => msg === "started tunnel");
          const ask = async (...args: string[]) => {
            const { code, stdout, stderr } = await runProgram(
              [...args, "--web-addr", String(addr), "--config", path],
            );
            assert.deepEqual([code, stderr], [0, ""]);
            return stdout;
          };
          const [, port] = splitAddress(http);
          const status = async (name: string) =>
            (await visit({ http }, `http://${name}.localhost:${port}/hello`)).status;
          assert.match(await ask("start", "two"), /^Started two: http:\/\/two\.localhost/);
          assert.equal(await status("two"), 200);
          assert.match(await ask("ps"), /^NAME[^]*\none [^]*\ntwo /);
          assert.match(await ask("stop", "one"), /^Stopped one /);
          assert.equal(await status("two"), 200);
          assert.equal(await status("one"), 404);
        } finally {
          await stopped(agent);
        }
      });
    } finally {
      await web.close();
    }
  });
});

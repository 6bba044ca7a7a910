import assert from "node:assert/strict";
import { configCommand } from "../../../../lib/cli/commands/config.ts";
import { main } from "../../../../lib/cli/main.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

const USUAL = "/home/user/.config/sallyport/sallyport.yml";

async function run(line: string, files: Record<string, string> = {}) {
  const runtime = memoryRuntime({ host: { args: line.split(" "), files } });
  const code = await main(runtime);
  const { stdout, stderr, files: after } = runtime.host;
  return { code, stdout: stdout.text, stderr: stderr.text, files: after };
}

test("configCommand has the verbs of the ngrok agent, and one for editors", () => {
  assert.deepEqual(configCommand.commands?.map(({ name }) => name.slice("config ".length)), [
    "add-authtoken",
    "add-api-key",
    "add-connect-url",
    "add-server-addr",
    "check",
    "edit",
    "upgrade",
    "schema",
  ]);
});

test("S32 config add-authtoken keeps the token and says where, never what", async () => {
  const { code, stdout, files } = await run("config add-authtoken token_0123456789");
  assert.deepEqual([code, stdout], [0, `Authtoken saved to configuration file: ${USUAL}\n`]);
  assert.match(await files.readText(USUAL), /authtoken: token_0123456789\n/);
});

test("authtoken, as agents of version 2 had it, keeps the token too", async () => {
  const { code, stdout, files } = await run("authtoken token_0123456789 --log=stdout");
  assert.deepEqual([code, stdout], [0, `Authtoken saved to configuration file: ${USUAL}\n`]);
  assert.match(await files.readText(USUAL), /authtoken: token_0123456789\n/);
});

test("S49 config add-api-key keeps the key", async () => {
  const { stdout, files } = await run("config add-api-key key_0123456789 --config /c/a.yml");
  assert.equal(stdout, "API key saved to configuration file: /c/a.yml\n");
  assert.match(await files.readText("/c/a.yml"), /api_key: key_0123456789\n/);
});

test("S91 config add-connect-url and add-server-addr keep the edge's address, checked", async () => {
  for (const word of ["add-connect-url", "add-server-addr"]) {
    const { code, files } = await run(`config ${word} connect.example.com:443`);
    assert.equal(code, 0);
    assert.match(await files.readText(USUAL), /connect_url: connect.example.com:443\n/);
    const bad = await run(`config ${word} https://connect.example.com`);
    assert.match(bad.stderr, /it has no scheme; write "connect.example.com"/);
    assert.equal(await bad.files.stat(USUAL), undefined);
  }
});

test("config add-authtoken without a token, or with one that is none, is refused", async () => {
  assert.match((await run("config add-authtoken")).stderr, /Missing <authtoken>/);
  const { code, stderr } = await run("config add-authtoken tökèn");
  assert.equal(code, 1);
  assert.match(stderr, /Cannot save the authtoken: it is empty, or has blanks/);
});

test("config check says that a file is valid, or all that is wrong in it", async () => {
  const good = await run("config check", { [USUAL]: "version: 3\n" });
  assert.deepEqual([good.code, good.stdout], [0, `Valid configuration file at ${USUAL}\n`]);
  const bad = await run("config check --config /b.yml", {
    "/b.yml": "version: 3\nagent:\n  log: 1\n  x: 1\n",
  });
  assert.equal(bad.code, 1);
  assert.equal(
    bad.stderr,
    'ERROR:  Cannot use the configuration file "/b.yml": line 4, column 3: unknown key "agent.x"\n',
  );
  assert.match(
    (await run("config check --config /no.yml")).stderr,
    /Error reading configuration file "\/no.yml"/,
  );
});

test("config upgrade shows the result with its secrets hidden, and keeps the file before", async () => {
  const old = "authtoken: token_0123456789\ntunnels: {t: {proto: http, addr: 80}}\n";
  const { code, stdout, files } = await run("config upgrade --config /o.yml", { "/o.yml": old });
  assert.equal(code, 0);
  assert.match(stdout, /^Upgraded \/o.yml from version 1 to 3:\n\nversion: 3\n/);
  assert.match(stdout, /authtoken: HIDDEN\n/);
  assert.match(stdout, /The file before is \/o.yml.bak\n$/);
  assert.match(
    await files.readText("/o.yml"),
    /^version: 3\nagent:\n {2}authtoken: token_0123456789\n/,
  );
  assert.equal(await files.readText("/o.yml.bak"), old);
  const again = await run("config upgrade --config /o.yml", { "/o.yml": "version: 3\n" });
  assert.equal(again.stdout, "/o.yml is of version 3 already\n");
  const dry = await run("config upgrade --dry-run --config /o.yml", { "/o.yml": old });
  assert.match(dry.stdout, /^Would upgrade/);
  assert.equal(await dry.files.readText("/o.yml"), old);
  assert.match((await run("config upgrade x", { [USUAL]: old })).stderr, /a version is a number/);
});

test("config schema prints JSON Schema", async () => {
  const { stdout } = await run("config schema");
  const schema = JSON.parse(stdout);
  assert.equal(schema.$schema, "http://json-schema.org/draft-07/schema#");
  assert.ok(schema.properties.agent.properties.authtoken.description);
});

test("config add-… begins our file as a copy of what an ngrok agent left", async () => {
  const theirs = "/home/user/.config/ngrok/ngrok.yml";
  const text = "version: 2\nregion: us # mine\ntunnels:\n  web: {proto: http, addr: 80}\n";
  const copied = `It began as a copy of ${theirs}, which is not read any more\n`;
  const { stdout, files } = await run("config add-connect-url e:443", { [theirs]: text });
  assert.equal(stdout, `Connect URL saved to configuration file: ${USUAL}\n${copied}`);
  assert.equal(await files.readText(USUAL), text + "server_addr: e:443\n");
  assert.equal(await files.readText(theirs), text);
  const named = await run("config add-connect-url e:443 --config /c.yml", { [theirs]: text });
  assert.equal(
    await named.files.readText("/c.yml"),
    'version: "3"\nagent:\n  connect_url: e:443\n',
  );
  const odd = await run("config add-authtoken token_0123", { [theirs]: "a:\n\tb: 1\n" });
  assert.equal(
    await odd.files.readText(USUAL),
    'version: "3"\nagent:\n  authtoken: token_0123\n',
  );
});

import assert from "node:assert/strict";
import {
  asBefore,
  checkConfig,
  fileToRead,
  fileToWrite,
  modelFor,
  plainText,
  setConfigKey,
  writeConfig,
} from "../../../lib/cli/config_edit.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

const USUAL = "/home/user/.config/sallyport/sallyport.yml";

function machine(files: Record<string, string> = {}) {
  return memoryRuntime({ host: { files } }).host;
}

async function after(before: string, key: "authtoken" | "api_key" | "connect_url", value: string) {
  const host = machine({ "/c.yml": before });
  await setConfigKey(host, "/c.yml", key, value);
  return await host.files.readText("/c.yml");
}

test("S32 S33 setConfigKey() makes the file with its version, then changes nothing but the key", async () => {
  const host = machine();
  await setConfigKey(host, USUAL, "authtoken", "t1");
  assert.equal(await host.files.readText(USUAL), 'version: "3"\nagent:\n  authtoken: t1\n');
  const mine =
    "# mine\nversion: 3\n\nagent:   # who\n    region: us # here\n    authtoken:  old # secret\nendpoints:\n    - name: web # first\n      upstream: { url: 80 }\n";
  assert.equal(await after(mine, "authtoken", "t2"), mine.replace("old", "t2"));
});

test("S49 setConfigKey() keeps the API key beside the authtoken", async () => {
  assert.equal(
    await after("version: 3\nagent:\n  authtoken: t\n", "api_key", "k"),
    "version: 3\nagent:\n  authtoken: t\n  api_key: k\n",
  );
});

test("S91 setConfigKey() keeps the edge's address, under the name of the file's version", async () => {
  assert.equal(
    await after("version: 2\nauthtoken: t\n", "connect_url", "e:443"),
    "version: 2\nauthtoken: t\nserver_addr: e:443\n",
  );
  assert.match(
    await after("version: 3\n", "connect_url", "e:443"),
    /agent:\n {2}connect_url: e:443/,
  );
});

test("setConfigKey() adds the version that a file of old has without saying so", async () => {
  assert.equal(
    await after("# old\nauthtoken: t\n", "authtoken", "u"),
    'version: "2"\n# old\nauthtoken: u\n',
  );
  assert.equal(
    await after("---\nauthtoken: t\n", "authtoken", "u"),
    '---\nversion: "2"\nauthtoken: u\n',
  );
  assert.match(await after("agent: {}\n", "authtoken", "u"), /^version: "3"\n/);
});

test("setConfigKey() works on a file that is wrong elsewhere, not on one it cannot understand", async () => {
  assert.match(await after("version: 3\nwrong: 1\n", "authtoken", "t"), /authtoken: t/);
  await assert.rejects(
    after("version: 3\nagent: 7\n", "authtoken", "t"),
    /"agent": it holds no keys/,
  );
  await assert.rejects(after("a: [", "authtoken", "t"), { code: "config_invalid" });
  await assert.rejects(after("version: 4\n", "authtoken", "t"), /"version": it must be 3/);
});

test("writeConfig() lets nobody but the owner read a new file, and leaves one that was there to its owner", async () => {
  const host = machine();
  const modes: unknown[] = [];
  const write = host.files.write.bind(host.files);
  const files = Object.assign(host.files, {
    write: (path: string, data: string, options?: unknown) => {
      modes.push(options);
      return write(path, data);
    },
  });
  await writeConfig(host, "/new/folder/c.yml", "version: 3\n");
  assert.deepEqual(modes, [{ mode: 0o600, keepsOwner: true }]);
  assert.equal(await files.readText("/new/folder/c.yml"), "version: 3\n");
});

test("fileToWrite() is one file, and never that of the ngrok agent", () => {
  const host = machine({ "/home/user/.config/ngrok/ngrok.yml": "version: 2\n" });
  assert.equal(fileToWrite(host, []), USUAL);
  assert.equal(fileToWrite(host, ["a.yml"]), "a.yml");
  assert.throws(() => fileToWrite(host, ["a.yml,b.yml"]), { code: "usage" });
});

test("fileToRead() is the file that an agent would read", async () => {
  const path = "/home/user/.config/ngrok/ngrok.yml";
  assert.equal(await fileToRead(machine({ [path]: "version: 2\n" }), []), path);
  await assert.rejects(fileToRead(machine(), []), {
    code: "not_found",
    message: /There is no configuration file: "sallyport config edit" makes/,
  });
});

test("checkConfig() says nothing about what is right, and all about what is wrong", async () => {
  await checkConfig(machine({ "/c.yml": "version: 3\n" }), "/c.yml");
  await assert.rejects(
    checkConfig(machine({ "/c.yml": "version: 3\na: 1\nb: 2\n" }), "/c.yml"),
    /2 problems/,
  );
});

test("setConfigKey() keeps the line ends of Windows, also where it adds lines", async () => {
  assert.equal(
    await after("version: 3\r\nendpoints: []\r\n", "authtoken", "t"),
    "version: 3\r\nendpoints: []\r\nagent:\r\n  authtoken: t\r\n",
  );
  const text = "a: 1\r\nb: 2\r\n";
  assert.equal(plainText(text), "a: 1\nb: 2\n");
  assert.equal(asBefore(plainText(text), text), text);
  assert.equal(asBefore("a: 1\n", "b: 1\n"), "a: 1\n");
});

test("setConfigKey() changes no other byte, whatever the form of what is there", async () => {
  const endpoints = "endpoints:\n- {name: web,  upstream: {url: 80}}   # first\n";
  const table: [before: string, agent: string][] = [
    [`version: 3\n${endpoints}`, `version: 3\n${endpoints}agent:\n  authtoken: t\n`],
    [`version: 3\nagent: {}\n${endpoints}`, `version: 3\nagent:\n  authtoken: t\n${endpoints}`],
    [
      `version: 3\nagent: # mine\n${endpoints}`,
      `version: 3\nagent: # mine\n  authtoken: t\n${endpoints}`,
    ],
    ['{"version": 3, "agent": {}}', '{"version": 3, "agent": {authtoken: t}}'],
  ];
  for (const [before, wanted] of table) {
    assert.equal(await after(before, "authtoken", "t"), wanted);
  }
});

test("modelFor() gives what an ngrok agent left, right or wrong, for our file in its usual place alone", async () => {
  const theirs = "/home/user/.config/ngrok/ngrok.yml";
  const host = machine({ [theirs]: "\tno yaml" });
  assert.deepEqual(await modelFor(host, USUAL), { path: theirs, text: "\tno yaml" });
  assert.equal(await modelFor(host, "/c.yml"), undefined);
  assert.equal(await modelFor(machine(), USUAL), undefined);
  assert.equal(await setConfigKey(host, USUAL, "authtoken", "t"), undefined);
  assert.equal(await host.files.readText(USUAL), 'version: "3"\nagent:\n  authtoken: t\n');
});

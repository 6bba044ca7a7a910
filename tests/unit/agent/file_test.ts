import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { EMPTY_FILE, mergeAgentFiles, readAgentFile, versionOf } from "../../../lib/agent/file.ts";
import { wishesOf } from "../../../lib/agent/file_endpoints.ts";
import { readWish } from "../../../lib/agent/wish.ts";
import { parseYamlDocument } from "../../../lib/config/yaml_document.ts";
import { test } from "../../harness.ts";

const VECTORS = new URL("../../vectors/config/", import.meta.url);
const read = (text: string) => readAgentFile(parseYamlDocument(text, "the file"));

function cases(kind: string): readonly (readonly [string, string, string])[] {
  const folder = new URL(`${kind}/`, VECTORS);
  return readdirSync(folder).filter((name) => name.endsWith(".yml")).sort().map((name) => {
    const text = (file: string) => readFileSync(new URL(file, folder), "utf8");
    return [name, text(name), text(name.replace(/yml$/, "txt")).trimEnd()];
  });
}

for (const [name, text, wanted] of cases("good")) {
  test(`S53 readAgentFile() reads ${name}`, () => {
    const wishes = [...wishesOf(read(text)).values()].flat().map(({ wish }) => {
      const { wanted: url, upstream } = readWish(wish);
      return `${wish.name} ${url.url || "https://"} -> ${upstream.display}`;
    });
    assert.equal(wishes.join(" | "), wanted);
  });
}

for (const [name, text, wanted] of cases("bad")) {
  test(`readAgentFile() refuses ${name} with its line`, () => {
    assert.throws(() => read(text), (error: Error & { code: string }) => {
      assert.equal(error.code, "config_invalid");
      assert.equal(error.message, `Cannot use the file: ${wanted}`);
      return true;
    });
  });
}

test("the corpus of configuration files is as large as it is meant to be", () => {
  assert.ok(cases("good").length + cases("bad").length >= 40);
});

test("S53 readAgentFile() gives the settings of both versions the same names", () => {
  const v2 = read(
    "version: 2\nauthtoken: t\nserver_addr: e:443\nroot_cas: host\nsocks5_proxy: socks5://h:1\nupdate: false\n",
  );
  assert.deepEqual(v2.agent, {
    authtoken: "t",
    connect_url: "e:443",
    connect_cas: "host",
    proxy_url: "socks5://h:1",
    update_check: false,
  });
  const v3 = read("version: 3\nagent: {authtoken: t, connect_url: e:443}\n");
  assert.deepEqual(v3.agent, { authtoken: "t", connect_url: "e:443" });
});

test("readAgentFile() keeps a token that looks like a number as it was written", () => {
  assert.equal(read("version: 2\nauthtoken: 0123456789\n").agent.authtoken, "0123456789");
  assert.deepEqual(read("version: 3\nagent: {log: off, web_addr: 4040}\n").agent, {
    log: "off",
    web_addr: "4040",
  });
});

test("versionOf() takes a number or a text", () => {
  const version = (text: string) => versionOf(parseYamlDocument(text, "the file"));
  assert.equal(version("version: 3"), "3");
  assert.equal(version('version: "2"'), "2");
  assert.throws(() => version("version: three"), /it must be 3/);
});

test("mergeAgentFiles() lets the later file win, and loses nothing of the earlier", () => {
  const endpoint = { name: "e", upstream: { url: 1 } };
  const before = {
    agent: { authtoken: "a", log: "x" },
    endpoints: [endpoint],
    tunnels: { t: { proto: "tcp" as const, addr: 1 } },
  };
  const next = { ...EMPTY_FILE, agent: { authtoken: "b" }, tunnels: { u: { addr: 2 } } };
  assert.deepEqual(mergeAgentFiles([before, next]), {
    agent: { authtoken: "b", log: "x" },
    endpoints: [endpoint],
    tunnels: { t: { proto: "tcp", addr: 1 }, u: { addr: 2 } },
  });
  assert.deepEqual(mergeAgentFiles([]), EMPTY_FILE);
});

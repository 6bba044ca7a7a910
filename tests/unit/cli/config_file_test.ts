import assert from "node:assert/strict";
import type { Host } from "../../../lib/runtime/host.ts";
import {
  defaultConfigPath,
  defaultConfigPaths,
  firstDefault,
  loadConfig,
  namedPaths,
  openDocument,
} from "../../../lib/cli/config_file.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

function machine(files: Record<string, string> = {}, env: Record<string, string> = {}) {
  return memoryRuntime({ host: { env, files } }).host;
}

function on(os: Host["os"], env: Record<string, string> = {}): Host {
  const host = machine({}, env);
  return new Proxy(host, {
    get: (target, key) => {
      if (key === "os") return os;
      const value = Reflect.get(target, key, target) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

test("defaultConfigPath() follows the customs of the system", () => {
  assert.equal(
    defaultConfigPath(on("linux", { XDG_CONFIG_HOME: "/xdg" })),
    "/xdg/sallyport/sallyport.yml",
  );
  assert.equal(defaultConfigPath(on("linux")), "/home/user/.config/sallyport/sallyport.yml");
  assert.equal(
    defaultConfigPath(on("darwin")),
    "/home/user/Library/Application Support/sallyport/sallyport.yml",
  );
  assert.equal(
    defaultConfigPath(on("windows", { LocalAppData: "C:\\L" })),
    "C:\\L\\sallyport\\sallyport.yml",
  );
});

test("defaultConfigPaths() looks for the files of the ngrok agent after its own", () => {
  assert.deepEqual(defaultConfigPaths(on("linux")), [
    "/home/user/.config/sallyport/sallyport.yml",
    "/home/user/.config/ngrok/ngrok.yml",
    "/home/user/.ngrok2/ngrok.yml",
  ]);
  assert.equal(
    defaultConfigPaths(on("windows", { LocalAppData: "C:\\L" }))[1],
    "C:\\L\\ngrok\\ngrok.yml",
  );
});

test("namedPaths() takes repeated flags and commas", () => {
  assert.deepEqual(namedPaths(["a.yml, b.yml", "c.yml", ""]), ["a.yml", "b.yml", "c.yml"]);
});

test("S6 loadConfig() reads one YAML file, and says so to the log as the ngrok agent does", async () => {
  const host = machine({
    "/home/user/.config/sallyport/sallyport.yml": "version: 3\nagent: {log: x}\n",
  });
  const { file, paths, notes } = await loadConfig(host, []);
  assert.equal(file.agent.log, "x");
  assert.equal(paths.length, 1);
  assert.deepEqual(notes.map(({ message }) => message), [
    "no configuration paths supplied",
    "using configuration at default config path",
    "open config file",
  ]);
});

test("loadConfig() reads the ngrok agent's file where there is none of ours, and only then", async () => {
  const ngrok = { "/home/user/.config/ngrok/ngrok.yml": 'version: "2"\nauthtoken: theirs\n' };
  assert.equal((await loadConfig(machine(ngrok), [])).file.agent.authtoken, "theirs");
  const both = {
    ...ngrok,
    "/home/user/.config/sallyport/sallyport.yml": "version: 3\nagent: {authtoken: ours}\n",
  };
  assert.equal((await loadConfig(machine(both), [])).file.agent.authtoken, "ours");
  const old = { "/home/user/.ngrok2/ngrok.yml": "version: 2\nauthtoken: oldest\n" };
  assert.equal((await loadConfig(machine(old), [])).file.agent.authtoken, "oldest");
});

test("loadConfig() merges files: the last wins key by key, lists are taken whole, tunnels by name", async () => {
  const host = machine({
    "/a.yml":
      "version: 3\nagent: {authtoken: a, log: a, dns_resolver_ips: [1.1.1.1, 8.8.8.8]}\ntunnels:\n  t: {proto: http, addr: 1}\n  u: {proto: http, addr: 2}\nendpoints: [{name: e, upstream: {url: 1}}]\n",
    "/b.yml":
      "version: 2\nauthtoken: b\ndns_resolver_ips: [9.9.9.9]\ntunnels:\n  u: {proto: tcp, addr: 3}\n",
  });
  const { file, paths } = await loadConfig(host, ["/a.yml,/b.yml"]);
  assert.deepEqual(paths, ["/a.yml", "/b.yml"]);
  assert.deepEqual(file.agent, { authtoken: "b", log: "a", dns_resolver_ips: ["9.9.9.9"] });
  assert.deepEqual(file.tunnels, {
    t: { proto: "http", addr: 1 },
    u: { proto: "tcp", addr: 3 },
  });
  assert.deepEqual(file.endpoints.map(({ name }) => name), ["e"]);
});

test("loadConfig() misses a file only when it was asked for by name", async () => {
  assert.deepEqual((await loadConfig(machine(), [])).file, {
    agent: {},
    endpoints: [],
    tunnels: {},
  });
  await assert.rejects(loadConfig(machine(), ["/nowhere.yml"]), {
    code: "not_found",
    message: 'Error reading configuration file "/nowhere.yml": there is no such file',
  });
});

test("loadConfig() refuses a file of the user that is wrong, with its line", async () => {
  const host = machine({ "/home/user/.config/sallyport/sallyport.yml": "version: 3\nagnt: {}\n" });
  await assert.rejects(loadConfig(host, []), {
    code: "config_invalid",
    message:
      'Cannot use the configuration file "/home/user/.config/sallyport/sallyport.yml": line 2, column 1: unknown key "agnt"; did you mean "agent"?',
  });
});

test("firstDefault() passes by what may not be read", async () => {
  const host = machine({ "/home/user/.ngrok2/ngrok.yml": "version: 2\n" });
  const stat = host.files.stat.bind(host.files);
  host.files.stat = (path) =>
    path.includes("/sallyport/")
      ? Promise.reject(new TunnelError("permission_denied", "no"))
      : stat(path);
  assert.equal(await firstDefault(host), "/home/user/.ngrok2/ngrok.yml");
});

test("openDocument() names the file in what it says about the text", async () => {
  const host = machine({ "/bad.yml": "a: [" });
  await assert.rejects(
    openDocument(host, "/bad.yml"),
    /the configuration file "\/bad.yml": line 1/,
  );
});

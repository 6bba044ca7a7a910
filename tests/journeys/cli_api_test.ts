import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "../harness.ts";
import { type Program, runProgram, startProgram } from "./program.ts";

const DOORS = ["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--agents", "127.0.0.1:0"];
const EDGE = ["edge", ...DOORS, "--api", "127.0.0.1:0", "--tcp-ports", "22000-22099"];
const JSON_LOG = ["--log", "stdout", "--log-format", "json"];

interface Running {
  readonly folder: string;
  readonly data: string;
  readonly edge: Program;
  readonly ready: Readonly<Record<string, string>>;
  /** For `sallyport api`. */
  readonly env: Readonly<Record<string, string>>;
  /** For agents. */
  readonly way: readonly string[];
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-api-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function withEdge(work: (running: Running) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const data = join(folder, "data");
    const key = "owner_key_of_this_test_0123456789";
    const edge = startProgram([...EDGE, "--data", data, ...JSON_LOG], {
      env: { SALLYPORT_EDGE_API_KEY: key },
    });
    try {
      const ready = await edge.waitForJsonLine(({ msg }) => msg === "edge ready") as Record<
        string,
        string
      >;
      const env = { SALLYPORT_API_KEY: key, SALLYPORT_API_URL: ready.api };
      const way = ["--connect-url", ready.agents, "--connect-cas", ready.ca, ...JSON_LOG];
      await work({ folder, data, edge, ready, env, way });
      assert.equal((await edge.stop()).code, 0);
      assert.ok(!(edge.stdout + edge.stderr).includes(key), "a preset key is never printed");
    } finally {
      await edge.stop();
    }
  });
}

async function json(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await runProgram(args, { env });
  assert.deepEqual([code, stderr], [0, ""], args.join(" "));
  return JSON.parse(stdout);
}

test("S31 S48 sallyport edge prints authtoken and API key once, and both work as printed", async () => {
  await withFolder(async (folder) => {
    const args = [...EDGE, "--data", join(folder, "data"), "--log", "false"];
    const first = startProgram(args);
    try {
      const [, key] = await first.waitForText(/SALLYPORT_API_KEY=(\S+)/);
      const [, command] = await first.waitForText(/^ *sallyport (api endpoints list .*)$/m);
      const list = await json(command.split(" "), { SALLYPORT_API_KEY: key });
      assert.deepEqual(list.endpoints, []);
      assert.match(first.stdout, /SALLYPORT_AUTHTOKEN=\w{52}\n/);
      assert.equal((await first.stop()).code, 0);
      const second = startProgram(args);
      try {
        await second.waitForText(/sallyport http 8080/);
        await second.stop();
        assert.ok(!second.stdout.includes(key));
        assert.doesNotMatch(second.stdout, /SALLYPORT_API_KEY/);
      } finally {
        await second.stop();
      }
    } finally {
      await first.stop();
    }
  });
});

test("S8 S50 S51 sallyport api creates and lists, on the loopback port and at api.<domain>, with or without a configuration file", async () => {
  await withEdge(async ({ folder, ready, env }) => {
    const made = await json(
      ["api", "reserved-domains", "create", "--domain", "shop.localhost", "--description", "a b"],
      env,
    );
    assert.deepEqual([made.domain, made.description], ["shop.localhost", "a b"]);
    const { reserved_domains } = await json(["api", "reserved-domains", "list"], env);
    assert.deepEqual(reserved_domains.map(({ id }: { id: string }) => id), [made.id]);
    assert.deepEqual((await json(["api", "endpoints", "list"], env)).endpoints, []);
    const deleted = await runProgram(["api", "reserved-domains", "delete", made.id], { env });
    assert.deepEqual([deleted.code, deleted.stdout, deleted.stderr], [0, "", ""]);

    const wrong = await runProgram(["api", "endpoints", "list"], {
      env: { ...env, SALLYPORT_API_KEY: "wrong_key_0123456789" },
    });
    assert.equal(wrong.code, 1);
    assert.equal(wrong.stdout, "");
    assert.match(wrong.stderr, /^ERROR: {2}\S[^]*ERR_NGROK_20\d\n$/);
    assert.ok(!wrong.stderr.includes("wrong_key"));

    const config = join(folder, "sub", "sallyport.yml");
    const kept = await runProgram([
      "config",
      "add-api-key",
      env.SALLYPORT_API_KEY,
      "--config",
      config,
    ]);
    assert.deepEqual([kept.code, kept.stdout], [
      0,
      `API key saved to configuration file: ${config}\n`,
    ]);
    assert.equal(statSync(config).mode & 0o777, 0o600);
    const api = `https://api.localhost:${ready.https.split(":")[1]}`;
    const far = await json([
      "api",
      "endpoints",
      "list",
      "--config",
      config,
      "--api-url",
      api,
      "--api-cas",
      ready.ca,
    ]);
    assert.equal(far.uri, `${api}/endpoints`);
  });
});

test("S35 S36 S37 S38 S40 S50 tokens of edge token and of the API: each for its own names, each revoked at once, and alone", async () => {
  await withEdge(async ({ data, way, env: ofOwner }) => {
    const made = await json([
      "edge",
      "token",
      "create",
      "--acl",
      "bind:mine.localhost",
      "--data",
      data,
    ]);
    const other = await json(
      ["api", "credentials", "create", "--acl", "bind:other.localhost"],
      ofOwner,
    );
    const again = await json(["api", "credentials", "get", other.id], ofOwner);
    assert.deepEqual([again.id, again.token], [other.id, null], "told once");
    const env = { SALLYPORT_AUTHTOKEN: made.token };
    const otherEnv = { SALLYPORT_AUTHTOKEN: other.token };
    for (const [name, env_] of [["other", env], ["mine", otherEnv]] as const) {
      const args = ["http", "1", "--url", `${name}.localhost`, ...way];
      const refused = await runProgram(args, { env: env_ });
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /ERR_NGROK_316\n$/);
    }
    const agent = startProgram(["http", "1", "--url", "mine.localhost", ...way], { env });
    const bystander = startProgram(["http", "1", "--url", "other.localhost", ...way], {
      env: otherEnv,
    });
    const online = async () => {
      const { endpoints } = await json(["api", "endpoints", "list"], ofOwner);
      return endpoints.map(({ host }: { host: string }) => host.replace(/:\d+$/, "")).sort();
    };
    try {
      await agent.waitForJsonLine(({ msg }) => msg === "started tunnel");
      await bystander.waitForJsonLine(({ msg }) => msg === "started tunnel");
      assert.deepEqual(await online(), ["mine.localhost", "other.localhost"]);
      const revoked = await runProgram(["edge", "token", "revoke", made.id, "--data", data]);
      assert.deepEqual([revoked.code, revoked.stderr], [0, ""]);
      // It ends by itself: whoever waits for its end would hang otherwise.
      const { code, stderr } = await agent.exited;
      assert.equal(code, 1);
      assert.match(stderr, /revoked[^]*ERR_NGROK_300\n$/);
      assert.deepEqual(await online(), ["other.localhost"]);
      const deleted = await runProgram(["api", "credentials", "delete", other.id], {
        env: ofOwner,
      });
      assert.deepEqual([deleted.code, deleted.stderr], [0, ""]);
      assert.match((await bystander.exited).stderr, /ERR_NGROK_300\n$/);
    } finally {
      await agent.stop();
      await bystander.stop();
    }
  });
});

test("sallyport edge backup copies a running edge, and restore makes an edge of the copy", async () => {
  await withEdge(async ({ folder, data, env, ready }) => {
    await json(["edge", "domain", "add", "kept.localhost", "--data", data]);
    const [copy, fresh] = [join(folder, "copy"), join(folder, "fresh")];
    assert.equal((await runProgram(["edge", "backup", copy, "--data", data])).code, 0);
    const again = await runProgram(["edge", "restore", copy, "--data", data]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /^ERROR: {2}Cannot write into ".*": it is not empty/);
    assert.equal((await runProgram(["edge", "restore", copy, "--data", fresh])).code, 0);
    const second = startProgram([...EDGE, "--data", fresh, ...JSON_LOG]);
    try {
      const there = await second.waitForJsonLine(({ msg }) => msg === "edge ready");
      const list = await json(["api", "reserved-domains", "list"], {
        ...env,
        SALLYPORT_API_URL: String(there.api),
      });
      assert.deepEqual(list.reserved_domains.map(({ domain }: { domain: string }) => domain), [
        "kept.localhost",
      ]);
      assert.equal(readFileSync(String(there.ca), "utf8"), readFileSync(ready.ca, "utf8"));
    } finally {
      await second.stop();
    }
  });
});

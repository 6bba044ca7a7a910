import assert from "node:assert/strict";
import { TunnelError } from "../../../../lib/base/errors.ts";
import { main } from "../../../../lib/cli/main.ts";
import { Secrets } from "../../../../lib/cli/secrets.ts";
import { endService, runService, UNREADABLE_EXIT } from "../../../../lib/cli/service/run.ts";
import { NO_CONFIG } from "../../../../lib/cli/loaded_config.ts";
import { silentLogger } from "../../../../lib/base/log.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

async function run(files: Record<string, string>, env: Record<string, string> = {}) {
  const runtime = memoryRuntime({
    host: { args: ["service", "run", "--config", "/c.yml"], files, env },
  });
  return { code: await main(runtime), host: runtime.host };
}

test("S81 S75 endService() ends with 5 where the configuration is gone, and tells the system's log", async () => {
  const { code, host } = await run({});
  assert.equal(code, UNREADABLE_EXIT);
  assert.match(
    host.stderr.text,
    /^<2>t=\S+ lvl=crit msg="service failed" err="Error reading configuration file \\"\/c\.yml\\": .*" code=not_found\n$/,
  );
  assert.equal(host.stdout.text, "");
});

test("S71 runService() takes edge and token from its file alone", async () => {
  const text = "version: 3\nendpoints: [{name: web, upstream: {url: 80}}]\n";
  const { code, host } = await run({ "/c.yml": text }, {
    SALLYPORT_CONNECT_URL: "elsewhere.test:443",
    SALLYPORT_AUTHTOKEN: "token-of-somebody",
  });
  assert.equal(code, 1);
  assert.match(host.stderr.text, /^<2>.*it does not say which edge to dial/m);
  const runtime = memoryRuntime();
  await assert.rejects(
    runService({
      runtime,
      logger: silentLogger,
      logsToStdout: false,
      logsToStderr: false,
      secrets: new Secrets(),
      config: NO_CONFIG,
      commands: [],
    }),
    { code: "config_invalid" },
  );
});

test("S62 endService() does not tell secrets, and a failure at work is no unreadable file", async () => {
  const { host, ...rest } = memoryRuntime();
  const secrets = new Secrets();
  secrets.add("the-secret-token");
  const error = new TunnelError("not_found", "No such name, the-secret-token");
  assert.equal(await endService({ host, ...rest }, error, false, secrets), 1);
  assert.ok(!host.stderr.text.includes("the-secret-token"), host.stderr.text);
});

test("S62 runService() leaves the system's log alone where the file names another one", async () => {
  const text = "version: 3\nagent: {log: /agent.log}\n";
  const { code, host } = await run({ "/c.yml": text });
  assert.equal(code, 1);
  assert.match(await host.files.readText("/agent.log"), /lvl=crit msg="command failed"/);
});

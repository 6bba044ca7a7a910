import assert from "node:assert/strict";
import type { AgentSection } from "../../../lib/agent/file_sections.ts";
import { serveWeb } from "../../../lib/cli/agent_web.ts";
import type { Cli } from "../../../lib/cli/command.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { encodeText } from "../../../lib/base/bytes.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { readAll } from "../../fakes/edge.ts";
import { test } from "../../harness.ts";
import { FakeAgent } from "../api/agent/kit.ts";

function scene(agent: AgentSection) {
  const clock = new FakeClock();
  const runtime = memoryRuntime({ clock });
  const config = { paths: [], file: { agent, endpoints: [], tunnels: {} } };
  const cli = { runtime, logger: silentLogger, config } as unknown as Cli;
  const serve = () =>
    serveWeb(cli, new FakeAgent(clock), { connectUrl: "", url: ({ url }) => url });
  const ask = async (port: number, target: string) => {
    const conn = await runtime.net.connect({ host: "127.0.0.1", port });
    await conn.write(
      encodeText(`GET ${target} HTTP/1.1\r\nHost: a.lan\r\nConnection: close\r\n\r\n`),
    );
    await conn.closeWrite();
    return await readAll(conn);
  };
  return { runtime, serve, ask };
}

test("serveWeb() listens where the configuration says, and shows settings without secrets", async () => {
  const { serve, ask } = scene({
    ...{
      web_addr: "127.0.0.1:5050",
      web_allow_hosts: ["a.lan"],
      authtoken: "s3cret",
      log: "false",
    },
  });
  const served = await serve();
  assert.equal(served?.url, "http://127.0.0.1:5050");
  const answer = await ask(5050, "/api/inspect/status");
  assert.match(answer, /"authtoken":"HIDDEN"/);
  assert.doesNotMatch(answer, /s3cret/);
  await served?.close();
});

test("serveWeb() is nowhere when it is not wanted, and ends the program when it cannot be where it must", async () => {
  assert.equal(await scene({ web_addr: "false" }).serve(), undefined);
  assert.equal(await scene({ local_storage: false }).serve(), undefined);
  const { runtime, serve } = scene({ web_addr: ":5051" });
  const taken = { host: "127.0.0.1", port: 5051, onConnection: () => {} };
  const door = await runtime.net.listen(taken);
  await assert.rejects(serve(), { code: "address_in_use" });
  await door.close();
  await assert.rejects(scene({ web_addr: "nowhere" }).serve(), /web_addr/);
});

test("serveWeb() gives way where nobody said where, and says so when there is no way", async () => {
  for (const web_addr of [undefined, "127.0.0.1:4040", "localhost:4040"]) {
    const { runtime, serve } = scene({ ...(web_addr && { web_addr }) });
    const door = await runtime.net.listen({
      ...{ host: "127.0.0.1", port: 4040, onConnection: () => {} },
    });
    const served = await serve();
    assert.equal(served?.url, "http://127.0.0.1:4041");
    await served?.close();
    await door.close();
  }
  const { runtime, serve } = scene({});
  runtime.net.listen = () => Promise.reject(new TunnelError("permission_denied", "No"));
  assert.equal(await serve(), undefined);
  assert.match(runtime.host.stderr.text, /^WARNING: {2}the inspector is not there: No$/m);
});

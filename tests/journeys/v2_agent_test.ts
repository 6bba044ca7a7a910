/**
 * The real agent of the second generation, unchanged, through our edge. Its program exists for a
 * few systems; here it is run where the package carries it: Linux on x86-64.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { test } from "../harness.ts";
import {
  dial,
  expectedBytes,
  type FaultRelay,
  pattern,
  sha256,
  splitAddress,
  startEcho,
  startFaultRelay,
  startWeb,
  visit,
  webSocketEcho,
} from "./kit.ts";
import { AUTHTOKEN, DOMAIN, eventually, startTestEdge, type TestEdge } from "./tunnel_suite.ts";

const PROGRAM = fileURLToPath(
  new URL("../node_modules/@expo/ngrok-bin-linux-x64/ngrok", import.meta.url),
);

interface V2Agent {
  readonly log: () => string;
  readonly exited: Promise<number | null>;
  /** The URL of a started tunnel. */
  url(name: string): Promise<string>;
  stop(): Promise<void>;
}

async function startV2(
  edge: TestEdge,
  serverAddr: string,
  tunnels: string,
  authtoken = AUTHTOKEN,
): Promise<V2Agent> {
  const dir = await mkdtemp(join(tmpdir(), "sallyport-v2-"));
  const config = join(dir, "ngrok.yml");
  await writeFile(
    config,
    `authtoken: ${authtoken}\nserver_addr: ${serverAddr}\nroot_cas: ${edge.caPath}\nweb_addr: false\n` +
      `console_ui: false\nupdate: false\ntunnels:\n${tunnels}`,
  );
  const child = spawn(PROGRAM, [
    "start",
    "--all",
    "--config",
    config,
    "--log",
    "stdout",
  ], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stdout.on("data", (data) => log += data);
  child.stderr.on("data", (data) => log += data);
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    log: () => log,
    exited,
    url: (name) =>
      eventually(async () => {
        await Promise.resolve();
        const quoted = /\s/.test(name) ? `"${name}"` : name;
        const match = new RegExp(
          `msg="started tunnel".* name=${quoted.replace(/[()]/g, "\\$&")} .*url=(\\S+)`,
        ).exec(log);
        assert.ok(match, log);
        return match[1];
      }),
    async stop() {
      child.kill("SIGKILL");
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function onStage(
  tunnels: (ports: { web: number; echo: number }) => string,
  run: (
    stage: { edge: TestEdge; relay: FaultRelay; agent: V2Agent },
  ) => Promise<void>,
): Promise<void> {
  const edge = await startTestEdge();
  const relay = await startFaultRelay(splitAddress(edge.agents)[1]);
  const web = await startWeb();
  const echo = await startEcho();
  const agent = await startV2(
    edge,
    `127.0.0.1:${relay.port}`,
    tunnels({ web: web.port, echo: echo.port }),
  );
  try {
    await run({ edge, relay, agent });
  } finally {
    await agent.stop();
    for (const one of [web, echo, relay, edge]) await one.close();
  }
}

if (process.platform === "linux" && process.arch === "x64") {
  test("v2 agent: its program is here", () => assert.ok(existsSync(PROGRAM)));

  test("v2 agent: one http tunnel is bound twice, https and http, under one name", () =>
    onStage(
      ({ web }) => `  web:\n    proto: http\n    addr: ${web}\n    subdomain: old\n`,
      async ({ edge, agent }) => {
        const secure = await agent.url("web");
        const plain = await agent.url("web (http)");
        assert.match(secure, /^https:\/\/old\.tunnel\.test/);
        assert.match(plain, /^http:\/\/old\.tunnel\.test/);
        for (const url of [secure, plain]) {
          assert.equal(
            (await visit(edge.door, `${url}/hello`)).text,
            "hello from the service",
          );
          assert.equal(
            await webSocketEcho(edge.door, `${url}/ws`, "hello v2"),
            "hello v2",
          );
        }
        const size = 20 << 20;
        assert.equal(
          sha256((await visit(edge.door, `${secure}/bytes?n=${size}`)).body),
          sha256(expectedBytes(size)),
        );
        const body = expectedBytes(size);
        const up = await visit(edge.door, `${secure}/hash`, {
          method: "POST",
          body,
        });
        assert.equal(JSON.parse(up.text).hash, sha256(body));
      },
    ));

  test("v2 agent: a random name is one name for both schemes, and Host is rewritten as it wants", () =>
    onStage(
      ({ web }) => `  web:\n    proto: http\n    addr: ${web}\n    host_header: rewrite\n`,
      async ({ agent, edge }) => {
        const { text } = await visit(edge.door, `${await agent.url("web")}/headers`);
        const { raw } = JSON.parse(text) as { raw: string[] };
        const seen = (name: string) =>
          raw.filter((_, at) => at % 2 === 1 && raw[at - 1].toLowerCase() === name);
        assert.match(seen("host").join(), /^localhost:\d+$/);
        const { host } = new URL(await agent.url("web"));
        assert.deepEqual([seen("x-original-host"), seen("x-forwarded-host")], [[host], [host]]);
        assert.equal(
          new URL(await agent.url("web")).hostname,
          new URL(await agent.url("web (http)")).hostname,
        );
      },
    ));

  test("v2 agent: a tcp tunnel carries bytes both ways", () =>
    onStage(
      ({ echo }) => `  raw:\n    proto: tcp\n    addr: ${echo}\n`,
      async ({ agent }) => {
        const url = await agent.url("raw");
        const socket = await dial(Number(new URL(url).port));
        try {
          const sent = pattern(1 << 20);
          const chunks: Uint8Array[] = [];
          let total = 0;
          const all = new Promise<void>((resolve) =>
            socket.on("data", (chunk) => {
              chunks.push(chunk);
              if ((total += chunk.length) === sent.length) resolve();
            })
          );
          socket.write(sent);
          await all;
          assert.equal(sha256(Buffer.concat(chunks)), sha256(sent));
        } finally {
          socket.destroy();
        }
      },
    ));

  test("v2 agent: after a RST the same URL is back", () =>
    onStage(
      ({ web }) => `  web:\n    proto: http\n    addr: ${web}\n`,
      async ({ edge, relay, agent }) => {
        const url = await agent.url("web");
        const before = relay.total;
        relay.cut("rst");
        await eventually(async () => {
          assert.ok(relay.total > before);
          assert.equal(
            (await visit(edge.door, `${url}/hello`)).text,
            "hello from the service",
          );
        });
      },
    ));

  test("v2 agent: Stop ends it with exit code 0", () =>
    onStage(
      ({ web }) => `  web:\n    proto: http\n    addr: ${web}\n`,
      async ({ edge, agent }) => {
        await agent.url("web");
        await edge.edge.commandSession(edge.edge.sessions()[0].id, "stop");
        assert.equal(await agent.exited, 0);
      },
    ));

  test("v2 agent: a wrong authtoken ends it with exit code 1 and our words", async () => {
    const edge = await startTestEdge();
    const agent = await startV2(
      edge,
      edge.agents,
      "  web:\n    proto: http\n    addr: 80\n",
      "2wrong000000000000000000tokn_3Z9x8Y7w6V5u4T3s2R1q0P",
    );
    try {
      assert.equal(await agent.exited, 1);
      assert.match(agent.log(), /ERR_NGROK_107/);
    } finally {
      await agent.stop();
      await edge.close();
    }
  });

  test("v2 agent: a name that is taken ends it with our words", async () => {
    const edge = await startTestEdge();
    const web = await startWeb();
    const tunnel =
      `  web:\n    proto: http\n    addr: ${web.port}\n    hostname: mine.${DOMAIN}\n    bind_tls: true\n`;
    const first = await startV2(edge, edge.agents, tunnel);
    let second: V2Agent | undefined;
    try {
      await first.url("web");
      second = await startV2(edge, edge.agents, tunnel);
      assert.equal(await second.exited, 1);
      assert.match(second.log(), /ERR_NGROK_334/);
      assert.equal(
        (await visit(edge.door, `${await first.url("web")}/hello`)).status,
        200,
      );
    } finally {
      await first.stop();
      await second?.stop();
      await web.close();
      await edge.close();
    }
  });
}

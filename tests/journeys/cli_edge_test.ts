import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { makeCa } from "../fakes/certs.ts";
import { test } from "../harness.ts";
import { dial, readToEnd, splitAddress, startEcho, startTlsEcho, startWeb, visit } from "./kit.ts";
import {
  hasRuntime,
  type JsonLine,
  type Program,
  type ProgramOptions,
  runProgram,
  type RuntimeName,
  startProgram,
} from "./program.ts";

const TOKEN = "owner_token_of_this_test_0123456789";

/** Ports nobody else asks for: the range of one test does not meet that of another process. */
const TCP_PORTS = "21000-21999";

const EDGE_ARGS = [
  "edge",
  "--domain",
  "localhost",
  "--http",
  "127.0.0.1:0",
  "--https",
  "127.0.0.1:0",
  "--agents",
  "127.0.0.1:0",
  "--tcp-ports",
  TCP_PORTS,
];

const JSON_LOG = ["--log", "stdout", "--log-format", "json"];

/** What the ready line of an edge says. */
interface Ready {
  readonly http: string;
  readonly https: string;
  readonly agents: string;
  readonly ca: string;
  readonly domain: string;
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-edge-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function withEdge(
  options: Omit<ProgramOptions, "permissions"> & {
    readonly permissions?: (folder: string) => string[] | undefined;
  },
  work: (ready: Ready, edge: Program, folder: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const edge = startProgram([...EDGE_ARGS, "--data", folder, ...JSON_LOG], {
      ...options,
      permissions: options.permissions?.(folder),
      env: { SALLYPORT_EDGE_AUTHTOKEN: TOKEN, ...options.env },
    });
    try {
      const ready = await edge.waitForJsonLine(({ msg }) =>
        msg === "edge ready"
      ) as unknown as Ready;
      await work(ready, edge, folder);
      assert.equal((await edge.stop()).code, 0);
    } finally {
      await edge.stop();
    }
  });
}

function startAgent(ready: Ready, args: readonly string[], options: ProgramOptions = {}): Program {
  const way = ["--connect-url", ready.agents, "--connect-cas", ready.ca, ...JSON_LOG];
  return startProgram([...args, ...way], {
    ...options,
    env: { SALLYPORT_AUTHTOKEN: TOKEN, ...options.env },
  });
}

function started(agent: Program): Promise<JsonLine> {
  return agent.waitForJsonLine(({ msg }) => msg === "started tunnel");
}

async function twoProcesses(
  edgeRuntime: RuntimeName,
  agentRuntime: RuntimeName,
  permissions?: (folder: string) => { edge: string[]; agent: string[] },
): Promise<void> {
  const web = await startWeb();
  const options = {
    runtime: edgeRuntime,
    permissions: (folder: string) => permissions?.(folder).edge,
  };
  await withEdge(options, async (ready, _edge, folder) => {
    const agent = startAgent(ready, ["http", String(web.port), "--url", "shop.localhost"], {
      runtime: agentRuntime,
      permissions: permissions?.(folder).agent,
    });
    try {
      const { url } = await started(agent);
      assert.match(String(url), /^https:\/\/shop\.localhost(:\d+)?$/);
      const door = {
        https: ready.https,
        caPem: readFileSync(ready.ca, "utf8"),
      };
      const { status, text } = await visit(door, `${url}/hello`);
      assert.deepEqual([status, text], [200, "hello from the service"]);
      const { code, stdout, stderr } = await agent.stop();
      assert.deepEqual([code, stderr], [0, ""]);
      assert.ok(!stdout.includes(TOKEN));
    } finally {
      await agent.stop();
    }
  }).finally(() => web.close());
}

test("S1 S87 S111 an edge and an agent in two processes carry a request over TLS", async () => {
  await twoProcesses("self", "self");
});

for (const [edge, agent] of [["deno", "bun"], ["bun", "deno"]] as const) {
  if (!hasRuntime(edge) || !hasRuntime(agent)) continue;
  test(`an edge on ${edge} and an agent on ${agent} carry a request over TLS`, async () => {
    await twoProcesses(edge, agent);
  });
}

if (hasRuntime("deno")) {
  test("an edge and an agent on Deno need the network, one folder and one variable each", async () => {
    await twoProcesses("deno", "deno", (folder) => ({
      edge: [
        "--allow-net",
        "--allow-env=SALLYPORT_EDGE_AUTHTOKEN",
        `--allow-read=${folder}`,
        `--allow-write=${folder}`,
      ],
      agent: [
        "--allow-net",
        "--allow-env=SALLYPORT_AUTHTOKEN",
        `--allow-read=${folder}/certs/ca.pem`,
      ],
    }));
  });
}

test("S94 sallyport edge says where it is in its first ready line and at connect.<domain>, and says nothing else on standard output", async () => {
  await withEdge({}, async (ready, edge) => {
    for (const address of [ready.http, ready.https, ready.agents]) {
      assert.match(address, /^127\.0\.0\.1:[1-9]\d*$/);
    }
    assert.equal(ready.domain, "localhost");
    assert.match(readFileSync(ready.ca, "utf8"), /^-----BEGIN CERTIFICATE-----/);
    assert.equal((await visit({ http: ready.http }, "http://nobody.localhost/")).status, 404);
    // Whether the name resolves is up to this machine.
    const list = await visit({ http: ready.http }, "http://connect.localhost/addresses.json");
    assert.equal(list.status, 200);
    assert.ok((JSON.parse(list.text)["connect.localhost"] ?? ["127.0.0.1"]).length > 0);
    const { stdout, stderr } = await edge.stop();
    for (const line of stdout.trimEnd().split("\n")) {
      assert.equal(typeof JSON.parse(line).msg, "string");
    }
    assert.ok(!(stdout + stderr).includes(TOKEN), "a preset token is never printed");
  });
});

test("S21 sallyport edge serves tcp endpoints and http endpoints side by side", async () => {
  const echo = await startEcho();
  await withEdge({}, async (ready) => {
    const agent = startAgent(ready, ["tcp", String(echo.port)]);
    try {
      const { url } = await started(agent);
      const { port } = new URL(String(url));
      assert.ok(Number(port) >= 21000 && Number(port) <= 21999, String(url));
      const socket = await dial(Number(port));
      socket.end("both ways");
      assert.equal(new TextDecoder().decode(await readToEnd(socket)), "both ways");
    } finally {
      await agent.stop();
    }
  }).finally(() => echo.close());
});

test("S23 sallyport tls leaves the service's own TLS untouched", async () => {
  const ca = await makeCa();
  const { chainPem, keyPem } = await ca.leaf(["secret.localhost"]);
  const echo = await startTlsEcho(chainPem, keyPem);
  await withEdge({}, async (ready) => {
    const agent = startAgent(ready, ["tls", String(echo.port), "--url", "secret.localhost"]);
    try {
      assert.match(String((await started(agent)).url), /^tls:\/\/secret\.localhost:\d+$/);
      const [host, port] = splitAddress(ready.https);
      const answer = await new Promise<string>((resolve, reject) => {
        // Trusts the service's authority alone: the edge's certificate would be refused.
        const options = { host, port, servername: "secret.localhost", ca: ca.caPem };
        const socket = connectTls(options, () => socket.write("for the service alone"));
        socket.once("data", (data) => {
          socket.destroy();
          resolve(String(data));
        });
        socket.once("error", reject);
      });
      assert.equal(answer, "for the service alone");
    } finally {
      await agent.stop();
    }
  }).finally(() => echo.close());
});

test("sallyport edge makes the owner's token once, and prints it with what to paste", async () => {
  await withFolder(async (folder) => {
    const first = startProgram([...EDGE_ARGS, "--data", folder, "--log", "false"]);
    let token = "";
    try {
      [, token] = await first.waitForText(/SALLYPORT_AUTHTOKEN=(\S+)/);
      const [, command] = await first.waitForText(
        /^ *(?:SALLYPORT_AUTHTOKEN=\S+ )?sallyport (http 8080 .*)$/m,
      );
      assert.match(command, /--connect-url 127\.0\.0\.1:\d+ --connect-cas \S+/);
      const agent = startProgram([...command.split(" "), ...JSON_LOG], {
        env: { SALLYPORT_AUTHTOKEN: token },
      });
      try {
        await started(agent);
      } finally {
        await agent.stop();
      }
      assert.equal((await first.stop()).code, 0);
    } finally {
      await first.stop();
    }
    assert.ok(token.length >= 24);
    for (
      const file of readdirSync(folder, {
        recursive: true,
        withFileTypes: true,
      })
    ) {
      if (!file.isFile()) continue;
      const text = readFileSync(join(file.parentPath, file.name), "latin1");
      assert.ok(
        !text.includes(token),
        `${file.name} keeps no copy of the token`,
      );
    }

    const second = startProgram([...EDGE_ARGS, "--data", folder, ...JSON_LOG]);
    try {
      const ready = await second.waitForJsonLine(({ msg }) =>
        msg === "edge ready"
      ) as unknown as Ready;
      const agent = startAgent(ready, ["http", "8080"], {
        env: { SALLYPORT_AUTHTOKEN: token },
      });
      try {
        await started(agent);
      } finally {
        await agent.stop();
      }
      const { stdout, stderr } = await second.stop();
      assert.ok(!(stdout + stderr).includes(token), "not printed a second time");
    } finally {
      await second.stop();
    }
  });
});

test("sallyport edge lets a request that is under way finish when it is told to end", async () => {
  const web = await startWeb();
  await withEdge({}, async (ready, edge) => {
    const agent = startAgent(ready, ["http", String(web.port)]);
    try {
      const { url } = await started(agent);
      const door = { https: ready.https, caPem: readFileSync(ready.ca, "utf8") };
      const slow = visit(door, `${url}/slow?ms=1000&i=7`);
      while (web.requests() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      edge.signal("SIGTERM");
      const { status, text } = await slow;
      assert.deepEqual([status, text], [200, "slow 7"]);
      assert.equal((await edge.exited).code, 0);
      await agent.waitForJsonLine(({ msg }) => msg === "session closed, starting reconnect loop");
    } finally {
      await agent.stop();
    }
  }).finally(() => web.close());
});

test("S30 S124 sallyport http ends with the edge's own words when its token is refused", async () => {
  await withEdge({}, async (ready) => {
    const way = ["http", "8080", "--connect-url", ready.agents, "--connect-cas", ready.ca];
    const wrong: Record<string, string> = { SALLYPORT_AUTHTOKEN: "wrong_token_abcdefghijklmnop" };
    for (const env of [{}, wrong]) {
      const { code, stdout, stderr } = await runProgram(way, { env });
      assert.equal(code, 1, stderr);
      assert.match(stderr, /^ERROR: {2}\S.*\n(ERROR:.*\n)*ERROR: {2}ERR_NGROK_\d+\n$/);
      assert.ok(!(stdout + stderr).includes("wrong_token"));
    }
  });
});

test("sallyport http ends with a sentence when it does not trust the edge", async () => {
  await withEdge({}, async (ready) => {
    const { code, stderr } = await runProgram(["http", "8080", "--connect-url", ready.agents]);
    assert.equal(code, 1);
    assert.match(stderr, /^ERROR: {2}Cannot connect to "127\.0\.0\.1:\d+": .*--connect-cas.*\n$/);
  });
});

test("sallyport http waits for an edge that is not there yet, and says so", async () => {
  const closed = await startWeb();
  await closed.close();
  const agent = startProgram([
    "http",
    "8080",
    "--connect-url",
    `127.0.0.1:${closed.port}`,
  ]);
  try {
    await agent.waitForText(/^Session Status +connecting \(.*refused\)$/m);
    const { code, stderr } = await agent.stop();
    assert.deepEqual([code, stderr], [0, ""]);
  } finally {
    await agent.stop();
  }
});

test("sallyport edge ends with a sentence when a door cannot be opened", async () => {
  const web = await startWeb();
  try {
    await withFolder(async (folder) => {
      const args = [...EDGE_ARGS, "--data", folder];
      args[args.indexOf("--http") + 1] = `127.0.0.1:${web.port}`;
      const { code, stdout, stderr } = await runProgram(args);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /ERROR: {2}.*address.*in use.*--http/i);
      assert.doesNotMatch(stderr, /\n\s+at /);
    });
  } finally {
    await web.close();
  }
});

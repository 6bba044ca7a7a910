import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "../harness.ts";
import { dial, readToEnd, startEcho, startWeb, visit } from "./kit.ts";
import { hasRuntime, type Program, runProgram, type RuntimeName, startProgram } from "./program.ts";

/** The URL a person reads, and the address to dial for it. */
async function forwarding(program: Program): Promise<{ url: string; http: string }> {
  const [, url] = await program.waitForText(/^Forwarding +(\S+) -> /m);
  return { url, http: `127.0.0.1:${new URL(url).port}` };
}

/** The least that Deno must allow for the embedded edge. */
const LEAST_PERMISSIONS = ["--allow-net"];

async function mainJob(runtime: RuntimeName, permissions?: readonly string[]): Promise<void> {
  const web = await startWeb();
  const program = startProgram(["http", String(web.port)], {
    runtime,
    permissions,
  });
  try {
    const { url, http } = await forwarding(program);
    assert.match(url, /^http:\/\/[a-z0-9-]+\.localhost:\d+$/);
    const { status, text, headers } = await visit({ http }, `${url}/hello`);
    assert.deepEqual([status, text], [200, "hello from the service"]);
    assert.equal(headers["x-service"], "Kit");
    const { code, stdout, stderr } = await program.stop();
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, new RegExp(`^Forwarding +${url} -> http://localhost:${web.port}$`, "m"));
    assert.match(stdout, /--connect-url/, "says how to go public");
  } finally {
    await program.stop();
    await web.close();
  }
}

test("S2 S10 sallyport http does its main job with nothing configured", async () => {
  await mainJob("self");
});

for (const runtime of ["deno", "bun"] as const) {
  if (!hasRuntime(runtime)) continue;
  test(`sallyport http does its main job on ${runtime}`, async () => {
    await mainJob(runtime, runtime === "deno" ? LEAST_PERMISSIONS : undefined);
  });
}

test("sallyport http serves a directory, and refuses one that is not there", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-www-"));
  await writeFile(join(folder, "index.html"), "<h1>Hello</h1>");
  const program = startProgram(["http", `file://${folder}/`]);
  try {
    const { url, http } = await forwarding(program);
    assert.equal((await visit({ http }, `${url}/`)).text, "<h1>Hello</h1>");
    assert.match(program.stdout, new RegExp(`-> file://${folder}$`, "m"));
  } finally {
    await program.stop();
  }
  const { code, stdout, stderr } = await runProgram(["http", `file://${folder}/none`]);
  assert.equal(code, 1);
  assert.match(
    stdout + stderr,
    /Cannot serve the directory "[^"]+\/none": it does not exist; create it or correct the path/,
  );
  await rm(folder, { recursive: true });
});

test("S11 sallyport http gives the name that --url asks for, in each spelling", async () => {
  const web = await startWeb();
  try {
    for (
      const wanted of ["myapp", "myapp.localhost", "http://myapp.localhost"]
    ) {
      const program = startProgram(["http", "--url", wanted, String(web.port)]);
      try {
        const { url, http } = await forwarding(program);
        assert.match(url, /^http:\/\/myapp\.localhost:\d+$/, wanted);
        assert.equal((await visit({ http }, `${url}/hello`)).status, 200);
        assert.equal((await visit({ http }, "http://other.localhost/")).status, 404);
      } finally {
        await program.stop();
      }
    }
  } finally {
    await web.close();
  }
});

test("sallyport http runs twice on one machine", async () => {
  const web = await startWeb();
  const first = startProgram(["http", String(web.port)]);
  const second = startProgram(["http", String(web.port)]);
  try {
    const [a, b] = [await forwarding(first), await forwarding(second)];
    assert.notEqual(a.http, b.http);
    for (const { url, http } of [a, b]) {
      assert.equal((await visit({ http }, `${url}/hello`)).text, "hello from the service");
    }
  } finally {
    await Promise.all([first.stop(), second.stop()]);
    await web.close();
  }
});

test("sallyport tcp puts a service on a port of this machine", async () => {
  const echo = await startEcho();
  const program = startProgram(["tcp", String(echo.port)]);
  try {
    const [, url] = await program.waitForText(/^Forwarding +(tcp:\/\/\S+) -> /m);
    const socket = await dial(Number(new URL(url).port));
    socket.end("bytes as they are");
    assert.equal(new TextDecoder().decode(await readToEnd(socket)), "bytes as they are");
    assert.equal((await program.stop()).code, 0);
  } finally {
    await program.stop();
    await echo.close();
  }
});

test("sallyport says what the edge on this machine cannot do", async () => {
  for (
    const [args, pattern] of [
      [["http", "1", "--url", "https://myapp.localhost"], /https.*--connect-url/],
      [["http", "1", "--url", "https://"], /https.*--connect-url/],
      [["http", "1", "--url", "shop.example.com"], /localhost.*--connect-url/],
      [["tls", "1"], /tls.*--connect-url/],
    ] as const
  ) {
    const { code, stdout, stderr } = await runProgram(args);
    assert.deepEqual([code, stdout], [1, ""], args.join(" "));
    assert.match(stderr, pattern);
    assert.match(stderr, /^ERROR: {2}[^\n]+\n$/);
  }
});

test("sallyport http logs what scripts read, and nothing else, on standard output", async () => {
  const web = await startWeb();
  const args = [
    "http",
    String(web.port),
    "--name",
    "web",
    "--log",
    "stdout",
    "--log-format",
    "json",
  ];
  const program = startProgram(args);
  try {
    const { name, addr, url, lvl, obj, t } = await program.waitForJsonLine((
      { msg },
    ) => msg === "started tunnel");
    assert.deepEqual([name, addr, lvl, obj], [
      "web",
      `http://localhost:${web.port}`,
      "info",
      "tunnels",
    ]);
    assert.match(String(t), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    assert.equal(
      (await visit(
        { http: `127.0.0.1:${new URL(String(url)).port}` },
        `${url}/hello`,
      )).status,
      200,
    );
    const { code, stdout } = await program.stop();
    assert.equal(code, 0);
    for (const line of stdout.trimEnd().split("\n")) {
      assert.equal(typeof JSON.parse(line).msg, "string");
    }
  } finally {
    await program.stop();
    await web.close();
  }
});

test("sallyport http answers 502 with code 8012 while the service is down, and goes on", async () => {
  const gone = await startWeb();
  await gone.close();
  const program = startProgram(["http", String(gone.port)]);
  try {
    const { url, http } = await forwarding(program);
    const { status, headers } = await visit({ http }, `${url}/hello`);
    assert.equal(status, 502);
    assert.match(String(headers["ngrok-error-code"]), /8012/);
    await program.waitForText(/Cannot reach the upstream "http:\/\/localhost:\d+"/);
  } finally {
    assert.equal((await program.stop()).code, 0);
  }
});

test("sallyport http lets a request that is under way finish when it is told to end", async () => {
  const web = await startWeb();
  const program = startProgram(["http", String(web.port)]);
  try {
    const { url, http } = await forwarding(program);
    const slow = visit({ http }, `${url}/slow?ms=1500&i=7`);
    while (web.requests() === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    program.signal("SIGTERM");
    await program.waitForText(/Finishing the requests/);
    const { status, text } = await slow;
    assert.deepEqual([status, text], [200, "slow 7"]);
    assert.equal((await program.exited).code, 0);
  } finally {
    await program.stop();
    await web.close();
  }
});

test("sallyport http ends at once at a second signal", async () => {
  const arrived = Promise.withResolvers<void>();
  const silent = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => arrived.resolve());
  });
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const program = startProgram(["http", String((silent.address() as AddressInfo).port)]);
  try {
    const { url, http } = await forwarding(program);
    const endless = visit({ http }, url).then(() => "answered", () => "cut");
    await arrived.promise;
    program.signal("SIGINT");
    await program.waitForText(/Finishing the requests/);
    program.signal("SIGINT");
    assert.equal((await program.exited).code, 0);
    assert.equal(await endless, "cut");
  } finally {
    await program.stop();
    await new Promise((resolve) => silent.close(resolve));
  }
});

test("sallyport http listens on loopback alone", async () => {
  const web = await startWeb();
  const program = startProgram(["http", String(web.port)]);
  try {
    const { http } = await forwarding(program);
    const port = Number(http.split(":")[1]);
    // 127.0.0.2 is this machine too, but not where a door bound to 127.0.0.1 listens.
    const outcome = await new Promise<string>((resolve) => {
      const socket = connect({ host: "127.0.0.2", port }, () => {
        socket.destroy();
        resolve("connected");
      });
      socket.on("error", () => resolve("refused"));
    });
    if (process.platform === "linux") assert.equal(outcome, "refused");
  } finally {
    await program.stop();
    await web.close();
  }
});

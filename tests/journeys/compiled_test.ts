/**
 * All of the command line through one compiled program, which is edge, agent and tool at once.
 * How it updates itself is for `update_test.ts`, how its full screen looks for `console_test.ts`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { connect as connectTls } from "node:tls";
import { buildWithBun, isHost, TARGETS } from "../../scripts/compile.ts";
import { makeCa } from "../fakes/certs.ts";
import { test } from "../harness.ts";
import { dial, readToEnd, splitAddress, startEcho, startTlsEcho, startWeb, visit } from "./kit.ts";
import { type Program, type ProgramExit, runProgram, startProgram } from "./program.ts";

const JSON_LOG = ["--log", "stdout", "--log-format", "json"];
const TOKEN = "owner_token_of_this_test_0123456789";
const KEY = "owner_key_of_this_test_0123456789";

/** Ports nobody else asks for. */
const TCP_PORTS = "24000-24099";

const EDGE = [
  ...["edge", "--domain", "localhost", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0"],
  ...["--agents", "127.0.0.1:0", "--api", "127.0.0.1:0", "--tcp-ports", TCP_PORTS, ...JSON_LOG],
];

test("S2 S3 the compiled program does all that the command line has: edge, agent and tools", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-compiled-"));
  try {
    const compiled = join(folder, process.platform === "win32" ? "sallyport.exe" : "sallyport");
    const here = TARGETS.find(isHost);
    assert.ok(here, "there is a build for this machine");
    buildWithBun(here, compiled, {}, true);
    await commandLineJourney(compiled, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

async function commandLineJourney(compiled: string, folder: string): Promise<void> {
  const env = { SALLYPORT_CONFIG: join(folder, "sallyport.yml") };
  const run = (...args: readonly string[]): Promise<ProgramExit> =>
    runProgram(args, { compiled, env });
  const said = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args);
    assert.deepEqual([code, stderr], [0, ""], `${args.join(" ")}\n${stdout}`);
    return stdout;
  };
  const programs: Program[] = [];
  const start = (args: readonly string[], more: Readonly<Record<string, string>> = {}): Program => {
    const program = startProgram(args, { compiled, env: { ...env, ...more } });
    programs.push(program);
    return program;
  };
  const { chainPem, keyPem } = await (await makeCa("service")).leaf(["db.localhost"]);
  const [web, echo, tlsEcho] = [
    await startWeb(),
    await startEcho(),
    await startTlsEcho(chainPem, keyPem),
  ];
  try {
    const edge = start([...EDGE, "--data", join(folder, "data")], {
      SALLYPORT_EDGE_AUTHTOKEN: TOKEN,
      SALLYPORT_EDGE_API_KEY: KEY,
    });
    const ready = await edge.waitForJsonLine(({ msg }) => msg === "edge ready") as Record<
      string,
      string
    >;
    const door = { http: ready.http, https: ready.https, caPem: await readFile(ready.ca, "utf8") };

    // the file is made by the program, and completed by hand
    assert.match(await said("config", "add-authtoken", TOKEN), /^Authtoken saved to /);
    await said("config", "add-connect-url", ready.agents);
    const made = await readFile(env.SALLYPORT_CONFIG, "utf8");
    const [, webPort] = splitAddress(ready.http);
    const endpoint = (name: string) =>
      `  - {name: ${name}, url: "http://${name}.localhost", upstream: {url: ${web.port}}}\n`;
    await writeFile(
      env.SALLYPORT_CONFIG,
      `${made.trimEnd()}\n  connect_cas: ${JSON.stringify(ready.ca)}\n  web_addr: 127.0.0.1:0\n` +
        `endpoints:\n${endpoint("one")}${endpoint("two")}`,
    );

    const [check, diagnosis, script, words, version, update, wrong, api] = await Promise.all([
      said("config", "check"),
      said("diagnose"),
      said("completion", "bash"),
      said("__complete", "line", "18", "sallyport start tw"),
      said("version"),
      run("update"),
      run("htpp", "80"),
      said("api", "reserved-domains", "list", "--api-key", KEY, "--api-url", ready.api),
    ]);
    assert.equal(check, `Valid configuration file at ${env.SALLYPORT_CONFIG}\n`);
    assert.match(diagnosis, /^ {2}Tunnel Protocol: .*\[ OK \]$/m);
    assert.match(script, /^complete .*_sallyport/m);
    assert.match(words, /^two\b/m);
    assert.match(version, /^sallyport version \d+\.\d+\.\d+\n$/);
    assert.deepEqual([update.code, /set update_url/.test(update.stderr)], [1, true]);
    assert.deepEqual([wrong.code, /did you mean "http"/.test(wrong.stderr)], [1, true]);
    assert.ok(Array.isArray(JSON.parse(api).reserved_domains));

    const begun = (program: Program) =>
      program.waitForJsonLine(({ msg }) => msg === "started tunnel").then(({ url }) => String(url));
    const http = start(["http", String(web.port), ...JSON_LOG]);
    const tcp = start(["tcp", String(echo.port), ...JSON_LOG]);
    const tls = start(["tls", String(tlsEcho.port), "--url", "tls://db.localhost", ...JSON_LOG]);
    const several = start(["start", "one", ...JSON_LOG]);

    const hello = await visit(door, `${await begun(http)}/hello`);
    assert.deepEqual([hello.status, hello.text], [200, "hello from the service"]);

    const socket = await dial(Number(new URL(await begun(tcp)).port));
    socket.end("through the tunnel");
    assert.equal(new TextDecoder().decode(await readToEnd(socket)), "through the tunnel");

    await begun(tls);
    const [, tlsPort] = splitAddress(ready.https);
    const secure = connectTls({
      host: "127.0.0.1",
      port: tlsPort,
      servername: "db.localhost",
      rejectUnauthorized: false,
    });
    secure.write("to the service's own TLS");
    const [heard] = await new Promise<[string]>((resolve, reject) => {
      secure.once("data", (data) => resolve([String(data)]));
      secure.once("error", reject);
    });
    secure.destroy();
    assert.equal(heard, "to the service's own TLS");

    const { addr } = await several.waitForJsonLine(({ msg }) => msg === "starting web service");
    await begun(several);
    const there = ["--web-addr", String(addr)];
    assert.match(await said("start", "two", ...there), /^Started two: /);
    assert.match(await said("ps", ...there), /^NAME[^]*\none [^]*\ntwo /);
    assert.match(await said("stop", "one", ...there), /^Stopped one /);
    const page = await visit({ http: String(addr) }, `http://${addr}/inspect/http`);
    assert.equal(page.status, 200);
    for (const [name, status] of [["one", 404], ["two", 200]] as const) {
      const answer = await visit(door, `http://${name}.localhost:${webPort}/hello`);
      assert.equal(answer.status, status, name);
    }

    for (const program of programs.reverse()) {
      const { code, stdout, stderr } = await program.stop();
      if (process.platform !== "win32") assert.equal(code, 0, stdout + stderr);
      assert.ok(!(stdout + stderr).includes(TOKEN), "no secret is printed");
    }
  } finally {
    for (const program of programs) await program.stop();
    await Promise.all([web.close(), echo.close(), tlsEcho.close()]);
  }
}

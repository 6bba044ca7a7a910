/**
 * Releases made with the project's own script, handed out by a plain web server, and the compiled
 * program that updates itself from there: by hand and from afar.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createPublicKey, verify } from "node:crypto";
import { chmodSync, createReadStream, existsSync, linkSync, readdirSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { test } from "../harness.ts";
import { startWeb, visit } from "./kit.ts";
import { type ProgramExit, programWords, runProgram, startProgram } from "./program.ts";
import { quoted, TmuxTerminal } from "./tmux.ts";
import { AUTHTOKEN, DOMAIN, eventually, startTestEdge } from "./tunnel_suite.ts";

const EXE = process.platform === "win32" ? ".exe" : "";
const TARGET = `${process.platform.replace("win32", "windows")}-${process.arch}`;
const JSON_LOG = ["--log", "stdout", "--log-format", "json"];

/** A publisher with a key and a web server, and a machine on which version 1.0.0 is installed. */
class Publisher {
  readonly folder: string;
  readonly #server: http.Server;
  /** What was asked for. */
  readonly asked: string[] = [];
  /** Bytes that are sent in place of the file. */
  readonly forged = new Map<string, string>();

  private constructor(folder: string) {
    this.folder = folder;
    this.#server = http.createServer((request, response) => {
      const path = request.url ?? "/";
      this.asked.push(path);
      const forged = this.forged.get(path);
      const file = join(folder, "releases", path);
      if (forged !== undefined) return void response.end(forged);
      if (!existsSync(file)) return void response.writeHead(404).end();
      response.setHeader("content-length", statSync(file).size);
      createReadStream(file).pipe(response);
    });
  }

  static async open(): Promise<Publisher> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "sallyport-update-")));
    const publisher = new Publisher(folder);
    await new Promise<void>((resolve) => publisher.#server.listen(0, "127.0.0.1", resolve));
    return publisher;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Makes a release, and gives what the script printed. */
  async release(version: string, ...more: readonly string[]): Promise<string> {
    const [command, ...words] = programWords("scripts/release.ts");
    const args = [
      ...["--key", join(this.folder, "key.pem"), "--new-key", "--url", this.url],
      ...["--out", join(this.folder, "releases"), "--targets", TARGET, "--version", version],
      "--quick",
      ...more,
    ];
    const child = spawn(command, [...words, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data) => stdout += data);
    child.stderr.on("data", (data) => stderr += data);
    const code = await new Promise((resolve) => child.on("close", resolve));
    assert.equal(code, 0, stderr);
    return stdout;
  }

  /** Installs a version, and gives its path. */
  async install(version: string, into = "bin"): Promise<string> {
    const folder = join(this.folder, into);
    await mkdir(folder, { recursive: true });
    const path = join(folder, `sallyport${EXE}`);
    linkSync(join(this.folder, "releases", version, `sallyport-${TARGET}${EXE}`), path);
    return path;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function withPublisher(work: (publisher: Publisher) => Promise<void>): Promise<void> {
  const publisher = await Publisher.open();
  try {
    await work(publisher);
  } finally {
    await publisher.close();
  }
}

async function versionOf(compiled: string): Promise<string> {
  return (await runProgram(["version"], { compiled })).stdout.trim();
}

test("S3 S88 S142 S146 update: the compiled program knows its edge, and replaces itself by what its publisher has signed", () =>
  withPublisher(async (publisher) => {
    await publisher.release("1.0.0");
    const compiled = await publisher.install("1.0.0");
    const bin = join(publisher.folder, "bin");
    const update = (...args: readonly string[]): Promise<ProgramExit> =>
      runProgram(["update", ...args], { compiled });

    const none = await update();
    assert.equal(none.code, 0, none.stderr);
    assert.match(
      none.stdout,
      /^No update: 1\.0\.0 is the newest version of the channel "stable"$/m,
    );

    const said = await publisher.release("1.1.0", "--connect-url", "127.0.0.1:1");
    assert.match(said, /^stable: 1\.1\.0, 1\.0\.0$/m);
    const looked = await update("--check");
    assert.match(looked.stdout, /^Update available: version 1\.1\.0 /m);
    assert.equal(await versionOf(compiled), "sallyport version 1.0.0");

    // what the key did not sign is not installed
    publisher.forged.set(
      `/1.1.0/sallyport-${TARGET}${EXE}`,
      "#!/bin/sh\necho sallyport version 1.1.0\n",
    );
    const forged = await update();
    assert.equal(forged.code, 1);
    assert.match(forged.stderr, /Cannot trust the program of .* \(signature_invalid\)$/m);
    publisher.forged.clear();
    const list = await readFile(join(publisher.folder, "releases", "stable.json"), "utf8");
    publisher.forged.set("/stable.json", list.replace("1.1.0", "9.9.9"));
    const changed = await update();
    assert.match(changed.stderr, /or were changed \(signature_invalid\)$/m);
    publisher.forged.clear();
    assert.deepEqual(readdirSync(bin), [`sallyport${EXE}`]);

    const updated = await update();
    assert.equal(updated.code, 0, updated.stderr);
    assert.match(updated.stdout, /^Updated to version 1\.1\.0; agents that run use it when/m);
    assert.equal(await versionOf(compiled), "sallyport version 1.1.0");
    const diagnosis = await runProgram(["diagnose"], { compiled });
    assert.equal(diagnosis.code, 1);
    assert.match(diagnosis.stdout, /127\.0\.0\.1:1/, "the edge that was compiled in");
    assert.equal(await versionOf(join(bin, `sallyport.old${EXE}`)), "sallyport version 1.0.0");
    if (EXE === "") assert.equal(statSync(compiled).mode & 0o777, 0o755);

    // lists and programs need not be in one folder; what people fetch by hand is signed as well
    await publisher.release("1.2.0-beta.1", "--channel", "beta", "--files", "../{version}/");
    const sums = await readFile(join(publisher.folder, "releases", "1.2.0-beta.1", "SHA256SUMS"));
    const signature = await readFile(
      join(publisher.folder, "releases", "1.2.0-beta.1", "SHA256SUMS.sig"),
    );
    const key = createPublicKey(await readFile(join(publisher.folder, "key.pem")));
    assert.ok(verify(null, sums, key, signature));
    assert.match(sums.toString(), new RegExp(`^[0-9a-f]{64}  sallyport-${TARGET}`, "m"));
    assert.match((await update()).stdout, /^No update: 1\.1\.0 is the newest /m);
    const beta = await update("--channel", "beta");
    assert.equal(beta.code, 0, beta.stderr);
    assert.equal(await versionOf(compiled), "sallyport version 1.2.0-beta.1");
    assert.deepEqual(readdirSync(bin).sort(), [`sallyport${EXE}`, `sallyport.old${EXE}`].sort());
  }));

test("S142 update: a folder that belongs to somebody else, and a package manager, are left alone", () =>
  withPublisher(async (publisher) => {
    await publisher.release("1.0.0");
    const managed = await publisher.install("1.0.0", "homebrew/Cellar/sallyport/1.0.0/bin");
    const refused = await runProgram(["update"], { compiled: managed });
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /Homebrew installed it .* brew upgrade sallyport \(update_failed\)/,
    );

    const source = await runProgram(["update", "--config", await writtenConfig(publisher)]);
    assert.equal(source.code, 1);
    assert.match(source.stderr, /it runs from source.*\(update_failed\)/);

    if (process.platform === "win32") return; // has other ways to forbid it
    await publisher.release("1.1.0");
    const own = await publisher.install("1.0.0");
    chmodSync(publisher.folder, 0o755);
    chmodSync(join(publisher.folder, "bin"), 0o555);
    // Nothing is forbidden to root: it becomes nobody for a moment.
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const [compiled, ...words] = process.getuid?.() === 0 ? [...nobody, own] : [own];
    const denied = await runProgram([...words, "update"], { compiled });
    chmodSync(join(publisher.folder, "bin"), 0o755);
    assert.match(
      denied.stderr,
      /permission denied; run "sallyport update" as the user .*_denied\)/,
    );
    assert.equal(await versionOf(own), "sallyport version 1.0.0");
  }));

/** A configuration that names the publisher, for a program that was not born with its name. */
async function writtenConfig(publisher: Publisher, more = ""): Promise<string> {
  const said = await readFile(join(publisher.folder, "releases", "stable.json"), "utf8");
  assert.match(said, /"signatures"/);
  const path = join(publisher.folder, "sallyport.yml");
  const key = "A".repeat(43) + "=";
  const agent = `{update_url: "${publisher.url}", update_key: "${key}"${more}}`;
  await writeFile(path, `version: 3\nagent: ${agent}\n`);
  return path;
}

test("S82 S83 S84 S102 S104 S143 remote: an agent looks for updates, updates itself, restarts, stops", () =>
  withPublisher(async (publisher) => {
    await publisher.release("1.0.0");
    await publisher.release("1.1.0");
    const compiled = await publisher.install("1.0.0");
    const stage = await startTestEdge();
    const service = await startWeb();
    const agent = startProgram([
      ...["http", String(service.port), "--url", `https://app.${DOMAIN}`, ...JSON_LOG],
      ...["--connect-url", stage.agents, "--connect-cas", stage.caPath],
    ], { compiled, env: { SALLYPORT_AUTHTOKEN: AUTHTOKEN } });
    try {
      const session = () => stage.edge.sessions()[0];
      const available = await agent.waitForJsonLine(({ msg }) => msg === "update available");
      assert.deepEqual([available.obj, available.version], ["updater", "1.1.0"]);
      await agent.waitForJsonLine(({ msg }) => msg === "started tunnel");
      const before = session();
      assert.equal(before.agentVersion, "1.0.0");

      await stage.edge.updateSession(before.id);
      await agent.waitForJsonLine(({ msg }) => msg === "updated");
      assert.equal(await versionOf(compiled), "sallyport version 1.1.0");
      // it serves on as it is, and says why it will not do it again
      assert.equal(session().id, before.id);
      await assert.rejects(stage.edge.updateSession(before.id), {
        ngrokCode: 809,
        message: "Cannot update the agent: it was updated to version 1.1.0 and not restarted since",
      });

      if (process.platform === "win32") {
        await assert.rejects(stage.edge.commandSession(before.id, "restart"), { ngrokCode: 804 });
      } else {
        await stage.edge.commandSession(before.id, "restart");
        await eventually(async () => {
          await Promise.resolve();
          assert.equal(stage.edge.sessions().length, 1);
          assert.notEqual(session().id, before.id);
          assert.equal(session().agentVersion, "1.1.0");
          assert.equal(stage.edge.endpoints().length, 1);
        });
        const answer = await visit(stage.door, `https://app.${DOMAIN}/hello`);
        assert.equal(answer.text, "hello from the service");
      }
      await stage.edge.commandSession(session().id, "stop");
      assert.equal((await agent.exited).code, 0);
    } finally {
      await agent.stop();
      await service.close();
      await stage.close();
    }
  }));

test("S83 S144 Ctrl+U updates from the status, and a restart from afar brings the status back", async () => {
  if (process.platform === "win32") return; // has no tmux
  await withPublisher(async (publisher) => {
    await publisher.release("1.0.0");
    await publisher.release("1.1.0");
    const compiled = await publisher.install("1.0.0");
    const stage = await startTestEdge();
    const service = await startWeb();
    const terminal = await TmuxTerminal.open(120, 30, {
      NO_COLOR: "1",
      SALLYPORT_AUTHTOKEN: AUTHTOKEN,
    });
    try {
      const words = [
        ...[compiled, "http", String(service.port), "--url", `https://app.${DOMAIN}`],
        ...["--connect-url", stage.agents, "--connect-cas", stage.caPath],
      ];
      terminal.run(words.map(quoted).join(" "));
      await terminal.waitFor(
        /^Update +update available \(version 1\.1\.0, Ctrl-U to update\)\nVersion +1\.0\.0$/m,
      );
      terminal.press("C-u");
      await terminal.waitFor(/^Update +updated to version 1\.1\.0, restart to use it$/m);
      assert.equal(await versionOf(compiled), "sallyport version 1.1.0");
      await terminal.waitFor(/^Forwarding +https:/m);
      await stage.edge.commandSession(stage.edge.sessions()[0].id, "restart");
      await terminal.waitFor(/^Version +1\.1\.0$/m);
      await terminal.waitFor(/^Forwarding +https:/m);
      assert.doesNotMatch(terminal.text(), /^Update /m);
      terminal.press("C-c");
      await terminal.waitFor(/^%\n*$/m);
      terminal.run("echo code $?");
      await terminal.waitFor(/^code 0$/m);
    } finally {
      terminal.close();
      await service.close();
      await stage.close();
    }
  });
});

test("S83 remote: an agent that runs from source restarts in place, and obeys signals after it", async () => {
  const stage = await startTestEdge();
  const agent = startProgram([
    ...["start", "--none", ...JSON_LOG, "--connect-url", stage.agents],
    ...["--connect-cas", stage.caPath],
  ], { env: { SALLYPORT_AUTHTOKEN: AUTHTOKEN } });
  try {
    await agent.waitForJsonLine(({ msg }) => msg === "tunnel session started");
    const { id } = stage.edge.sessions()[0];
    const { restartObstacle } = detectRuntime().host;
    if (restartObstacle === "") {
      await stage.edge.commandSession(id, "restart");
      await eventually(async () => {
        await Promise.resolve();
        assert.equal(stage.edge.sessions().length, 1);
        assert.notEqual(stage.edge.sessions()[0].id, id);
      });
    } else {
      // Windows; Deno elsewhere than on Linux
      await assert.rejects(stage.edge.commandSession(id, "restart"), { ngrokCode: 804 });
    }
    assert.equal((await agent.stop()).code, 0);
    const started = agent.stdout.split("\n").filter((one) =>
      one.includes("tunnel session started")
    );
    assert.equal(started.length, restartObstacle === "" ? 2 : 1);
  } finally {
    await agent.stop();
    await stage.close();
  }
});

test("S142 update: it comes through the proxy of the configuration", () =>
  withPublisher(async (publisher) => {
    await publisher.release("1.0.0");
    await publisher.release("1.1.0");
    const compiled = await publisher.install("1.0.0");
    const passed: string[] = [];
    const proxy = http.createServer((request, response) => {
      passed.push(request.url ?? "");
      http.get(request.url ?? "", (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const config = join(publisher.folder, "proxy.yml");
    const { port } = proxy.address() as AddressInfo;
    await writeFile(config, `version: 3\nagent: {proxy_url: "http://127.0.0.1:${port}"}\n`);
    try {
      const updated = await runProgram(["update", "--config", config], { compiled });
      assert.equal(updated.code, 0, updated.stderr);
      assert.ok(passed.includes(`${publisher.url}stable.json`), passed.join());
      assert.equal(passed.at(-1), `${publisher.url}1.1.0/sallyport-${TARGET}${EXE}`);
      assert.equal(await versionOf(compiled), "sallyport version 1.1.0");
    } finally {
      proxy.closeAllConnections();
      await new Promise<void>((resolve) => proxy.close(() => resolve()));
    }
  }));

test("S86 S103 S145 remote: update_check false asks nobody, a broken configuration is not restarted into", () =>
  withPublisher(async (publisher) => {
    await publisher.release("1.0.0");
    const compiled = await publisher.install("1.0.0");
    const config = await writtenConfig(publisher, ", update_check: false");
    const stage = await startTestEdge();
    const agent = startProgram([
      ...["start", "--none", "--config", config, ...JSON_LOG],
      ...["--connect-url", stage.agents, "--connect-cas", stage.caPath],
    ], { compiled, env: { SALLYPORT_AUTHTOKEN: AUTHTOKEN } });
    try {
      await agent.waitForJsonLine(({ msg }) => msg === "tunnel session started");
      const { id } = stage.edge.sessions()[0];
      await assert.rejects(stage.edge.updateSession(id), {
        ngrokCode: 806,
        message: /\(update_check: false\)$/,
      });
      assert.deepEqual(publisher.asked, []);
      if (process.platform !== "win32") {
        await writeFile(config, "version: 3\nagent: {metadate: typo}\n");
        await assert.rejects(stage.edge.commandSession(id, "restart"), {
          ngrokCode: 808,
          message: /metadate/,
        });
      }
      assert.equal(stage.edge.sessions()[0].id, id);
      assert.equal((await agent.stop()).code, 0);
    } finally {
      await agent.stop();
      await stage.close();
    }
  }));

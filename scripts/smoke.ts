// deno-lint-ignore-file no-console -- a script prints
/**
 * Does a build of the program do its job? Runs `version`, then opens a tunnel to a service made for
 * the occasion and visits it: `deno run -A scripts/smoke.ts dist/sallyport-linux-x64`, or any other
 * command line, such as `deno run -A cli.ts`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { ROOT } from "./files.ts";

/** README promises a URL within 30 s of a cold start. */
const URL_LIMIT_MS = 30_000;

const EXIT_LIMIT_MS = 20_000;

async function main(command: string, prefix: readonly string[]): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "sallyport-smoke-"));
  const env = {
    ...process.env,
    NO_COLOR: "1",
    HOME: home,
    XDG_CONFIG_HOME: home,
  };
  const version = spawnSync(command, [...prefix, "version"], {
    env,
    cwd: ROOT,
    encoding: "utf8",
  });
  assert.equal(version.status, 0, version.stderr);
  assert.match(version.stdout, /\d+\.\d+\.\d+/);
  console.log(`version: ${version.stdout.trim()}`);

  const server = createServer((request, response) => response.end(`you asked for ${request.url}`));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const startedMs = performance.now();
  const args = [
    ...prefix,
    "http",
    String(port),
    "--log",
    "stdout",
    "--log-format",
    "json",
  ];
  const child = spawn(command, args, {
    env,
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
  try {
    const url = await withinLimit(announcedUrl(child), URL_LIMIT_MS, "no URL");
    console.log(
      `url: ${url} after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`,
    );
    assert.equal(
      await visit(new URL("/hello?x=1", url)),
      "you asked for /hello?x=1",
    );
    // Not child.kill(): Deno then reports the signal in place of the exit code.
    process.kill(child.pid!, "SIGINT");
    const code = await withinLimit(
      exited,
      EXIT_LIMIT_MS,
      "it does not end after SIGINT",
    );
    // Windows has no signals: the process is just ended there.
    if (process.platform !== "win32") {
      assert.equal(code, 0, `exit code ${code} after SIGINT`);
    }
    console.log("the visit was answered, and it left in order");
  } finally {
    child.kill("SIGKILL");
    server.close();
    await exited;
    rmSync(home, { recursive: true, force: true });
  }
}

/**
 * The URL of the log line that announces the tunnel. What comes later is read too: a pipe that
 * nobody reads would end the program.
 */
function announcedUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    const reader = createInterface({ input: child.stdout! });
    reader.on("line", (line) => {
      lines.push(line);
      if (!line.startsWith("{")) return;
      const fields = JSON.parse(line) as Record<string, unknown>;
      if (fields.msg === "started tunnel") resolve(String(fields.url));
    });
    reader.on("close", () => reject(new Error(`it ended without a URL:\n${lines.join("\n")}`)));
  });
}

/** The answer to a GET; `*.localhost` is this machine, whatever its resolver thinks of it. */
function visit(url: URL): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      host: "127.0.0.1",
      port: url.port,
      path: url.pathname + url.search,
    };
    get({ ...options, headers: { host: url.host } }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text) => body += text).on(
        "end",
        () => resolve(body),
      );
    }).on("error", reject);
  });
}

async function withinLimit<T>(
  work: Promise<T>,
  limitMs: number,
  what: string,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} within ${limitMs / 1000} s`)),
      limitMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

if (import.meta.main) {
  const [command, ...prefix] = process.argv.slice(2);
  if (!command) {
    throw new TypeError(
      "say what to run: scripts/smoke.ts <command> [argument …]",
    );
  }
  await main(command === "deno" ? process.execPath : command, prefix);
}

// deno-lint-ignore-file no-console -- a script prints
/**
 * The programs of other people that tests run against, and their installation where that is one
 * command: on Debian and Ubuntu, as root. Plain JavaScript, for `install.mjs` must run on Node 20
 * with nothing installed.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/** What tests run, by the name of the program, and the package that brings it. */
export const DEBIAN_TOOLS = {
  curl: "curl",
  h2load: "nghttp2-client",
  openssl: "openssl",
  pebble: "pebble",
  "pebble-challtestsrv": "pebble",
  "systemd-analyze": "systemd",
  "systemd-socket-activate": "systemd",
  testssl: "testssl.sh",
  tmux: "tmux",
};

/**
 * Finds one of {@linkcode DEBIAN_TOOLS}: named by the environment (SALLYPORT_TEST_PEBBLE …), or on the path.
 *
 * @param {keyof typeof DEBIAN_TOOLS} name
 * @returns {string | undefined} its program
 */
export function findTool(name) {
  const named = process.env[`SALLYPORT_TEST_${name.replaceAll(/[^a-z0-9]/g, "_").toUpperCase()}`];
  if (named) return named;
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** What to do where a tool cannot be installed from here. */
export function toolAdvice(name) {
  return `the tests need ${name}: install it (Debian, Ubuntu: apt-get install ${
    DEBIAN_TOOLS[name]
  }), or name its program in SALLYPORT_TEST_${name.replaceAll(/[^a-z0-9]/g, "_").toUpperCase()}`;
}

/** Installs the tools that are missing, if this machine lets us; says which ones stay missing. */
export function installTools() {
  const names = Object.keys(DEBIAN_TOOLS);
  const missing = names.filter((name) => !findTool(name));
  if (missing.length > 0) aptInstall([...new Set(missing.map((name) => DEBIAN_TOOLS[name]))]);
  for (const name of names) {
    if (!findTool(name)) console.log(`${name}: not available here: ${toolAdvice(name)}`);
  }
}

/**
 * Installs Debian packages, if this is Debian and we are root.
 *
 * @param {string[]} packages
 * @returns {boolean} whether apt-get says that they are there
 */
export function aptInstall(packages) {
  const mayInstall = process.platform === "linux" && process.getuid() === 0;
  if (!mayInstall || spawnSync("apt-get", ["--version"]).status !== 0) return false;
  console.log(`installing ${packages.join(", ")} …`);
  const options = { encoding: "utf8", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  const install = ["install", "-y", "--no-install-recommends", ...packages];
  // A fresh machine has no list of packages yet, an old one an old list.
  let result = spawnSync("apt-get", install, options);
  if (result.status !== 0) {
    spawnSync("apt-get", ["update"], options);
    result = spawnSync("apt-get", install, options);
  }
  if (result.status !== 0) console.error(`${result.stdout ?? ""}${result.stderr ?? ""}`);
  return result.status === 0;
}

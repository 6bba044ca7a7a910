// deno-lint-ignore-file no-console -- a script prints
/**
 * Finds the browser that the tests click through the pages with, and installs it where that is one
 * command: on Debian and Ubuntu, as root. Plain JavaScript, for `install.mjs` must run on Node 20 with
 * nothing installed.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";

/** Where Chromium and Chrome are installed; both do. */
const PLACES = {
  linux: [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/opt/google/chrome/chrome",
  ],
  darwin: [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ],
  win32: [
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
  ],
};

/** What to do where it cannot be installed from here. */
export const CHROMIUM_ADVICE =
  "the journeys of the pages need Chromium or Chrome: install it (Debian, Ubuntu: apt-get install " +
  "chromium), or name its program in SALLYPORT_TEST_CHROMIUM";

/**
 * Finds the browser: named by SALLYPORT_TEST_CHROMIUM, or where systems have it.
 *
 * @returns {string | undefined} its program
 */
export function findChromium() {
  const named = process.env.SALLYPORT_TEST_CHROMIUM;
  if (named) return named;
  return (PLACES[process.platform] ?? []).find((path) => existsSync(path));
}

/**
 * Installs it when it is missing and this machine has apt-get and lets us use it.
 *
 * @returns {boolean} whether there is a browser now
 */
export function installChromium() {
  if (findChromium()) return true;
  const mayInstall = process.platform === "linux" && process.getuid() === 0;
  if (!mayInstall || spawnSync("apt-get", ["--version"]).status !== 0) return false;
  console.log("installing chromium …");
  const options = { encoding: "utf8", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  // Without fonts a page has no width, and its pictures no words.
  const packages = ["chromium", "fonts-dejavu-core", "fonts-liberation"];
  const install = ["install", "-y", "--no-install-recommends", ...packages];
  // A fresh machine has no list of packages yet, an old one an old list.
  let result = spawnSync("apt-get", install, options);
  if (result.status !== 0) {
    spawnSync("apt-get", ["update"], options);
    result = spawnSync("apt-get", install, options);
  }
  if (result.status !== 0) console.error(`${result.stdout ?? ""}${result.stderr ?? ""}`);
  return findChromium() !== undefined;
}

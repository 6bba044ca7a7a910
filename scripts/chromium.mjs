/**
 * Finds the browser that the tests click through the pages with, and installs it where that is one
 * command: on Debian and Ubuntu, as root. Plain JavaScript, for `install.mjs` must run on Node 20 with
 * nothing installed.
 *
 * @module
 */
import { existsSync } from "node:fs";
import process from "node:process";
import { aptInstall } from "./debian.mjs";

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
  // Without fonts a page has no width, and its pictures no words.
  aptInstall(["chromium", "fonts-dejavu-core", "fonts-liberation"]);
  return findChromium() !== undefined;
}

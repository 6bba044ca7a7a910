import assert from "node:assert/strict";
import { chooseWishes } from "../../../lib/cli/start_wishes.ts";
import { test } from "../../harness.ts";

const CONFIG = {
  file: {
    agent: {},
    endpoints: [{ name: "web", upstream: { url: 8080 } }, { name: "api", upstream: { url: 81 } }],
    tunnels: { db: { proto: "tcp" as const, addr: 5432 } },
  },
  paths: ["a.yml", "b.yml"],
  notes: [],
};
const EMPTY = { file: { agent: {}, endpoints: [], tunnels: {} }, paths: ["a.yml"], notes: [] };
const choose = (names: string[], all = false, none = false) =>
  chooseWishes(CONFIG, { names, all, none }).map(({ wish }) => wish.name);

test("S25 chooseWishes() takes exactly those that are named, endpoints and tunnels", () => {
  assert.deepEqual(choose(["db", "web"]), ["db", "web"]);
  assert.deepEqual(choose(["db", "db"]), ["db"]);
  assert.deepEqual(choose([], true), ["web", "api", "db"]);
  assert.deepEqual(choose([], false, true), []);
});

test("S25 chooseWishes() names what is missing, what there is, and the files that were read", () => {
  assert.throws(() => choose(["wbe"]), {
    code: "usage",
    message:
      'Cannot start "wbe": there is no such endpoint; did you mean "web"?\na.yml, b.yml have "web", "api", "db"',
  });
});

test("chooseWishes() refuses to guess", () => {
  assert.throws(() => choose([]), /Say at least one name to start, or --all, or --none; a.yml/);
  assert.throws(() => choose(["web"], true), /Names and --all exclude each other/);
  assert.throws(() => choose(["web"], false, true), /Names and --none exclude each other/);
  assert.throws(() => choose([], true, true), /--all and --none exclude each other/);
  const all = { names: [], all: true, none: false };
  assert.throws(
    () => chooseWishes(EMPTY, all),
    /There is nothing to start: a.yml has no endpoints; "sallyport start --none"/,
  );
  assert.throws(
    () => chooseWishes({ ...EMPTY, paths: [] }, all),
    /no configuration file was found/,
  );
});

/** @module */
import assert from "node:assert/strict";
import { type HostServer, Mounts } from "../../../lib/edge/mounts.ts";
import { test } from "../../harness.ts";

test("Mounts finds who serves a name, the last one who said so", () => {
  const mounts = new Mounts();
  const [one, two]: HostServer[] = [() => assert.fail(), () => assert.fail()];
  assert.equal(mounts.find("api.example.com"), undefined);
  mounts.mount("api.example.com", one);
  assert.equal(mounts.find("api.example.com"), one);
  assert.equal(mounts.find("example.com"), undefined);
  mounts.mount("api.example.com", two);
  assert.equal(mounts.find("api.example.com"), two);
});

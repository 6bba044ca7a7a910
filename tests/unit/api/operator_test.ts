import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { operatorRoutes } from "../../../lib/api/operator.ts";
import { ApiProblem } from "../../../lib/api/problem.ts";
import type { Reconfigured } from "../../../lib/edge/reload.ts";
import { test } from "../../harness.ts";

async function reload(
  accountId: string | undefined,
  run: (() => Promise<Reconfigured>) | undefined,
  method = "POST",
) {
  const app = operatorRoutes({
    clock: new FakeClock(),
    ownerAccountId: "ac_owner",
    authenticate: () =>
      accountId === undefined
        ? Promise.reject(new ApiProblem(401, "no key"))
        : Promise.resolve({ accountId }),
    reload: run,
  });
  const response = await app.request("http://localhost/_sallyport/reload", { method });
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
}

const done = () => Promise.resolve({ changed: ["limits.hold"], needRestart: ["http"] });

test("operatorRoutes() read the configuration again for the operator", async () => {
  const { status, body } = await reload("ac_owner", done);
  assert.equal(status, 200);
  assert.deepEqual(body, { changed: ["limits.hold"], need_restart: ["http"] });
});

test("operatorRoutes() refuse everybody else, and an edge without a file", async () => {
  assert.equal((await reload("ac_other", done)).status, 403);
  assert.equal((await reload(undefined, done)).status, 401);
  assert.equal((await reload("ac_owner", undefined)).status, 409);
  assert.equal((await reload("ac_owner", done, "GET")).status, 404);
});

test("operatorRoutes() tell the operator what is wrong with the file", async () => {
  const found = 'Cannot use the configuration file "e.yml": line 3, column 1: unknown key "x"';
  const { status, body } = await reload(
    "ac_owner",
    () => Promise.reject(new TunnelError("config_invalid", found)),
  );
  assert.deepEqual([status, body.msg], [400, found]);
});

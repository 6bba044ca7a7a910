/** @module */
import assert from "node:assert/strict";
import {
  addressRefused,
  openAuthenticator,
  ownerInactive,
  REFUSALS,
  revoked,
  tooManyGuesses,
} from "../../../lib/edge/auth.ts";
import { test } from "../../harness.ts";

test("openAuthenticator() lets everybody in as the owner, for nobody else can connect", async () => {
  const { grant } = await openAuthenticator("ac_1").authenticate("", "127.0.0.1");
  assert.equal(grant?.accountId, "ac_1");
  assert.equal(grant?.acl, undefined);
});

test("revoked(), ownerInactive(), addressRefused() and tooManyGuesses() have the numbers agents know", () => {
  assert.deepEqual(
    [
      REFUSALS.missing,
      REFUSALS.malformed,
      REFUSALS.unknown,
      REFUSALS.suspended,
      revoked("cr_1"),
      ownerInactive("cr_1"),
      addressRefused("192.0.2.1"),
    ].map((refusal) => refusal.ngrokCode),
    [4018, 105, 107, 103, 300, 636, 115],
  );
  // A number that agents take for passing trouble: an honest one is not to give up.
  assert.equal(tooManyGuesses(1_500).ngrokCode, 743);
  assert.match(tooManyGuesses(1_500).message, /in 2 s\.$/);
  assert.match(revoked("cr_1").message, /cr_1/);
  assert.match(addressRefused("192.0.2.1").message, /192\.0\.2\.1/);
});

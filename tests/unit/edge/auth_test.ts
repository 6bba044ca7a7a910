/** @module */
import assert from "node:assert/strict";
import type { TunnelError } from "../../../lib/base/errors.ts";
import { type AuthVerdict, loadOwner, openAuthenticator } from "../../../lib/edge/auth.ts";
import { MemoryFiles } from "../../fakes/files.ts";
import { test } from "../../harness.ts";

function codeOf(verdict: AuthVerdict): number {
  return verdict.refusal?.ngrokCode ?? 0;
}

test("loadOwner() makes a token on first start, tells it once and keeps its hash alone", async () => {
  const files = new MemoryFiles();
  const first = await loadOwner({ files, dataDir: "/data" });
  assert.match(first.newAuthtoken!, /^[0-9A-Za-z]{27}_[0-9A-Za-z]{24}$/);
  assert.equal(files.modes.get("/data/owner.json"), 0o600);
  assert.ok(!files.everything().includes(first.newAuthtoken!.split("_")[1]));

  const second = await loadOwner({ files, dataDir: "/data" });
  assert.equal(second.newAuthtoken, undefined);
  assert.equal(second.accountId, first.accountId);
  const { grant } = await second.authenticator.authenticate(
    first.newAuthtoken!,
  );
  assert.equal(grant?.accountId, first.accountId);
  assert.equal(grant?.tokenId, `cr_${first.newAuthtoken!.split("_")[0]}`);
});

test("loadOwner() says 4018 for no token, 105 for a malformed and 107 for an unknown one", async () => {
  const { authenticator, newAuthtoken } = await loadOwner({
    files: new MemoryFiles(),
  });
  assert.equal(codeOf(await authenticator.authenticate("")), 4018);
  assert.equal(codeOf(await authenticator.authenticate("what")), 105);
  assert.equal(
    codeOf(await authenticator.authenticate("x".repeat(100_000))),
    105,
  );
  assert.equal(
    codeOf(await authenticator.authenticate("two words_of nonsense")),
    105,
  );
  const unknown = `${"a".repeat(27)}_${"b".repeat(24)}`;
  assert.equal(codeOf(await authenticator.authenticate(unknown)), 107);
  assert.equal(codeOf(await authenticator.authenticate(newAuthtoken!)), 0);
  assert.equal(
    codeOf(await authenticator.authenticate(newAuthtoken!.slice(0, -1))),
    107,
  );
  assert.equal(
    codeOf(await authenticator.authenticate(newAuthtoken!.toLowerCase())),
    107,
  );
});

test("loadOwner() never repeats a token in its refusals", async () => {
  const { authenticator } = await loadOwner({ files: new MemoryFiles() });
  for (const token of ["secret", "secretsecret_secretsecret"]) {
    const verdict = await authenticator.authenticate(token);
    assert.ok(!verdict.refusal!.message.includes("secret"));
  }
});

test("loadOwner() lets a preset token replace the kept one and stay the account's", async () => {
  const files = new MemoryFiles();
  const made = await loadOwner({ files, dataDir: "/data" });
  const preset = await loadOwner({ files, dataDir: "/data", authtoken: "tok" });
  assert.equal(preset.newAuthtoken, undefined);
  assert.equal(preset.accountId, made.accountId);
  assert.equal(
    codeOf(await preset.authenticator.authenticate(made.newAuthtoken!)),
    107,
  );
  assert.equal(codeOf(await preset.authenticator.authenticate("tok")), 0);
  // The preset has no usual shape, so "malformed" would be wrong for any other.
  assert.equal(codeOf(await preset.authenticator.authenticate("other")), 107);
  const later = await loadOwner({ files, dataDir: "/data" });
  assert.equal(codeOf(await later.authenticator.authenticate("tok")), 0);
  assert.equal(later.newAuthtoken, undefined);
});

test("loadOwner() writes nothing when nothing changed", async () => {
  const files = new MemoryFiles();
  await loadOwner({ files, dataDir: "/data", authtoken: "tok" });
  await loadOwner({ files, dataDir: "/data", authtoken: "tok" });
  await loadOwner({ files, dataDir: "/data" });
  assert.equal(files.writes, 1);
});

test("loadOwner() refuses a preset token that no agent could send", async () => {
  for (
    const authtoken of [
      "",
      "two words",
      "tüken",
      "line\nbreak",
      "x".repeat(2000),
    ]
  ) {
    await assert.rejects(
      loadOwner({ files: new MemoryFiles(), authtoken }),
      (error: TunnelError) => error.code === "config_invalid",
    );
  }
});

test("loadOwner() refuses a damaged file instead of making a new owner", async () => {
  for (const text of ["", "{", "{}", '{"accountId":1}', "null"]) {
    const files = new MemoryFiles();
    await files.write("/data/owner.json", text);
    await assert.rejects(
      loadOwner({ files, dataDir: "/data" }),
      (error: TunnelError) => error.code === "config_invalid" && /owner\.json/.test(error.message),
    );
  }
});

test("openAuthenticator() lets everybody in: only an embedded edge uses it", async () => {
  const { grant } = await openAuthenticator("ac_1").authenticate("");
  assert.equal(grant?.accountId, "ac_1");
});

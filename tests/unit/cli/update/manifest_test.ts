import assert from "node:assert/strict";
import {
  CHANNELS,
  chooseRelease,
  keyIdOf,
  type Manifest,
  openManifest,
  readPublicKey,
  sealManifest,
} from "../../../../lib/cli/update/manifest.ts";
import { releaseOf, sealed, testKey } from "../../../fakes/releases.ts";
import { test } from "../../../harness.ts";

const { publicKey } = testKey();
const other = testKey(1);

test("readPublicKey() reads the key of RFC 8032, and nothing else", () => {
  const wanted = Buffer.from(
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "hex",
  ).toString("base64");
  assert.equal(publicKey, wanted);
  assert.match(keyIdOf(publicKey), /^[0-9a-f]{16}$/);
  for (const text of ["", "abc", `${wanted}=`, wanted.slice(4)]) {
    assert.throws(() => readPublicKey(text), { code: "config_invalid" }, text);
  }
});

test("openManifest() opens what sealManifest() sealed, for each channel", () => {
  for (const channel of CHANNELS) {
    const manifest = openManifest(sealed(channel, [releaseOf("1.0.0")]), channel, [publicKey], "u");
    assert.deepEqual(manifest, { format: 1, channel, releases: [releaseOf("1.0.0")] });
  }
  // one of several keys will do: keys change
  openManifest(sealed("stable", [], other), "stable", [publicKey, other.publicKey], "u");
});

test("openManifest() trusts no other key, no changed text, no other channel", () => {
  const good = sealed("stable", [releaseOf("1.0.0")]);
  const refuses = (text: string, why: RegExp, keys = [publicKey]) =>
    assert.throws(() => openManifest(text, "stable", keys, "u"), {
      code: "signature_invalid",
      message: why,
    });
  refuses(sealed("stable", [], other), /signed by [0-9a-f]{16}, not by [0-9a-f]{16}/);
  refuses(good.replace("1.0.0", "1.0.1"), /or were changed/);
  refuses(sealed("beta", []), /of the channel "beta", not "stable"/);
  refuses(JSON.stringify({ manifest: "{}", signatures: [] }), /signed by nobody/);
  refuses(good, /not by/, []);
  // the signature of one key under the name of another
  const forged = JSON.parse(sealed("stable", [], other));
  forged.signatures[0].keyId = keyIdOf(publicKey);
  refuses(JSON.stringify(forged), /or were changed/);
});

test("openManifest() says what it cannot read, also when it is signed", () => {
  const refuses = (text: string, why: RegExp) =>
    assert.throws(() => openManifest(text, "stable", [publicKey], "https://u"), {
      code: "message_invalid",
      message: why,
    });
  refuses("<html>", /^Cannot read the releases of "https:\/\/u": they are no JSON$/);
  refuses("{}", /"manifest"/);
  const seal = (manifest: unknown) =>
    JSON.stringify(sealManifest(manifest as Manifest, testKey().privateKey));
  refuses(seal({ format: 2, channel: "stable", releases: [] }), /"format"/);
  refuses(seal({ format: 1, channel: "stable", releases: [{ version: "new" }] }), /version/);
  refuses(sealed("stable", [releaseOf("1.0.0", { sha256: "no" })]), /sha256/);
  refuses(sealed("stable", [releaseOf("1.0.0", { sizeBytes: 2 ** 31 })]), /sizeBytes/);
  // what a later version adds is borne
  const more = { format: 1, channel: "stable", releases: [], notes: "https://notes" };
  assert.equal(openManifest(seal(more), "stable", [publicKey], "u").releases.length, 0);
});

const manifest: Manifest = {
  format: 1,
  channel: "stable",
  releases: ["1.2.0", "1.10.0", "2.1.0", "0.9.0"].map((version) => releaseOf(version)),
};

function choose(current: string, version = "", permitMajor = false, arch = "amd64") {
  return chooseRelease(manifest, { current, version, permitMajor, os: "linux", arch })?.version;
}

test("chooseRelease() takes the newest of the same major version, unless more is permitted", () => {
  assert.equal(choose("1.2.0"), "1.10.0");
  assert.equal(choose("1.2.0", "", true), "2.1.0");
  assert.equal(choose("1.10.0"), undefined);
  assert.equal(choose("2.1.0", "", true), undefined);
  assert.equal(choose("3.0.0", "", true), undefined);
  assert.equal(choose("1.0.0", "", true, "mips"), undefined);
});

test("chooseRelease() takes the very version that is wanted, or says why not", () => {
  assert.equal(choose("1.0.0", "1.2.0"), "1.2.0");
  assert.equal(choose("1.0.0", "2.1.0", true), "2.1.0");
  const refuses = (work: () => unknown, message: RegExp) =>
    assert.throws(work, { code: "refused", message });
  refuses(() => choose("1.0.0", "2.1.0"), /another major version than 1\.0\.0/);
  refuses(() => choose("1.0.0", "1.3.0"), /the channel "stable" does not have it/);
  refuses(() => choose("1.10.0", "1.2.0"), /it is not newer than 1\.10\.0, which runs/);
  refuses(() => choose("1.2.0", "1.2.0"), /it is not newer/);
  refuses(() => choose("1.0.0", "newest"), /it is no version/);
  refuses(() => choose("1.0.0", "1.2.0", false, "mips"), /it was not made for linux on mips/);
});

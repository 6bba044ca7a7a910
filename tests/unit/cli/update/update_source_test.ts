import assert from "node:assert/strict";
import { updateSourceOf } from "../../../../lib/cli/update/update_source.ts";
import { testKey } from "../../../fakes/releases.ts";
import { test } from "../../../harness.ts";

const { publicKey } = testKey();
const builtIn = { url: "https://built.test/releases", keys: [publicKey], packager: "" };

test("S105 updateSourceOf() knows no source unless somebody names one", () => {
  assert.equal(updateSourceOf({}), undefined);
  assert.equal(updateSourceOf({ update_key: publicKey }), undefined);
});

test("S104 updateSourceOf() takes what is compiled in, and the configuration before it", () => {
  assert.deepEqual(updateSourceOf({}, undefined, builtIn), {
    manifestUrl: "https://built.test/releases/stable.json",
    channel: "stable",
    keys: [publicKey],
  });
  const own = testKey(1).publicKey;
  const agent = { update_url: "http://10.0.0.1/up/", update_key: own };
  assert.deepEqual(updateSourceOf(agent, undefined, builtIn), {
    manifestUrl: "http://10.0.0.1/up/stable.json",
    channel: "stable",
    keys: [own],
  });
  // a mirror: the publisher stays the same
  assert.deepEqual(updateSourceOf({ update_url: "https://m.test" }, "stable", builtIn)?.keys, [
    publicKey,
  ]);
});

test("S146 updateSourceOf() takes the channel of the flag, of the configuration, or stable", () => {
  const url = (agent: { update_channel?: "beta" }, channel?: "unstable") =>
    updateSourceOf(agent, channel, builtIn)?.manifestUrl.replace(/.*\//, "");
  assert.equal(url({}), "stable.json");
  assert.equal(url({ update_channel: "beta" }), "beta.json");
  assert.equal(url({ update_channel: "beta" }, "unstable"), "unstable.json");
});

test("updateSourceOf() refuses a source without a key, a key that is none, a URL that is none", () => {
  const refuses = (agent: Parameters<typeof updateSourceOf>[0], message: RegExp) =>
    assert.throws(() => updateSourceOf(agent), { code: "config_invalid", message });
  refuses({ update_url: "https://up.test" }, /set update_key to the public key$/);
  refuses({ update_url: "https://up.test", update_key: "x" }, /it is not 32 bytes in base64$/);
  refuses(
    { update_url: "ftp://up.test", update_key: publicKey },
    /no http:\/\/ or https:\/\/ URL$/,
  );
});

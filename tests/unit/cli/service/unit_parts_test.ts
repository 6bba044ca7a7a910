import assert from "node:assert/strict";
import fc from "fast-check";
import {
  denoCache,
  hardening,
  quoteUnitWord,
  readUnitWords,
} from "../../../../lib/cli/service/unit_parts.ts";
import { test } from "../../../harness.ts";

test("hardening() leaves the capabilities that are named, or none", () => {
  const options = { homes: "none", ownTmp: true, families: ["AF_UNIX"] } as const;
  const some = hardening({ ...options, capabilities: ["CAP_NET_BIND_SERVICE"] });
  assert.match(some, /^AmbientCapabilities=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=CAP_NET/);
  const none = hardening({ ...options, capabilities: [], homes: "read-only", ownTmp: false });
  assert.match(none, /^CapabilityBoundingSet=$/m);
  assert.match(none, /^ProtectHome=read-only$/m);
  assert.match(none, /^PrivateTmp=no$/m);
});

test("readUnitWords() understands every command line that quoteUnitWord() wrote", () => {
  assert.equal(quoteUnitWord("/opt/100% $HOME"), '"/opt/100%% $$HOME"');
  const word = fc.string({ minLength: 1 }).filter((text) =>
    !/[\n\r\t\v\f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/.test(text)
  );
  fc.assert(fc.property(fc.array(word, { minLength: 1 }), (words) => {
    assert.deepEqual(readUnitWords(words.map(quoteUnitWord).join(" ")), words);
  }));
});

test("denoCache() is for Deno with a script alone", () => {
  assert.equal(
    denoCache(["/bin/deno", "run", "-A", "/s/cli.ts"], "sallyport"),
    "CacheDirectory=sallyport\nEnvironment=DENO_DIR=/var/cache/sallyport\n",
  );
  assert.equal(denoCache(["/bin/sallyport"], "sallyport"), "");
  assert.equal(denoCache(["/bin/bun", "/s/cli.ts"], "sallyport"), "");
});

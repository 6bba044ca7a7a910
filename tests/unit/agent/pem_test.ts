import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { readCertificates } from "../../../lib/agent/pem.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";

const ONE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
const TWO = "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----";
const { host } = memoryRuntime({
  host: {
    files: { "/ca.pem": `one\n${ONE}\ntwo\n${TWO}\n`, "/empty.pem": "nothing" },
  },
});

test("readCertificates() reads all of a file or a text", async () => {
  assert.deepEqual(
    await readCertificates("/ca.pem", host.files, "connectCas"),
    [ONE, TWO],
  );
  assert.deepEqual(await readCertificates(ONE, host.files, "connectCas"), [
    ONE,
  ]);
});

test("readCertificates() names the option and the file that is wrong", async () => {
  await assert.rejects(
    readCertificates("/nowhere.pem", host.files, "connectCas"),
    {
      code: "not_found",
      message: /^Cannot read certificates for "connectCas" from "\/nowhere.pem": /,
    },
  );
  await assert.rejects(
    readCertificates("/empty.pem", host.files, "connectCas"),
    {
      code: "config_invalid",
      message: 'Cannot read certificates for "connectCas": "/empty.pem" contains none in PEM form',
    },
  );
  const key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
  await assert.rejects(readCertificates(key, host.files, "connectCas"), {
    code: "config_invalid",
    message: /the text contains none/,
  });
});

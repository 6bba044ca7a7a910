import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { readCertificates, readPrivateKey } from "../../../lib/agent/pem.ts";
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
      message:
        'Cannot read certificates for "connectCas" from "/nowhere.pem": there is no such file',
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

test("readPrivateKey() reads the first key of a file or a text, and never shows a text", async () => {
  const key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
  assert.equal(await readPrivateKey(`${ONE}\n${key}\n`, host.files, "privateKey"), key + "\n");
  await assert.rejects(readPrivateKey("/ca.pem", host.files, "privateKey"), {
    code: "config_invalid",
    message: 'Cannot read a private key for "privateKey": "/ca.pem" contains none in PEM form',
  });
  await assert.rejects(
    readPrivateKey("-----BEGIN PRIVATE KEY-----\nsecret", host.files, "privateKey"),
    /the text contains none/,
  );
});

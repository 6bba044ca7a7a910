/** @module */
import assert from "node:assert/strict";
import { type TlsInput, tlsOptions } from "../../../lib/cli/tls_flags.ts";
import { test } from "../../harness.ts";

function input(flags: Record<string, string>): TlsInput {
  return {
    words: [],
    argument: "443",
    flag: (name) => flags[name],
    all: () => [],
    isGiven: (name) => name in flags,
  };
}

const PAIR = { crt: "cert.pem", key: "key.pem" };
const IN_AGENT = { serverCertificate: "cert.pem", serverPrivateKey: "key.pem" };

test("tlsOptions() leaves encryption to the service unless told otherwise", () => {
  assert.deepEqual(tlsOptions(input({})), {});
  assert.deepEqual(tlsOptions(input({ "terminate-at": "upstream" })), {});
});

test("tlsOptions() ends TLS in the agent, which has the key", () => {
  assert.deepEqual(tlsOptions(input(PAIR)), { agentTlsTermination: IN_AGENT });
  assert.deepEqual(
    tlsOptions(input({ ...PAIR, "terminate-at": "agent", "mutual-tls-cas": "cas.pem" })),
    { agentTlsTermination: { ...IN_AGENT, mutualTlsCas: ["cas.pem"] } },
  );
});

test("tlsOptions() takes the authorities by their name of old, and by one name alone", () => {
  assert.deepEqual(
    tlsOptions(input({ ...PAIR, "client-cas": "cas.pem" })),
    { agentTlsTermination: { ...IN_AGENT, mutualTlsCas: ["cas.pem"] } },
  );
  assert.throws(
    () => tlsOptions(input({ ...PAIR, "client-cas": "a.pem", "mutual-tls-cas": "b.pem" })),
    { code: "usage", message: /--mutual-tls-cas and --client-cas say the same/ },
  );
});

test("tlsOptions() ends TLS at the edge, with its certificate or one's own", () => {
  const none = { certificate: undefined, privateKey: undefined };
  assert.deepEqual(tlsOptions(input({ "terminate-at": "edge" })), {
    modules: { terminateAtEdge: none, mutualTlsCas: undefined },
  });
  assert.deepEqual(
    tlsOptions(input({ ...PAIR, "terminate-at": "edge", "mutual-tls-cas": "cas.pem" })),
    {
      modules: {
        terminateAtEdge: { certificate: "cert.pem", privateKey: "key.pem" },
        mutualTlsCas: "cas.pem",
      },
    },
  );
});

test("tlsOptions() refuses flags that contradict each other, and says which one is missing", () => {
  const bad: [Record<string, string>, RegExp][] = [
    [{ crt: "cert.pem" }, /--key is missing/],
    [{ key: "key.pem" }, /--crt is missing/],
    [{ "terminate-at": "agent" }, /needs --crt and --key/],
    [{ ...PAIR, "terminate-at": "upstream" }, /--crt needs encryption to end before/],
    [{ "mutual-tls-cas": "cas.pem" }, /--mutual-tls-cas needs encryption to end before/],
  ];
  for (const [flags, found] of bad) assert.throws(() => tlsOptions(input(flags)), found);
});

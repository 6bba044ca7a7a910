import assert from "node:assert/strict";
import { TunnelError } from "../../../lib/base/errors.ts";
import { codeOf, retell, translateError } from "../../../lib/runtime/translate_errors.ts";
import { test } from "../../harness.ts";

const tried = 'Cannot connect to "localhost:80"';

/** What a runtime throws, and what becomes of it. */
const TABLE: readonly [code: string, ours: string, found: string][] = [
  ["ECONNREFUSED", "connection_refused", "connection refused"],
  ["ECONNRESET", "connection_reset", "the peer cut the connection"],
  ["EPIPE", "connection_reset", "the peer cut the connection"],
  ["ENOTFOUND", "host_not_found", "the name does not resolve"],
  ["EAI_AGAIN", "host_not_found", "the name server does not answer"],
  ["ENETUNREACH", "network_unreachable", "the network is unreachable"],
  ["ETIMEDOUT", "timed_out", "no answer in time"],
  ["EADDRINUSE", "address_in_use", "address already in use"],
  ["EADDRNOTAVAIL", "address_not_available", "the address does not belong to this machine"],
  ["EACCES", "permission_denied", "permission denied"],
  ["ENOENT", "not_found", "there is no such file"],
  ["ENOSPC", "io_failed", "no space left on the device"],
  ["CERT_HAS_EXPIRED", "tls_expired", "its certificate has expired"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls_untrusted", "its certificate is self-signed"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "tls_name_mismatch", "its certificate is for another name"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "tls_failed", "wrong version number"],
  [
    "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL",
    "tls_protocol",
    "it speaks none of the protocols offered inside TLS",
  ],
  ["ELOOP", "io_failed", "it is a link that is not followed"],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "tls_failed", "alert unknown ca"],
];

test("translateError() gives each code of a runtime its code of ours, and its words", () => {
  for (const [code, ours, found] of TABLE) {
    const thrown = Object.assign(new Error("C0DE:error:0A000102:SSL routines"), { code });
    const error = translateError(thrown, tried);
    assert.deepEqual([error.code, error.message], [ours, `${tried}: ${found}`]);
    assert.equal(error.cause, thrown);
  }
});

test("translateError() keeps the first line of what nobody has named, with the given code", () => {
  const error = translateError(new Error("Something odd.\n  at somewhere"), tried, "tls_failed");
  assert.deepEqual([error.code, error.message], ["tls_failed", `${tried}: Something odd`]);
  assert.equal(translateError("text", tried).message, `${tried}: text`);
  assert.equal(translateError(new Error(""), tried).message, `${tried}: no reason was given`);
});

test("translateError() knows a missing permission of Deno by its name", () => {
  const thrown = Object.assign(new Error("Requires net access"), { name: "NotCapable" });
  assert.equal(translateError(thrown, tried).code, "permission_denied");
});

test("translateError() leaves a TunnelError alone", () => {
  const error = new TunnelError("refused", "As it was");
  assert.equal(translateError(error, tried), error);
});

test("codeOf() finds a code in errors, and nothing in anything else", () => {
  assert.equal(codeOf({ code: "EPIPE" }), "EPIPE");
  for (const thrown of [null, undefined, "text", { code: 5 }, new Error("x")]) {
    assert.equal(codeOf(thrown), "");
  }
});

test("retell() puts the address in front of what a handshake failed with", () => {
  const failed = new TunnelError("tls_failed", 'Cannot speak TLS with "a.example": no cipher');
  assert.equal(retell(failed, tried, 500).message, `${tried}: no cipher`);
  const late = new TunnelError("timed_out", "Cannot speak TLS: no handshake within 13 ms");
  const told = retell(late, tried, 500);
  assert.deepEqual([told.code, told.message], [
    "timed_out",
    `${tried}: no TLS handshake within 500 ms`,
  ]);
});

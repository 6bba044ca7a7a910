import assert from "node:assert/strict";
import {
  hostPort,
  isLocalhost,
  triedToConnect,
  triedToListen,
} from "../../../lib/runtime/address_words.ts";
import { test } from "../../harness.ts";

test("hostPort() puts brackets round an IPv6 address alone", () => {
  assert.equal(hostPort("::1", 80), "[::1]:80");
  assert.equal(hostPort("127.0.0.1", 80), "127.0.0.1:80");
  assert.equal(hostPort("a.example", 443), "a.example:443");
});

test("triedToConnect() and triedToListen() name the address or the path", () => {
  assert.equal(triedToConnect({ host: "::1", port: 8 }), 'Cannot connect to "[::1]:8"');
  assert.equal(triedToConnect({ path: "/run/x" }), 'Cannot connect to "/run/x"');
  assert.equal(triedToListen("0.0.0.0", 8), 'Cannot listen at "0.0.0.0:8"');
  assert.equal(triedToListen("", 0, "/run/x"), 'Cannot listen at "/run/x"');
});

test("isLocalhost() knows localhost, what is below it, and nothing else", () => {
  for (const name of ["localhost", "LOCALHOST", "localhost.", "app.localhost", "a.b.localhost"]) {
    assert.equal(isLocalhost(name), true, name);
  }
  for (const name of ["mylocalhost", "localhost.example", "127.0.0.1", ""]) {
    assert.equal(isLocalhost(name), false, name);
  }
});

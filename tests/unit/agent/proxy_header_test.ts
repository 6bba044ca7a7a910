/** @module */
import assert from "node:assert/strict";
import { pair } from "../../../lib/base/duplex.ts";
import { takeProxyHeader } from "../../../lib/agent/proxy_header.ts";
import { formatProxyHeader } from "../../../lib/http/proxy_protocol.ts";
import { latin1Bytes, latin1Text } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

const SOURCE = { host: "203.0.113.9", port: 4711 };
const DESTINATION = { host: "198.51.100.1", port: 443 };

test("takeProxyHeader() takes the header and leaves what follows", async () => {
  for (const version of [1, 2] as const) {
    const [far, near] = pair();
    const bytes = formatProxyHeader(version, { source: SOURCE, destination: DESTINATION });
    far.write(Uint8Array.from([...bytes, 65]));
    const header = await takeProxyHeader(near);
    assert.deepEqual(header?.source, SOURCE);
    assert.deepEqual(header?.destination, DESTINATION);
    assert.equal(latin1Text((await near.read())!), "A");
  }
});

test("takeProxyHeader() leaves bytes that are none, and finds nothing at an end", async () => {
  const [far, near] = pair();
  far.write(latin1Bytes("SSH-2.0-x"));
  assert.equal(await takeProxyHeader(near), undefined);
  assert.equal(latin1Text((await near.read())!), "SSH-2.0-x");
  const [ended, other] = pair();
  ended.closeWrite();
  assert.equal(await takeProxyHeader(other), undefined);
});

import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { parseProxyUrl } from "../../../lib/agent/proxy.ts";
import { connectOverSocks } from "../../../lib/agent/proxy_socks.ts";

/** Lets a proxy say all its bytes, one by one; gives what it was told. */
async function ask(url: string, answer: readonly number[], host = "edge.test") {
  const [ours, theirs] = pair();
  for (const byte of answer) theirs.write(Uint8Array.of(byte));
  theirs.closeWrite();
  const error = await connectOverSocks(ours, parseProxyUrl(url), host, 443)
    .then(() => undefined, (thrown) => thrown as Error & { code: string });
  ours.closeWrite();
  const told: number[] = [];
  for (let chunk = await theirs.read(); chunk; chunk = await theirs.read()) told.push(...chunk);
  return { told, error, ours };
}

const NAME = [5, 1, 0, 3, 9, ...new TextEncoder().encode("edge.test"), 1, 187];

test("connectOverSocks() leaves the name to the proxy, and what follows to the edge", async () => {
  const { told, error, ours } = await ask("socks5://p", [
    ...[5, 0, 5, 0, 0, 1, 127, 0, 0, 1, 0, 80],
    ...[102, 103],
  ]);
  assert.equal(error, undefined);
  assert.deepEqual(told, [5, 1, 0, ...NAME]);
  assert.deepEqual([...(await ours.read())!], [102]);
  assert.deepEqual([...(await ours.read())!], [103]);
});

test("connectOverSocks() sends user and password when asked (RFC 1929), and reads any address", async () => {
  const { told, error } = await ask("socks5://ab:c@p", [
    ...[5, 2, 1, 0],
    ...[5, 0, 0, 3, 2, 104, 104, 0, 80],
  ]);
  assert.equal(error, undefined);
  assert.deepEqual(told, [5, 2, 0, 2, 1, 2, 97, 98, 1, 99, ...NAME]);
  const six = await ask("socks5://p", [5, 0, 5, 0, 0, 4, ...Array(18).fill(0)], "::1");
  assert.equal(six.error, undefined);
  assert.deepEqual(six.told.slice(3), [5, 1, 0, 4, ...Array(15).fill(0), 1, 1, 187]);
});

test("connectOverSocks() says what the proxy said", async () => {
  const begin = 'Cannot reach "edge.test:443" through the proxy socks5://p:1080: ';
  const about = async (url: string, answer: readonly number[], host?: string) => {
    const { error } = await ask(url, answer, host);
    assert.equal(error?.code, "proxy_failed");
    return error.message.replace(begin, "");
  };
  const user = "socks5://ab:c@p";
  assert.match(await about("socks5://p", [5, 255]), /^it wants credentials/);
  assert.match(await about(user, [5, 255]), /^it accepts neither/);
  assert.equal(
    await about(user, [5, 2, 1, 1]),
    "it does not accept the credentials of its URL",
  );
  assert.match(await about("socks5://p", [5, 2]), /^it chose method 2/);
  assert.match(await about("socks5://p", [72, 84]), /does not speak SOCKS5/);
  assert.equal(await about("socks5://p", [5, 0, 5, 5, 0, 1]), "connection refused");
  assert.equal(await about("socks5://p", [5, 0, 5, 2, 0, 1]), "its rules do not allow it");
  assert.equal(await about("socks5://p", [5, 0, 5, 99, 0, 1]), "it answered 99");
  assert.match(await about("socks5://p", [5, 0, 5, 0]), /in the middle of its answer/);
  assert.match(await about("socks5://p", [5, 0], "e".repeat(256)), /too long for it/);
  assert.match(await about(`socks5://${"u".repeat(256)}:p@p`, [5, 2]), /too long for it/);
});

import assert from "node:assert/strict";
import { FILE_VERSIONS, planUpgrade } from "../../../lib/agent/file_upgrade.ts";
import { test } from "../../harness.ts";

test("planUpgrade() moves the settings of version 2 below agent, renamed where they are", () => {
  const { from, to, moves, region, drops } = planUpgrade(
    {
      version: "2",
      authtoken: "t",
      root_cas: "x",
      http_proxy: "p",
      tunnels: {},
      compress_conn: true,
    },
    3,
  );
  assert.deepEqual([from, to], [2, 3]);
  assert.deepEqual([region, drops], [undefined, ["compress_conn"]]);
  assert.deepEqual(moves, [
    { from: ["authtoken"], to: ["agent", "authtoken"] },
    { from: ["root_cas"], to: ["agent", "connect_cas"] },
    { from: ["http_proxy"], to: ["agent", "proxy_url"] },
  ]);
});

test("planUpgrade() lets no setting displace another", () => {
  const both = { http_proxy: "http://a:1", socks5_proxy: "socks5://b:2" };
  assert.throws(() => planUpgrade(both, 3), {
    code: "config_invalid",
    message:
      'Cannot upgrade the file: "http_proxy" and "socks5_proxy" would both become "proxy_url"; keep one',
  });
  assert.deepEqual(planUpgrade(both, 2).moves, []);
});

test("planUpgrade() gives tunnels the names of today, and leaves settings where version 2 has them", () => {
  const tunnels = {
    a: { auth: "u:p", bind_tls: true },
    b: { bind_tls: "false" },
    c: { addr: 1 },
    d: null,
  };
  assert.deepEqual(planUpgrade({ authtoken: "t", tunnels }, 2).moves, [
    { from: ["tunnels", "a", "auth"], to: ["tunnels", "a", "basic_auth"], value: ["u:p"] },
    { from: ["tunnels", "a", "bind_tls"], to: ["tunnels", "a", "schemes"], value: ["https"] },
    { from: ["tunnels", "b", "bind_tls"], to: ["tunnels", "b", "schemes"], value: ["http"] },
  ]);
});

test("planUpgrade() refuses versions that do not exist, and the way back", () => {
  assert.deepEqual(FILE_VERSIONS, [2, 3]);
  assert.throws(() => planUpgrade({}, 4), /There is no version 4/);
  assert.throws(() => planUpgrade({ version: 3 }, 2), /there is no way back/);
  assert.throws(() => planUpgrade({ version: "x" }, 3), /there is no way back/);
  assert.deepEqual(planUpgrade({ version: 3 }, 3), {
    ...{ from: 3, to: 3, moves: [], region: undefined, drops: [] },
  });
  assert.equal(planUpgrade(null, 3).from, 1);
});

test("planUpgrade() says the region that a file without a version left unsaid", () => {
  const region = (file: unknown, to: number) => planUpgrade(file, to).region;
  assert.deepEqual(region({ authtoken: "t" }, 3), ["agent", "region"]);
  assert.deepEqual(region({ authtoken: "t" }, 2), ["region"]);
  for (const file of [{ region: "eu" }, { version: 2, authtoken: "t" }, { agent: {} }, {}, null]) {
    assert.equal(region(file, 3), undefined);
  }
});

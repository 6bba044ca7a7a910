import assert from "node:assert/strict";
import { findInList } from "../../../lib/agent/resolve_list.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { type Logger, silentLogger } from "../../../lib/base/log.ts";
import {
  ADDRESS_LIST_PATHS,
  AddressList,
  mountAddressList,
} from "../../../lib/edge/address_list.ts";
import { Mounts } from "../../../lib/edge/mounts.ts";
import { askHttp } from "../../../lib/http/ask.ts";
import type { Conn } from "../../../lib/runtime/net.ts";
import { test } from "../../harness.ts";

const NAMES: Readonly<Record<string, readonly string[]>> = {
  "connect.base.test": ["192.0.2.7", "2001:db8::7"],
  "edge.example": ["192.0.2.8"],
};

function stage() {
  const asked: string[] = [];
  const clock = new FakeClock();
  const options = {
    domains: ["base.test", "gone.test"],
    agentNames: ["edge.example"],
    connectAddresses: ["Edge.example:443", "203.0.113.9:8443", "[2001:db8::9]:443"],
    clock,
    logger: silentLogger,
    net: {
      lookUp(name: string): Promise<readonly string[]> {
        asked.push(name);
        const found = NAMES[name];
        return found
          ? Promise.resolve(found)
          : Promise.reject(new TunnelError("host_not_found", `Cannot resolve "${name}"`));
      },
    },
  };
  return { asked, clock, options };
}

test("S94 AddressList has every name by which agents connect, with its addresses", async () => {
  const { asked, clock, options } = stage();
  const warnings: unknown[] = [];
  const logger: Logger = {
    log: (_level, _message, fields) => void warnings.push(fields?.name),
    child: () => logger,
  };
  const list = new AddressList({ ...options, logger });
  const expected = {
    ...NAMES,
    "203.0.113.9": ["203.0.113.9"],
    "2001:db8::9": ["2001:db8::9"],
  };
  assert.deepEqual(await list.read(), expected);
  assert.deepEqual(warnings, ["connect.gone.test"]);
  // Who asks often does not make the edge ask often.
  await Promise.all([list.read(), list.read()]);
  assert.equal(asked.length, 3);
  await clock.advance(60_000);
  assert.deepEqual(await list.read(), expected);
  assert.equal(asked.length, 6);
});

test("S94 S109 mountAddressList() serves it at connect.<domain>, as agents read it", async () => {
  const { options } = stage();
  const mounts = new Mounts();
  mountAddressList(mounts, options);
  assert.ok(mounts.find("connect.gone.test"));
  const get = async (path: string) => {
    const [ours, theirs] = pair();
    const visit = mounts.find("connect.base.test")!(theirs as unknown as Conn, "http");
    const url = new URL(`http://connect.base.test${path}`);
    const { head, body } = await askHttp(ours, { method: "GET", url });
    ours.abort();
    await visit.over;
    return { status: head.status, text: new TextDecoder().decode(body) };
  };
  for (const path of ADDRESS_LIST_PATHS) {
    const { status, text } = await get(path);
    assert.equal(status, 200);
    assert.deepEqual(findInList(text, "connect.base.test", path), NAMES["connect.base.test"]);
  }
  const other = await get("/");
  assert.equal(other.status, 404);
  assert.match(other.text, /\/addresses\.json/);
});

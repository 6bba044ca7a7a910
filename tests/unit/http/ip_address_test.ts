import assert from "node:assert/strict";
import fc from "fast-check";
import { formatIp, parseIp } from "../../../lib/http/ip_address.ts";
import { test } from "../../harness.ts";

test("parseIp() refuses what is no address", () => {
  const table = [
    "",
    "a",
    "1",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3.04",
    "0x1.2.3.4",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1..2.3",
    ":",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "12345::",
    "g::",
    ":1",
    "1:",
    "::1%lo",
    "[::1]",
    "::1.2.3",
    "::1.2.3.256",
    "1.2.3.4::",
    "1:2:3:4:5:6:7:1.2.3.4",
  ];
  for (const text of table) assert.equal(parseIp(text), undefined, text);
});

test("parseIp() and formatIp() agree on RFC 5952", () => {
  const table: [string, string][] = [
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["::ffff:c000:201", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
  ];
  for (const [text, want] of table) {
    assert.equal(formatIp(parseIp(text)!), want, text);
  }
});

test("formatIp() is undone by parseIp()", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.array(fc.constantFrom(0, 0, 1), { minLength: 16, maxLength: 16 }).map((
      all,
    ) => Uint8Array.from(all)),
  );
  fc.assert(fc.property(bytes, (address) => {
    assert.deepEqual([...parseIp(formatIp(address))!], [...address]);
  }));
});

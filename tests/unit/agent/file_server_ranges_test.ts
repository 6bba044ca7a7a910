import assert from "node:assert/strict";
import fc from "fast-check";
import {
  parseRanges,
  rangeStillHolds,
  weighConditions,
} from "../../../lib/agent/file_server_ranges.ts";
import { test } from "../../harness.ts";

test("parseRanges() reads what RFC 9110 section 14.1.2 shows", () => {
  const cases: [header: string | null, ranges: string][] = [
    ["bytes=0-499", "0-499"],
    ["bytes=500-999", "500-999"],
    ["bytes=-500", "9500-9999"],
    ["bytes=9500-", "9500-9999"],
    ["bytes=0-0,-1", "0-0 9999-9999"],
    ["bytes=500-600,601-999", "500-600 601-999"],
    ["bytes= 0-999, 4500-5499, -1000", "0-999 4500-5499 9000-9999"],
    ["BYTES=1-2", "1-2"],
    ["bytes=0-99999", "0-9999"],
    ["bytes=-99999", "0-9999"],
    ["bytes=1-2,,3-4,", "1-2 3-4"],
    ["bytes=3-4,1-2", "3-4 1-2"],
    ["bytes=10000-", "none"],
    ["bytes=-0", "none"],
    ["bytes=20000-30000,-0", "none"],
    ["bytes=20000-,5-6", "5-6"],
    [null, "whole"],
    ["", "whole"],
    ["bytes=", "whole"],
    ["bytes", "whole"],
    ["lines=1-2", "whole"],
    ["bytes=2-1", "whole"],
    ["bytes=a-b", "whole"],
    ["bytes=-", "whole"],
    ["bytes=1-2-3", "whole"],
    ["bytes=1", "whole"],
    ["bytes=0x1-2", "whole"],
    ["bytes=--1", "whole"],
    [`bytes=${"9".repeat(40)}-`, "whole"],
    ["bytes=0-,0-", "whole"],
    [`bytes=${"0-0,".repeat(65)}`, "whole"],
  ];
  for (const [header, expected] of cases) {
    const ranges = parseRanges(header, 10_000);
    const got = ranges
      ? ranges.map(({ first, last }) => `${first}-${last}`).join(" ") || "none"
      : "whole";
    assert.equal(got, expected, String(header));
  }
});

test("parseRanges() of an empty file has nothing to give", () => {
  for (const header of ["bytes=0-", "bytes=-1", "bytes=0-0"]) {
    assert.deepEqual(parseRanges(header, 0), []);
  }
});

test("parseRanges() never leaves the file, nor sends more than it", () => {
  const number = fc.oneof(fc.constant(""), fc.nat(300).map(String));
  const spec = fc.tuple(number, number).map(([from, to]) => `${from}-${to}`);
  fc.assert(fc.property(fc.array(spec, { maxLength: 8 }), fc.nat(200), (specs, sizeBytes) => {
    const ranges = parseRanges(`bytes=${specs.join(",")}`, sizeBytes) ?? [];
    let total = 0;
    for (const { first, last } of ranges) {
      assert.ok(first >= 0 && first <= last && last < sizeBytes);
      total += last - first + 1;
    }
    assert.ok(total <= sizeBytes);
  }));
});

const FILE = { etag: '"abc"', modifiedMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) };
const SAME = "Fri, 02 Jan 2026 03:04:05 GMT";
const BEFORE = "Fri, 02 Jan 2026 03:04:04 GMT";
const AFTER = "Fri, 02 Jan 2026 03:04:06 GMT";

test("weighConditions() follows the order of RFC 9110 section 13.2.2", () => {
  const cases: [headers: Record<string, string>, verdict: string][] = [
    [{}, "send"],
    [{ "If-None-Match": '"abc"' }, "not_modified"],
    [{ "If-None-Match": 'W/"abc"' }, "not_modified"],
    [{ "If-None-Match": '"x", W/"abc"' }, "not_modified"],
    [{ "If-None-Match": "*" }, "not_modified"],
    [{ "If-None-Match": '"x"' }, "send"],
    [{ "If-None-Match": '"x"', "If-Modified-Since": SAME }, "send"],
    [{ "If-Modified-Since": SAME }, "not_modified"],
    [{ "If-Modified-Since": AFTER }, "not_modified"],
    [{ "If-Modified-Since": BEFORE }, "send"],
    [{ "If-Modified-Since": "yesterday" }, "send"],
    [{ "If-Modified-Since": "5" }, "send"],
    [{ "If-Match": '"abc"' }, "send"],
    [{ "If-Match": "*" }, "send"],
    [{ "If-Match": 'W/"abc"' }, "failed"],
    [{ "If-Match": '"x"' }, "failed"],
    [{ "If-Match": '"x"', "If-None-Match": '"abc"' }, "failed"],
    [{ "If-Match": '"abc"', "If-Unmodified-Since": BEFORE }, "send"],
    [{ "If-Unmodified-Since": BEFORE }, "failed"],
    [{ "If-Unmodified-Since": SAME }, "send"],
    [{ "If-Unmodified-Since": SAME, "If-None-Match": '"abc"' }, "not_modified"],
  ];
  for (const [headers, verdict] of cases) {
    assert.equal(weighConditions(new Headers(headers), FILE), verdict, JSON.stringify(headers));
  }
});

test("rangeStillHolds() wants the very file", () => {
  const cases: [header: string | null, holds: boolean][] = [
    [null, true],
    ['"abc"', true],
    ['"x"', false],
    ['W/"abc"', false],
    [SAME, true],
    [BEFORE, false],
    [AFTER, false],
    ["nonsense", false],
  ];
  for (const [header, holds] of cases) {
    assert.equal(rangeStillHolds(header, FILE), holds, String(header));
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { TunnelError } from "../../../lib/base/errors.ts";
import {
  formatJson,
  formatLogfmt,
  formatTerm,
  LOG_FORMATS,
  LOG_LEVELS,
  type LogRecord,
} from "../../../lib/cli/log_line.ts";
import { test } from "../../harness.ts";

const AT_MS = Date.UTC(2026, 10, 23, 8, 44, 46, 7);

function record(over: Partial<LogRecord> = {}): LogRecord {
  return {
    atMs: AT_MS,
    level: "info",
    message: "started tunnel",
    fields: {},
    ...over,
  };
}

test("formatLogfmt() writes time, level, message and fields as the ngrok agent does", () => {
  assert.equal(
    formatLogfmt(record({
      fields: {
        obj: "tunnels",
        name: "command_line",
        addr: "http://localhost:8080",
        url: "https://calm-otter.example.com",
      },
    })),
    't=2026-11-23T08:44:46+0000 lvl=info msg="started tunnel" obj=tunnels name=command_line ' +
      "addr=http://localhost:8080 url=https://calm-otter.example.com",
  );
});

test("formatLogfmt() abbreviates levels to four letters", () => {
  const levels = LOG_LEVELS.map((level) => /lvl=(\w+)/.exec(formatLogfmt(record({ level })))![1]);
  assert.deepEqual(levels, ["dbug", "info", "warn", "eror", "crit"]);
});

test("formatLogfmt() says err=nil for no error and the message for an error", () => {
  const line = formatLogfmt(record({
    message: "x",
    fields: { err: undefined, was: null, why: new Error("no route"), none: "" },
  }));
  assert.equal(
    line,
    't=2026-11-23T08:44:46+0000 lvl=info msg=x err=nil was=nil why="no route" none=""',
  );
});

test("formatLogfmt() quotes and escapes what would break a line", () => {
  const line = formatLogfmt(record({
    message: "two words",
    fields: {
      a: 'say "hi"',
      b: "k=v",
      c: "one\ntwo",
      d: "\x1b[31m",
      e: "back\\slash",
      f: 3,
      g: true,
    },
  }));
  assert.equal(
    line,
    't=2026-11-23T08:44:46+0000 lvl=info msg="two words" a="say \\"hi\\"" b="k=v" c="one\\ntwo" ' +
      'd="\\x1b[31m" e="back\\\\slash" f=3 g=true',
  );
});

test("formatLogfmt() writes lists as Go does, and objects as JSON", () => {
  const line = formatLogfmt(record({ message: "x", fields: { hosts: [], ids: ["a"], n: 7n } }));
  assert.equal(line, "t=2026-11-23T08:44:46+0000 lvl=info msg=x hosts=[] ids=[a] n=7");
});

test("formatJson() sorts the keys and gives nanoseconds", () => {
  assert.equal(
    formatJson(
      record({
        level: "error",
        fields: { url: "u", addr: "a", err: undefined },
      }),
    ),
    '{"addr":"a","err":null,"lvl":"eror","msg":"started tunnel",' +
      '"t":"2026-11-23T08:44:46.007000000Z","url":"u"}',
  );
});

test("formatJson() lets no field displace time, level and message", () => {
  const line = JSON.parse(formatJson(record({ fields: { t: 1, lvl: 2, msg: 3, big: 9n } })));
  assert.deepEqual(line, {
    big: "9",
    lvl: "info",
    msg: "started tunnel",
    t: "2026-11-23T08:44:46.007000000Z",
  });
});

test("formatTerm() stands fields below each other and paints level and keys", () => {
  const plain = formatTerm(record({ fields: { name: "web" } }), false);
  assert.match(plain, /^INFO\[\d\d-\d\d\|\d\d:\d\d:46\] started tunnel {27}name=web$/);
  const painted = formatTerm(record({ level: "warn", fields: { name: "web" } }), true);
  assert.ok(painted.startsWith("\x1b[33mWARN\x1b[0m["));
  assert.ok(painted.endsWith("\x1b[33mname\x1b[0m=web"));
});

test("every format keeps whatever is said on one line without control characters", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "binary" }),
      (message, value) => {
        const one = record({ message, fields: { value } });
        for (const line of [formatLogfmt(one), formatTerm(one, false)]) {
          // deno-lint-ignore no-control-regex -- control characters are what is looked for
          assert.ok(!/[\x00-\x1f\x7f-\x9f]/.test(line), JSON.stringify(line));
        }
        const json = formatJson(one);
        assert.ok(!json.includes("\n"));
        assert.equal(
          JSON.parse(json).value,
          value.isWellFormed() ? value : JSON.parse(JSON.stringify(value)),
        );
      },
    ),
  );
});

test("LOG_FORMATS and LOG_LEVELS are the choices of the flags", () => {
  assert.deepEqual(LOG_FORMATS, ["term", "logfmt", "json"]);
  assert.deepEqual(LOG_LEVELS, ["debug", "info", "warn", "error", "crit"]);
});

test("formatLogfmt() and formatJson() write the number of an error, which scripts look for", () => {
  const err = new TunnelError("refused", "No.", { ngrokCode: 105 });
  const line = record({ message: "command failed", level: "crit", fields: { err } });
  assert.match(formatLogfmt(line), / err="No\.\\r\\n\\r\\nERR_NGROK_105\\r\\n"$/);
  assert.equal(JSON.parse(formatJson(line)).err, "No.\r\n\r\nERR_NGROK_105\r\n");
});

test("formatJson() leaves lists lists", () => {
  assert.deepEqual(JSON.parse(formatJson(record({ fields: { hosts: ["a"] } }))).hosts, ["a"]);
});

import assert from "node:assert/strict";
import { TunnelError } from "../../../../lib/base/errors.ts";
import { openServiceSink } from "../../../../lib/cli/service/service_log.ts";
import { type MemoryHostOptions, memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

function say(options: Omit<MemoryHostOptions, "clock">) {
  const { host } = memoryRuntime({ host: options });
  const sink = openServiceSink(host);
  for (const level of ["debug", "info", "warn", "error", "crit"] as const) {
    sink.write(`lvl=${level}\n`, level);
  }
  return { host, sink };
}

test("S66 S68 openServiceSink() begins lines with their severity, for the journal and for Windows", async () => {
  for (const os of ["linux", "windows"] as const) {
    const { host, sink } = say({ os });
    await sink.close();
    assert.equal(
      host.stderr.text,
      "<7>lvl=debug\n<6>lvl=info\n<4>lvl=warn\n<3>lvl=error\n<2>lvl=crit\n",
    );
  }
});

test("openServiceSink() spares a person the severities", () => {
  assert.match(say({ isTty: true }).host.stderr.text, /^lvl=debug\n/);
});

test("S70 openServiceSink() sends warnings and errors to syslog on macOS, in their order", async () => {
  const ran: string[] = [];
  const run: MemoryHostOptions["run"] = (program, args) => {
    ran.push([program, ...args].join(" "));
    return Promise.resolve({ code: 0, output: "" });
  };
  const { host, sink } = say({ os: "darwin", run });
  await sink.close();
  assert.deepEqual(ran, [
    "/usr/bin/logger -p daemon.warning -t sallyport lvl=warn",
    "/usr/bin/logger -p daemon.err -t sallyport lvl=error",
    "/usr/bin/logger -p daemon.crit -t sallyport lvl=crit",
  ]);
  assert.equal(host.stderr.text, "");
});

test("openServiceSink() falls back to standard error where logger(1) fails", async () => {
  const run: MemoryHostOptions["run"] = () =>
    Promise.reject(new TunnelError("not_found", "no logger"));
  const { host, sink } = say({ os: "darwin", run });
  await sink.close();
  assert.equal(host.stderr.text, "lvl=warn\nlvl=error\nlvl=crit\n");
});

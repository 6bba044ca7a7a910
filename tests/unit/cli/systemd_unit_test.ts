import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  formatSocketUnit,
  formatUnit,
  SOCKET_NAME,
  UNIT_NAME,
  type UnitOptions,
} from "../../../lib/cli/systemd_unit.ts";
import { findTool, toolAdvice } from "../../../scripts/debian.mjs";
import { test } from "../../harness.ts";

const OPTIONS: UnitOptions = {
  program: ["/bin/true"],
  config: "/etc/sallyport/edge.yml",
  dataDir: undefined,
  user: undefined,
  accessLog: undefined,
};

test("formatUnit() runs the edge without root, in a folder that systemd gives it", () => {
  const unit = formatUnit(OPTIONS);
  for (
    const line of [
      "DynamicUser=yes",
      "StateDirectory=sallyport",
      "AmbientCapabilities=CAP_NET_BIND_SERVICE",
      "NoNewPrivileges=yes",
      "ProtectSystem=strict",
      "Environment=SALLYPORT_EDGE_DATA=/var/lib/sallyport",
      "ExecReload=/bin/kill -HUP $MAINPID",
    ]
  ) {
    assert.ok(unit.split("\n").includes(line), line);
  }
});

test("formatUnit() lets the edge write where its configuration says, and quotes for systemd", () => {
  const unit = formatUnit({
    ...OPTIONS,
    program: ["/opt/my programs/100%/sallyport"],
    dataDir: "/srv/edge",
    user: "tunnel",
    accessLog: "/var/log/edge/access.log",
  });
  assert.match(unit, /^ExecStart="\/opt\/my programs\/100%%\/sallyport" edge --config/m);
  assert.match(unit, /^ReadWritePaths=\/srv\/edge$/m);
  assert.match(unit, /^ReadWritePaths=\/var\/log\/edge$/m);
  assert.match(unit, /^User=tunnel$/m);
  assert.ok(!/DynamicUser|SALLYPORT_EDGE_DATA/.test(unit));
});

test("formatUnit() is a unit that systemd takes, and finds hardly exposed", () => {
  const tool = findTool("systemd-analyze");
  assert.ok(tool, toolAdvice("systemd-analyze"));
  const folder = mkdtempSync(join(tmpdir(), "sallyport-unit-"));
  try {
    const path = join(folder, UNIT_NAME);
    const socket = join(folder, SOCKET_NAME);
    writeFileSync(path, formatUnit({ ...OPTIONS, hasSockets: true }));
    const places = [{ host: "", port: 80 }, { host: "::1", port: 443 }];
    writeFileSync(socket, formatSocketUnit(places)!);
    const verified = spawnSync(tool, ["verify", path, socket], { encoding: "utf8" });
    assert.deepEqual([verified.status, verified.stderr], [0, ""]);
    const judged = spawnSync(tool, ["security", "--offline=true", path], { encoding: "utf8" });
    const score = /exposure level for .*: ([\d.]+)/.exec(judged.stdout)?.[1];
    assert.ok(Number(score) < 2.5, `${score}\n${judged.stdout}${judged.stderr}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("formatSocketUnit() has systemd hold what can be named before it is there", () => {
  const unit = formatSocketUnit([
    { host: "", port: 80 },
    { host: "192.0.2.1", port: 443 },
    { host: "2001:db8::1", port: 443 },
    { host: "192.0.2.1", port: 443 },
    { host: "localhost", port: 8080 },
    { host: "127.0.0.1", port: 0 },
  ])!;
  assert.deepEqual(unit.match(/^ListenStream=.*$/gm), [
    "ListenStream=80",
    "ListenStream=192.0.2.1:443",
    "ListenStream=[2001:db8::1]:443",
  ]);
  assert.equal(formatSocketUnit([{ host: "localhost", port: 80 }]), undefined);
});

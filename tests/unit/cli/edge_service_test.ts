import assert from "node:assert/strict";
import { main } from "../../../lib/cli/main.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

async function run(args: string[], files: Record<string, string>) {
  const runtime = memoryRuntime({ host: { args: ["edge", ...args] } });
  await runtime.host.files.makeDir("/units");
  for (const [path, text] of Object.entries(files)) await runtime.host.files.write(path, text);
  const code = await main(runtime);
  const { stdout, stderr } = runtime.host;
  return { code, out: stdout.text, err: stderr.text, files: runtime.host.files };
}

const UNIT = "/units/sallyport-edge.service";
const SOCKET = "/units/sallyport-edge.socket";

test("installEdge() writes a unit for a good configuration, and none for a bad one", async () => {
  const args = ["install", "--config", "/edge.yml", "--units", "/units"];
  const good = await run(args, { "/edge.yml": "domain: a.test\ndata_dir: /data\n" });
  assert.equal(good.code, 0, good.err);
  const unit = await good.files.readText(UNIT);
  assert.match(unit, /^ExecStart=.* edge --config \/edge\.yml$/m);
  assert.match(unit, /^ReadWritePaths=\/data$/m);
  assert.match(unit, /^Sockets=sallyport-edge\.socket$/m);
  const socket = await good.files.readText(SOCKET);
  assert.deepEqual(socket.match(/^ListenStream=.*$/gm), ["ListenStream=80", "ListenStream=443"]);
  assert.match(good.out, /systemctl enable --now sallyport-edge\.socket sallyport-edge\.service/);
  // What has no door that systemd could open has no sockets either, and keeps none of before.
  const inside = await run(args, {
    "/edge.yml": "http: localhost:8080\nhttps: none\nagents: localhost:8081\n",
    [SOCKET]: "old",
  });
  assert.equal(inside.code, 0, inside.err);
  assert.equal(await inside.files.stat(SOCKET), undefined);
  assert.ok(!(await inside.files.readText(UNIT)).includes("Sockets="));
  const bad = await run(args, { "/edge.yml": "domian: a.test\n" });
  assert.equal(bad.code, 1);
  assert.match(bad.err, /line 1, column 1: unknown key "domian"/);
  assert.equal(await bad.files.stat(UNIT), undefined);
});

test("installEdge() can only show the unit", async () => {
  const { code, out, files } = await run(
    ["install", "--config", "/edge.yml", "--units", "/units", "--print", "--user", "tunnel"],
    { "/edge.yml": "" },
  );
  assert.equal(code, 0);
  assert.match(out, /^User=tunnel$/m);
  assert.match(out, /^# sallyport-edge\.socket$/m);
  assert.equal(await files.stat(UNIT), undefined);
});

test("uninstallEdge() and edgeStatus() say when there is no unit", async () => {
  const gone = await run(["uninstall", "--units", "/units"], {});
  assert.match(gone.err, /there is no "\/units\/sallyport-edge\.service"/);
  const status = await run(["status", "--units", "/units"], {});
  assert.deepEqual([status.code, status.out], [1, `not installed: there is no ${UNIT}\n`]);
});

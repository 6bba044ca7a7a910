/**
 * The agent as a service: what the service itself runs, against a real edge; and a real service of
 * systemd where the machine has it and its owner lets us (SALLYPORT_TEST_SYSTEMD=1, as root).
 *
 * @module
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "../harness.ts";
import { startWeb, visit } from "./kit.ts";
import { runProgram, startProgram } from "./program.ts";
import { AUTHTOKEN, DOMAIN, eventually, startTestEdge, type TestEdge } from "./tunnel_suite.ts";

function configOf(edge: TestEdge, servicePort: number, names: readonly string[]): string {
  return [
    "version: 3",
    "agent:",
    `  connect_url: ${edge.agents}`,
    `  connect_cas: ${edge.caPath}`,
    `  authtoken: ${AUTHTOKEN}`,
    "endpoints:",
    ...names.map((name) =>
      `- {name: ${name}, url: "https://${name}.${DOMAIN}", upstream: {url: ${servicePort}}}`
    ),
    "",
  ].join("\n");
}

test("S58 S63 S66 a service puts all of its configuration online, and its log is for the system", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-service-"));
  const service = await startWeb();
  const edge = await startTestEdge();
  const config = join(folder, "sallyport.yml");
  const names = ["one", "two", "three"];
  writeFileSync(config, configOf(edge, service.port, names));
  // The environment of who started the service manager is nobody's business.
  const env = { SALLYPORT_AUTHTOKEN: "of_somebody_else", SALLYPORT_CONNECT_URL: "127.0.0.1:9" };
  const program = startProgram(["service", "run", "--config", config], { env });
  try {
    await eventually(() => Promise.resolve(assert.equal(edge.edge.endpoints().length, 3)));
    for (const name of names) {
      const { text } = await visit(edge.door, `https://${name}.${DOMAIN}/hello`);
      assert.equal(text, "hello from the service");
    }
    await edge.restart();
    await program.waitForText(/^<4>t=\S+ lvl=warn /m);
    const { code, stdout, stderr } = await program.stop();
    assert.deepEqual([code, stdout], [0, ""]);
    assert.match(stderr, /^<6>t=\S+ lvl=info msg="started tunnel"/m);
    for (const line of stderr.trim().split("\n")) assert.match(line, /^<[2-7]>t=/);
    assert.ok(!stderr.includes(AUTHTOKEN));
  } finally {
    await program.stop();
    await edge.close();
    await service.close();
    rmSync(folder, { recursive: true });
  }
});

test("S81 a service without its configuration ends with 5, and begins once that is there", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-service-"));
  const config = join(folder, "sallyport.yml");
  try {
    const args = ["service", "run", "--config", config];
    const gone = await runProgram(args);
    assert.deepEqual([gone.code, gone.stdout], [5, ""]);
    assert.match(gone.stderr, /^<2>.*Error reading configuration file .*no such file/);
    writeFileSync(config, "version: 3\nagent: {}\n");
    const isRoot = process.getuid?.() === 0 || process.platform === "win32";
    chmodSync(config, 0o000);
    // Root reads what it likes.
    if (!isRoot) assert.equal((await runProgram(args)).code, 5);
    chmodSync(config, 0o600);
    const bare = await runProgram(args);
    assert.equal(bare.code, 1);
    assert.match(bare.stderr, /^<2>.*does not say which edge to dial/m);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Why there is no service of systemd to be made here; empty where there is one. */
function systemdObstacle(): string {
  if (!existsSync("/run/systemd/system")) return "systemd does not run here";
  if (process.getuid?.() !== 0) return "only root may";
  if (existsSync("/etc/systemd/system/sallyport.service")) return "there is one already";
  return process.env.SALLYPORT_TEST_SYSTEMD === "1" ? "" : "SALLYPORT_TEST_SYSTEMD is not 1";
}

const obstacle = systemdObstacle();

test(`S59 S60 S76 S77 S78 S79 S80 a service of systemd${obstacle && `: not made, ${obstacle}`}`, async () => {
  if (obstacle !== "") {
    // Looking changes nothing, and works wherever there is a service manager that is known.
    const { code, stdout, stderr } = await runProgram(["service", "status"]);
    assert.notEqual(code, null);
    assert.match(stdout + stderr, /not installed|^Service |Cannot manage a service|Cannot run "/m);
    return;
  }
  const folder = mkdtempSync("/var/tmp/sallyport-service-");
  const service = await startWeb();
  const edge = await startTestEdge();
  const config = join(folder, "sallyport.yml");
  writeFileSync(config, configOf(edge, service.port, ["boot"]));
  const must = async (...args: string[]) => {
    const { code, stdout, stderr } = await runProgram(["service", ...args]);
    assert.equal(code, 0, stdout + stderr);
    return stdout;
  };
  const systemctl = (...args: string[]) =>
    spawnSync("systemctl", args, { encoding: "utf8" }).stdout.trim();
  const mainPid = () => Number(systemctl("show", "sallyport", "--property=MainPID", "--value"));
  const isOnline = () =>
    eventually(() => Promise.resolve(assert.equal(edge.edge.endpoints().length, 1)));
  try {
    await must("install", "--config", config);
    assert.equal(systemctl("is-enabled", "sallyport"), "enabled");
    await must("start");
    await isOnline();
    const killed = mainPid();
    process.kill(killed, "SIGKILL");
    await eventually(() => Promise.resolve(assert.ok(![0, killed].includes(mainPid()))));
    await isOnline();
    await must("restart");
    await isOnline();
    assert.match(await must("status"), /^State +active \(running\)$/m);
    await must("stop");
    assert.equal(systemctl("is-active", "sallyport"), "inactive");
    systemctl("start", "sallyport");
    await isOnline();
  } finally {
    await runProgram(["service", "uninstall"]);
    await edge.close();
    await service.close();
    rmSync(folder, { recursive: true });
  }
  assert.equal(existsSync("/etc/systemd/system/sallyport.service"), false);
});

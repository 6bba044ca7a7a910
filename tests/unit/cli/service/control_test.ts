import assert from "node:assert/strict";
import process from "node:process";
import { main } from "../../../../lib/cli/main.ts";
import { AGENT_PLIST_PATH } from "../../../../lib/cli/service/launchd.ts";
import { AGENT_UNIT_PATH } from "../../../../lib/cli/service/systemd.ts";
import {
  SERVICE_CONFIG,
  serviceMachine,
  type ServiceMachineOptions,
} from "../../../fakes/service_machine.ts";
import { test } from "../../../harness.ts";

const SYSTEMS = ["linux", "darwin", "windows"] as const;

async function run(options: ServiceMachineOptions) {
  const machine = serviceMachine(options);
  const code = await main(machine.runtime);
  const { stdout, stderr, files } = machine.runtime.host;
  return { ...machine, code, out: stdout.text, err: stderr.text, files };
}

/** A machine with the service installed, by the program itself. */
async function installed(
  os: (typeof SYSTEMS)[number],
  args: string[],
  more: Partial<ServiceMachineOptions> = {},
) {
  const config = os === "windows" ? "C:\\s.yml" : "/s.yml";
  // What it was installed with must be there when it starts.
  const files = { [config]: SERVICE_CONFIG, [process.execPath]: "" };
  const before = await run({ os, args: ["service", "install", "--config", config], files });
  assert.equal(before.code, 0, before.err);
  for (const path of [AGENT_UNIT_PATH, AGENT_PLIST_PATH]) {
    if (await before.files.stat(path)) {
      Object.assign(files, { [path]: await before.files.readText(path) });
    }
  }
  return await run({ os, args: ["service", ...args], files, state: before.state, ...more });
}

test("S73 installService() registers a good configuration with each service manager", async () => {
  for (const os of SYSTEMS) {
    const config = os === "windows" ? "C:\\s.yml" : "/s.yml";
    const { code, out, err, ran, files, state } = await run({
      os,
      args: ["service", "install", "--config", config],
      files: { [config]: SERVICE_CONFIG },
    });
    assert.equal(code, 0, err);
    assert.match(out, /it starts at each boot\n.*\nStart it now: sallyport service start\n$/);
    assert.equal(state.isRunning, false);
    if (os === "linux") {
      const unit = await files.readText(AGENT_UNIT_PATH);
      assert.match(unit, /^ExecStart=\/.* service run --config \/s\.yml$/m);
      assert.match(unit, /^User=me$/m);
      assert.deepEqual(ran.slice(-2), [
        "systemctl daemon-reload",
        "systemctl enable sallyport.service",
      ]);
    } else if (os === "darwin") {
      assert.match(await files.readText(AGENT_PLIST_PATH), /<string>\/s\.yml<\/string>/);
      assert.equal(ran.at(-1), "launchctl enable system/com.sallyport.agent");
    } else {
      assert.match(
        state.binPath ?? "",
        /sallyport-service\.exe" .* service run --config C:\\s\.yml$/,
      );
    }
  }
});

test("S73 installService() makes paths absolute, and wants a configuration", async () => {
  const args = ["service", "install", "--print", "--config", "./here.yml"];
  const { code, out, files } = await run({
    os: "linux",
    args,
    files: { "/work/here.yml": SERVICE_CONFIG },
  });
  assert.equal(code, 0);
  assert.match(out, /^ExecStart=.* --config \/work\/here\.yml$/m);
  assert.match(out, /^systemctl enable sallyport\.service$/m);
  assert.equal(await files.stat(AGENT_UNIT_PATH), undefined);
  assert.ok(!out.includes("secret-of-the-service"));
  const none = await run({ os: "linux", args: ["service", "install"] });
  assert.match(none.err, /Say by which configuration file .*: --config <path>/);
});

test("S72 installService() installs nothing by a configuration that is wrong, or twice", async () => {
  const bad = await run({
    os: "linux",
    args: ["service", "install", "--config", "/s.yml"],
    files: { "/s.yml": "version: 3\nagnet: {}\n" },
  });
  assert.equal(bad.code, 1);
  assert.match(bad.err, /line 2, column 1: unknown key "agnet"/);
  assert.equal(await bad.files.stat(AGENT_UNIT_PATH), undefined);
  assert.deepEqual(bad.ran, []);
  for (const os of SYSTEMS) {
    const config = os === "windows" ? "C:\\s.yml" : "/s.yml";
    const twice = await installed(os, ["install", "--config", config]);
    assert.equal(twice.code, 1);
    assert.match(twice.err, /has "[\w.]+" already; take it away first/);
  }
});

test("S64 installService() tells who is no administrator what to do, and leaves nothing", async () => {
  for (const os of SYSTEMS) {
    const config = os === "windows" ? "C:\\s.yml" : "/s.yml";
    const { code, err, files } = await run({
      os,
      args: ["service", "install", "--config", config],
      files: { [config]: SERVICE_CONFIG },
      isGuest: true,
    });
    assert.equal(code, 1);
    assert.match(
      err,
      /needs the rights of an administrator; (repeat the command with sudo|open a terminal)/,
    );
    assert.equal(await files.stat(AGENT_UNIT_PATH), undefined);
  }
});

test("S76 startService() starts it, and once is enough", async () => {
  for (const os of SYSTEMS) {
    const { code, out, err, state } = await installed(os, ["start"]);
    assert.equal(code, 0, err);
    assert.deepEqual([out, state.isRunning], ["The service runs\n", true]);
    const again = await installed(os, ["start"], { state: { ...state } });
    assert.deepEqual([again.code, again.out], [0, "The service runs already\n"]);
  }
});

test("S81 startService() says with which code a service ended at once, and where its log is", async () => {
  for (const os of SYSTEMS) {
    const { code, err } = await installed(os, ["start"], { exitCode: 5 });
    assert.equal(code, 1);
    // A Windows service that was asked before the start already has an exit code.
    assert.match(err, /ended at once with exit code 5: Input\/output error; why, is in its log/);
  }
});

test("S75 startService() and restartService() name the file that is gone", async () => {
  for (const verb of ["start", "restart"]) {
    const { code, err } = await installed("linux", [verb], {
      files: {
        [process.execPath]: "",
        [AGENT_UNIT_PATH]: `ExecStart=${process.execPath} service run --config /gone.yml\n`,
      },
    });
    assert.equal(code, 1);
    assert.match(err, /installed with "\/gone\.yml", which is not there any more; put it back, or/);
    assert.match(err, new RegExp(`Cannot ${verb} the service: `));
  }
});

test("S77 stopService() stops it, and leaves one alone that does not run", async () => {
  for (const os of SYSTEMS) {
    const binPath = (await installed(os, ["status"])).state.binPath;
    const { code, out, err, state } = await installed(os, ["stop"], {
      state: { isRunning: true, binPath },
    });
    assert.equal(code, 0, err);
    assert.deepEqual([out, state.isRunning], ["The service has stopped\n", false]);
    const idle = await installed(os, ["stop"]);
    assert.deepEqual([idle.code, idle.out], [0, "The service does not run\n"]);
  }
});

test("S78 restartService() stops it and starts it", async () => {
  for (const os of SYSTEMS) {
    const binPath = (await installed(os, ["status"])).state.binPath;
    const { code, out, err, ran, state } = await installed(os, ["restart"], {
      state: { isRunning: true, binPath },
    });
    assert.equal(code, 0, err);
    assert.deepEqual([out, state.isRunning], ["The service runs again\n", true]);
    const verbs = ran.flatMap((line) =>
      /^\S+ (start|stop|bootstrap|bootout)\b/.exec(line)?.[1] ?? []
    );
    assert.deepEqual(verbs, os === "darwin" ? ["bootout", "bootstrap"] : ["stop", "start"]);
  }
});

test("S79 uninstallService() stops it and takes it away", async () => {
  for (const os of SYSTEMS) {
    const binPath = (await installed(os, ["status"])).state.binPath;
    const { code, err, files, state } = await installed(os, ["uninstall"], {
      state: { isRunning: true, binPath },
    });
    assert.equal(code, 0, err);
    assert.deepEqual(state, { isRunning: false, binPath: undefined });
    assert.equal(await files.stat(AGENT_UNIT_PATH), undefined);
    assert.equal(await files.stat(AGENT_PLIST_PATH), undefined);
    const none = await run({ os, args: ["service", "uninstall"] });
    assert.match(
      none.err,
      /is not installed; install it: sallyport service install --config <path>/,
    );
  }
});

test("S61 showService() says how it is, and marks what is gone", async () => {
  for (const os of SYSTEMS) {
    const idle = await installed(os, ["status"]);
    assert.equal(idle.code, 1);
    assert.match(idle.out, /^State +(inactive|not running|stopped)/m);
    assert.match(idle.out, /^Configuration +\S*s\.yml$/m);
    const { code } = await installed(os, ["status"], {
      state: { isRunning: true, binPath: idle.state.binPath },
    });
    assert.equal(code, 0);
  }
  const gone = await installed("linux", ["status"], {
    files: { [AGENT_UNIT_PATH]: "ExecStart=/gone/sallyport service run --config /gone.yml\n" },
  });
  assert.match(gone.out, /^Program +\/gone\/sallyport {2}<- it is not there$/m);
  const none = await run({ os: "linux", args: ["service", "status"] });
  assert.deepEqual([none.code, none.out], [
    1,
    'not installed: systemd has no "sallyport.service"\n',
  ]);
});

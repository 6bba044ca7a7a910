import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import {
  joinWindowsWords,
  splitWindowsLine,
  windowsServices,
} from "../../../../lib/cli/service/windows.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

function machine(line?: string) {
  return memoryRuntime({
    host: {
      os: "windows",
      env: { ProgramFiles: "C:\\Program Files", SystemRoot: "C:\\Windows" },
      run: () =>
        Promise.resolve({
          code: line === undefined ? 1060 : 0,
          output: `[SC] QueryServiceConfig SUCCESS\n        BINARY_PATH_NAME   : ${line}\n`,
        }),
    },
  }).host;
}

test("S59 S60 S67 S74 windowsServices().install() registers program and configuration, and restarts", () => {
  const { files, commands } = windowsServices(machine()).install({
    program: ["C:\\Program Files\\sallyport.exe"],
    configs: ["C:\\sallyport\\sallyport.yml"],
    user: undefined,
    writes: [],
    usesTmp: false,
  });
  const wanted = new URL("../../../vectors/service/windows.json", import.meta.url);
  assert.deepEqual(
    [files.map(({ path }) => path), ...commands],
    JSON.parse(readFileSync(wanted, "utf8")),
  );
  assert.match(files[0].text, /public sealed class SallyportService : ServiceBase/);
});

test("windowsServices().install() runs as the account that is named", () => {
  const { commands } = windowsServices(machine()).install({
    program: ["C:\\sallyport.exe"],
    configs: ["C:\\s.yml"],
    user: "NT AUTHORITY\\LocalService",
    writes: [],
    usesTmp: false,
  });
  assert.deepEqual(commands[1].slice(-2), ["obj=", "NT AUTHORITY\\LocalService"]);
});

test("splitWindowsLine() takes apart what joinWindowsWords() put together", () => {
  const joined = joinWindowsWords(["C:\\my programs\\s.exe", "service", 'a"b', "C:\\dir with\\"]);
  assert.equal(joined, '"C:\\my programs\\s.exe" service "a\\"b" "C:\\dir with\\\\"');
  const path = fc.stringMatching(/^[A-Za-z]:\\[A-Za-z0-9 ._-]{1,20}[A-Za-z0-9]$/);
  fc.assert(fc.property(fc.array(path, { minLength: 1 }), (words) => {
    assert.deepEqual(splitWindowsLine(joinWindowsWords(words)), words);
  }));
});

test("windowsServices().readLine() leaves out the host that Windows starts", async () => {
  const line =
    '"C:\\Program Files\\Sallyport\\service\\sallyport-service.exe" C:\\s.exe service run';
  assert.deepEqual(await windowsServices(machine()).readLine(machine(line)), [
    "C:\\s.exe",
    "service",
    "run",
  ]);
  assert.equal(await windowsServices(machine()).readLine(machine()), undefined);
});

test("S81 windowsServices().readState() knows states and exit codes", () => {
  const { readState } = windowsServices(machine());
  const output = (state: string, code: number) =>
    `SERVICE_NAME: sallyport\n        TYPE               : 10  WIN32_OWN_PROCESS\n        STATE              : ${state}\n        WIN32_EXIT_CODE    : ${code}  (0x0)\n`;
  assert.deepEqual(readState({ code: 0, output: output("4  RUNNING", 0) }), {
    isRunning: true,
    words: "running",
    exitCode: 0,
  });
  assert.equal(readState({ code: 0, output: output("1  STOPPED", 5) }).exitCode, 5);
  // Never started since boot.
  assert.equal(readState({ code: 0, output: output("1  STOPPED", 1077) }).exitCode, 0);
  assert.equal(
    readState({ code: 0, output: output("2  START_PENDING", 0) }).words,
    "start pending",
  );
});

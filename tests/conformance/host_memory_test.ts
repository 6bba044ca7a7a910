/**
 * The host suite on the machine in memory.
 *
 * @module
 */
import { memoryRuntime } from "../../lib/runtime/memory.ts";
import { hostSuite } from "./host_suite.ts";

const { host } = memoryRuntime();
let made = 0;

hostSuite({
  name: "memory",
  host,
  folder: async () => {
    const path = `/tmp/${made++}`;
    await host.files.makeDir(path);
    return { path, free: () => host.files.remove(path) };
  },
  setEnv(name, value) {
    if (value === undefined) host.variables.delete(name);
    else host.variables.set(name, value);
  },
  raise: (signal) => void host.raise(signal),
});

/**
 * The network suite on the adapter of the runtime that runs the tests.
 *
 * @module
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomHex } from "../../lib/base/bytes.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { netSuite } from "./net_suite.ts";

const { net, host, clock } = detectRuntime();

netSuite({
  name: host.runtime.name,
  net,
  clock,
  socketPath: () => join(tmpdir(), `sallyport-${randomHex(6)}.sock`),
  exists: async (path) => await host.files.stat(path) !== undefined,
});

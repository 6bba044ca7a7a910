/**
 * The program's door: finds the runtime, runs {@linkcode main}, ends with its exit code.
 *
 * @module
 */
import { main } from "./lib/cli/main.ts";
import { detectRuntime } from "./lib/runtime/detect.ts";

const runtime = detectRuntime();

// No top-level await: compiled bytecode has none.
main(runtime).then((code) => runtime.host.exit(code));

/**
 * A whole runtime inside the process, for tests and for programs that embed both ends of a tunnel.
 * It needs no permission and leaves nothing behind.
 *
 * @module
 */
import { type Clock, systemClock } from "../base/clock.ts";
import { TunnelError } from "../base/errors.ts";
import type { Codecs } from "./codecs.ts";
import type { OpenSqlite } from "./database.ts";
import type { Runtime } from "./host.ts";
import { MemoryHost, type MemoryHostOptions } from "./memory_host.ts";
import { MemoryNet, type MemoryNetOptions } from "./memory_net.ts";

export {
  MemoryExit,
  type MemoryFiles,
  MemoryHost,
  type MemoryHostOptions,
  type MemoryOutput,
} from "./memory_host.ts";
export { MemoryNet, type MemoryNetOptions, type NetFault } from "./memory_net.ts";
export type { Chunking, PipeFault } from "./memory_pipe.ts";
export type { Clock, Runtime };

/** How a runtime in memory behaves. */
export interface MemoryRuntimeOptions {
  /** Whose time it lives in. @default the machine's */
  readonly clock?: Clock;
  /** The network. */
  readonly net?: Omit<MemoryNetOptions, "clock">;
  /** The machine. */
  readonly host?: Omit<MemoryHostOptions, "clock">;
  /** Its database. @default there is none: opening one fails with io_failed */
  readonly openSqlite?: OpenSqlite;
  /** Its compressors. @default none */
  readonly codecs?: Codecs;
}

/** A runtime in memory: the contracts, and what a test turns. */
export interface MemoryRuntime extends Runtime {
  /** The network, with its faults. */
  readonly net: MemoryNet;
  /** The machine, with its files and output. */
  readonly host: MemoryHost;
}

/**
 * Makes one.
 *
 * @param options how it behaves
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { memoryRuntime } from "./memory.ts";
 *
 * const { host } = memoryRuntime({ host: { env: { NAME: "value" } } });
 * assert.equal(host.env("NAME"), "value");
 * ```
 */
export function memoryRuntime(
  options: MemoryRuntimeOptions = {},
): MemoryRuntime {
  const clock = options.clock ?? systemClock;
  return {
    clock,
    net: new MemoryNet({ ...options.net, clock }),
    host: new MemoryHost({ ...options.host, clock }),
    openSqlite: options.openSqlite ?? noSqlite,
    codecs: options.codecs ?? NO_CODECS,
  };
}

const NO_CODECS: Codecs = {
  codings: [],
  createEncoder(coding) {
    throw new TunnelError("internal", `Cannot compress as "${coding}": there is no such encoder`);
  },
  decode: (coding) =>
    Promise.resolve({ bytes: new Uint8Array(0), error: `"${coding}" cannot be undone here` }),
  createInflater: () => ({
    inflate: () =>
      Promise.resolve({ bytes: new Uint8Array(0), totalBytes: 0, error: "There is no inflater" }),
    close: () => {},
  }),
};

function noSqlite(path: string): Promise<never> {
  return Promise.reject(
    new TunnelError(
      "io_failed",
      `Cannot open the database "${path}": a runtime in memory has none unless it is given one`,
    ),
  );
}

/**
 * What a run knows of its configuration. `config_file.ts` makes it, commands read it; those that obey
 * none load nothing for it.
 *
 * @module
 */
import type { AgentFile } from "../agent/file_sections.ts";
import type { LogFields } from "../base/log.ts";

/** A line for the log that is not open yet. */
export interface ConfigNote {
  /** The message, as the ngrok agent words it (spec agent K). */
  readonly message: string;
  /** The rest. */
  readonly fields: LogFields;
}

/** The configuration of one run. */
export interface LoadedConfig {
  /** What the files say together. */
  readonly file: AgentFile;
  /** The files that were read, in order. */
  readonly paths: readonly string[];
  /** What the log is told about it. */
  readonly notes: readonly ConfigNote[];
}

/** A run without a configuration. */
export const NO_CONFIG: LoadedConfig = {
  file: { agent: {}, endpoints: [], tunnels: {} },
  paths: [],
  notes: [],
};

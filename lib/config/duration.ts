/**
 * Durations in configuration files: those of `base/duration.ts`, where the files of this room look
 * for them.
 *
 * @module
 */
export {
  type DurationBounds,
  durationText,
  formatDuration,
  parseDuration,
} from "../base/duration.ts";

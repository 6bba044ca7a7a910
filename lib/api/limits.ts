/**
 * Bounds of the API.
 *
 * @module
 */

/** Bounds of the API. Times are in milliseconds. */
export interface ApiLimits {
  /** Requests of one key within {@linkcode ApiLimits.rateWindowMs}. */
  readonly rateLimit: number;
  /** The interval that is looked back at. */
  readonly rateWindowMs: number;
  /** Requests of one account at a time. */
  readonly maxConcurrent: number;
  /** The longest body. */
  readonly maxBodyBytes: number;
  /** Objects of one kind an account may have. */
  readonly maxObjects: number;
  /** Rules of one IP policy, and IP policies of one restriction. */
  readonly maxRules: number;
  /** Entries of the audit trail that are kept for each account. */
  readonly maxAuditEvents: number;
  /** Wrong keys from one address, or with one name, within a minute before they are slowed. */
  readonly maxGuesses: number;
  /** How often the use of one key from one address is written into the audit trail. */
  readonly keyUseMs: number;
}

/** The bounds unless told otherwise. */
export const DEFAULT_API_LIMITS: ApiLimits = {
  rateLimit: 120,
  rateWindowMs: 60_000,
  maxConcurrent: 32,
  maxBodyBytes: 1_048_576,
  maxObjects: 10_000,
  maxRules: 1_000,
  maxAuditEvents: 10_000,
  maxGuesses: 20,
  keyUseMs: 3_600_000,
};

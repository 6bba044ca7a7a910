/**
 * What went wrong, in the shape every part of a page can show.
 *
 * @module
 */

/** Something that went wrong, as the API tells it. */
export interface Problem {
  /** The sentence. */
  readonly message: string;
  /** `ERR_NGROK_n`, where there is one. */
  readonly code: string | undefined;
}

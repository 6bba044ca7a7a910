/**
 * Who may connect an agent: what an {@linkcode Authenticator} is asked and what it may answer. The
 * one that knows accounts is in `store_auth.ts`; the one here serves an edge without any.
 *
 * Called by `authorize.ts` for each Auth.
 *
 * @module
 */

/** What a valid authtoken allows. */
export interface Grant {
  /** Whose agent it is. */
  readonly accountId: string;
  /** For the agent's screen. */
  readonly accountName: string;
  /** For the agent's screen. */
  readonly planName: string;
  /** Names the token without telling it: `cr_…`. */
  readonly tokenId: string;
  /** Rules of `acl.ts`; `undefined` allows everything (requirement S42). */
  readonly acl?: readonly string[] | undefined;
  /** The state of the store it was read from: after a change it has to be read again. */
  readonly revision?: number;
}

/** Why an authtoken was not accepted. */
export interface AuthRefusal {
  /** 4018 none, 105 malformed, 107 unknown, 300 revoked … */
  readonly ngrokCode: number;
  /** The sentence for the agent's user; never repeats the token. */
  readonly message: string;
}

/** The answer to an authtoken. */
export type AuthVerdict =
  | { readonly grant: Grant; readonly refusal?: undefined }
  | { readonly grant?: undefined; readonly refusal: AuthRefusal };

/** Decides about authtokens. */
export interface Authenticator {
  /**
   * Decides about one authtoken. Expected refusals are values.
   *
   * @param authtoken what the agent sent; empty when it sent none
   * @param remoteHost the address it connects from
   */
  authenticate(authtoken: string, remoteHost: string): Promise<AuthVerdict>;
}

/** What agents read as their plan: there is nothing to buy here. */
export const PLAN_NAME = "self-hosted";

/**
 * The authenticator of an embedded edge: it is reached from inside its own process alone, so every
 * agent is the owner's.
 *
 * @param accountId whose everything is
 */
export function openAuthenticator(accountId: string): Authenticator {
  const grant = {
    accountId,
    accountName: "owner",
    planName: PLAN_NAME,
    tokenId: "cr_embedded",
  };
  return { authenticate: () => Promise.resolve({ grant }) };
}

/** Everything that can be wrong about who connects. The numbers are those of edge K. */
export const REFUSALS = {
  missing: {
    ngrokCode: 4018,
    message:
      "This edge wants to know who connects: an authtoken is required. The edge printed one when it was first " +
      "started; give it to the agent with --authtoken, SALLYPORT_AUTHTOKEN or NGROK_AUTHTOKEN.",
  },
  malformed: {
    ngrokCode: 105,
    // One that an operator preset may look like anything, so this is not the whole truth.
    message: "The authtoken is not known, and does not look like one that this edge has made. " +
      "Check that it was copied whole: those have two parts, joined by an underscore.",
  },
  unknown: {
    ngrokCode: 107,
    message:
      "The authtoken is well formed, but this edge does not know it. It may belong to another edge.",
  },
  suspended: {
    ngrokCode: 103,
    message: "The account of this authtoken is suspended. Ask the operator of the edge.",
  },
} as const satisfies Record<string, AuthRefusal>;

/** The token was deleted. */
export function revoked(tokenId: string): AuthRefusal {
  return {
    ngrokCode: 300,
    message: `The authtoken credential ${tokenId} has been revoked and is no longer valid.`,
  };
}

/** The service user of the token is switched off, or gone. */
export function ownerInactive(tokenId: string): AuthRefusal {
  return {
    ngrokCode: 636,
    message: `The owner of the authtoken credential ${tokenId} is not active in the account.`,
  };
}

/** The account's IP restrictions do not let that address in. */
export function addressRefused(host: string): AuthRefusal {
  return {
    ngrokCode: 115,
    message: `The IP restrictions of the account do not let agents connect from ${host}.`,
  };
}

/** Too many wrong tokens came from there, or with that name. The number is one that passes. */
export function tooManyGuesses(waitMs: number): AuthRefusal {
  return {
    ngrokCode: 743,
    message: "Too many wrong authtokens came from this address, or with this name. " +
      `Try again in ${Math.ceil(waitMs / 1000)} s.`,
  };
}

/**
 * Who may connect an agent. The session asks an {@linkcode Authenticator}; the one here knows a
 * single owner, whose token lies as a hash in the data folder.
 *
 * Called by `edge.ts` at start and by `agent_session.ts` for each Auth.
 *
 * @module
 */
import { encodeText, toHex } from "../base/bytes.ts";
import { TunnelError } from "../base/errors.ts";
import type { Files } from "../runtime/host.ts";
import { randomBase62 } from "./names.ts";

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
  /** Rules of {@linkcode acl.ts}; `undefined` allows everything (requirement S42). */
  readonly acl?: readonly string[];
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
   */
  authenticate(authtoken: string): Promise<AuthVerdict>;
}

/** How the owner's authenticator starts. */
export interface OwnerOptions {
  /** The file system. */
  readonly files: Files;
  /** The data folder; with none nothing is kept and a token is made each time. */
  readonly dataDir?: string;
  /** The owner's token, chosen by the operator: it replaces the one kept. */
  readonly authtoken?: string;
}

/** The owner's authenticator, and what the first start has to tell. */
export interface OwnerAuth {
  /** Decides about authtokens. */
  readonly authenticator: Authenticator;
  /** A token that was just made: the only moment it is known. */
  readonly newAuthtoken: string | undefined;
  /** Whose everything is. */
  readonly accountId: string;
}

/** A token as we make them: 27 characters that name it, 24 that prove it (143 bits). */
const TOKEN_SHAPE = /^[0-9A-Za-z]{1,64}_[0-9A-Za-z_]{1,256}$/;

/** Longer texts are refused before they are hashed. */
const MAX_TOKEN_CHARS = 1024;

interface OwnerFile {
  readonly accountId: string;
  readonly tokenId: string;
  readonly tokenSha256: string;
  /** Whether the token has the usual shape; if not, "malformed" (105) would mislead. */
  readonly usualShape: boolean;
}

/**
 * Loads the owner, or makes one on first start.
 *
 * @throws {TunnelError} config_invalid when the preset token is unusable or the file is damaged
 */
export async function loadOwner(options: OwnerOptions): Promise<OwnerAuth> {
  const { files, dataDir, authtoken } = options;
  if (authtoken !== undefined && !/^[!-~]{1,1024}$/.test(authtoken)) {
    throw new TunnelError(
      "config_invalid",
      "Cannot use the authtoken given for the owner: it must be 1 to 1024 printable ASCII characters without blanks",
    );
  }
  const path = dataDir === undefined ? undefined : `${dataDir}/owner.json`;
  const known = path === undefined ? undefined : await readOwner(files, path);
  if (known && authtoken === undefined) return ownerAuth(known, undefined);

  const token = authtoken ?? `${randomBase62(27)}_${randomBase62(24)}`;
  const owner: OwnerFile = {
    accountId: known?.accountId ?? `ac_${randomBase62(27)}`,
    tokenId: `cr_${TOKEN_SHAPE.test(token) ? token.split("_")[0] : randomBase62(27)}`,
    tokenSha256: toHex(await sha256(token)),
    usualShape: TOKEN_SHAPE.test(token),
  };
  if (path !== undefined && known?.tokenSha256 !== owner.tokenSha256) {
    await files.makeDir(dataDir!);
    await files.write(path, `${JSON.stringify(owner, undefined, 2)}\n`, {
      mode: 0o600,
    });
  }
  return ownerAuth(owner, authtoken === undefined ? token : undefined);
}

function ownerAuth(
  owner: OwnerFile,
  newAuthtoken: string | undefined,
): OwnerAuth {
  const grant = ownerGrant(owner.accountId, owner.tokenId);
  const expected = encodeText(owner.tokenSha256);
  return {
    newAuthtoken,
    accountId: owner.accountId,
    authenticator: {
      async authenticate(authtoken) {
        if (authtoken === "") return { refusal: MISSING };
        if (authtoken.length > MAX_TOKEN_CHARS) return { refusal: MALFORMED };
        const actual = encodeText(toHex(await sha256(authtoken)));
        if (equalInConstantTime(actual, expected)) return { grant };
        const malformed = owner.usualShape && !TOKEN_SHAPE.test(authtoken);
        return { refusal: malformed ? MALFORMED : UNKNOWN };
      },
    },
  };
}

/**
 * The authenticator of an embedded edge: it is reached from inside its own process alone, so every
 * agent is the owner's.
 *
 * @param accountId whose everything is
 */
export function openAuthenticator(accountId: string): Authenticator {
  const grant = ownerGrant(accountId, "cr_embedded");
  return { authenticate: () => Promise.resolve({ grant }) };
}

function ownerGrant(accountId: string, tokenId: string): Grant {
  return { accountId, accountName: "owner", planName: "self-hosted", tokenId };
}

const MISSING: AuthRefusal = {
  ngrokCode: 4018,
  message:
    "This edge wants to know who connects: an authtoken is required. The edge printed it when it was first started; " +
    "give it to the agent with --authtoken, SALLYPORT_AUTHTOKEN or NGROK_AUTHTOKEN.",
};

const MALFORMED: AuthRefusal = {
  ngrokCode: 105,
  message: "The authtoken does not look like an authtoken of this edge. " +
    "Check that it was copied whole: it has two parts, joined by an underscore.",
};

const UNKNOWN: AuthRefusal = {
  ngrokCode: 107,
  message:
    "The authtoken is well formed, but this edge does not know it. It may belong to another edge, or it was replaced.",
};

async function readOwner(
  files: Files,
  path: string,
): Promise<OwnerFile | undefined> {
  if (await files.stat(path) === undefined) return undefined;
  try {
    const owner = JSON.parse(await files.readText(path)) as OwnerFile;
    const whole = typeof owner.accountId === "string" &&
      typeof owner.tokenId === "string" &&
      /^[0-9a-f]{64}$/.test(owner.tokenSha256) &&
      typeof owner.usualShape === "boolean";
    if (whole) return owner;
  } catch (cause) {
    if (cause instanceof TunnelError) throw cause;
    // Unparsable is the same as incomplete to the operator.
  }
  throw new TunnelError(
    "config_invalid",
    `Cannot read the owner in "${path}": the file is damaged; restore it, or delete it to get a new owner`,
  );
}

async function sha256(text: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(encodeText(text));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** Takes the same time wherever the first difference is. Lengths are no secret here. */
function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= a[at] ^ b[at];
  return difference === 0;
}

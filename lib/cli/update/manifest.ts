/**
 * What a channel offers: a signed list of releases. `scripts/release.ts` seals it, `updater.ts` opens
 * it and chooses. The signature covers the very text, so nothing has to be brought into a normal form.
 *
 * @module
 */
import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { encodeText } from "../../base/bytes.ts";
import { TunnelError } from "../../base/errors.ts";
import { parseWith, type Schema, z } from "../../base/schema.ts";
import { compareVersions, isVersion, majorOf } from "./semver.ts";

/** How careful a release is. */
export type Channel = "stable" | "beta" | "unstable";

/** All channels, the most careful first. */
export const CHANNELS: readonly Channel[] = ["stable", "beta", "unstable"];

/** The program for one kind of machine. */
export interface ReleaseFile {
  /** The system, as Go names it. */
  readonly os: string;
  /** The processor, as Go names it. */
  readonly arch: string;
  /** Where it is, from the manifest on. */
  readonly path: string;
  /** How large. */
  readonly sizeBytes: number;
  /** Its SHA-256, in hexadecimal. */
  readonly sha256: string;
}

/** A version that was published. */
export interface Release {
  /** Which, without a `v`. */
  readonly version: string;
  /** When, RFC 3339. */
  readonly publishedAt: string;
  /** For each kind of machine. */
  readonly files: readonly ReleaseFile[];
}

/** What a channel offers. */
export interface Manifest {
  /** The layout of this text. */
  readonly format: 1;
  /** Which channel: a text of one channel is none of another. */
  readonly channel: Channel;
  /** Several, so that an agent can stay with its major version. */
  readonly releases: readonly Release[];
}

/** A manifest with its signatures, as it lies on the server. */
export interface SealedManifest {
  /** {@linkcode Manifest} as JSON text. */
  readonly manifest: string;
  /** By whom it is; one that is valid will do. */
  readonly signatures: readonly {
    /** {@linkcode keyIdOf} of the public key. */
    readonly keyId: string;
    /** Ed25519 (RFC 8032) over {@linkcode SEAL_CONTEXT} and the text, as base64. */
    readonly signature: string;
  }[];
}

/** What is signed in front of the text: a signature of this key for another purpose is none for this. */
export const SEAL_CONTEXT = "sallyport release manifest 1\n";

/** More than any list of releases needs. */
export const MAX_MANIFEST_BYTES: number = 1024 * 1024;

/** A program larger than this is none of ours. */
const MAX_FILE_BYTES = 2 ** 30;

const sealedSchema: Schema<SealedManifest> = z.object({
  manifest: z.string(),
  signatures: z.array(z.object({ keyId: z.string(), signature: z.string() })).max(16),
});

// Not strict: a later version may say more, and this one must still find its way to it.
const manifestSchema: Schema<Manifest> = z.object({
  format: z.literal(1),
  channel: z.enum(["stable", "beta", "unstable"]),
  releases: z.array(z.object({
    version: z.string().refine(isVersion, "it is no version such as 1.2.3"),
    publishedAt: z.string(),
    files: z.array(z.object({
      os: z.string(),
      arch: z.string(),
      path: z.string().min(1),
      sizeBytes: z.int().min(1).max(MAX_FILE_BYTES),
      sha256: z.string().regex(/^[0-9a-f]{64}$/, "it is no SHA-256"),
    })),
  })),
});

/** DER in front of the 32 bytes of an Ed25519 public key (RFC 8410 section 4). */
const SPKI_PREFIX = "302a300506032b6570032100";

/**
 * Reads a public key.
 *
 * @param text 32 bytes as base64
 * @throws {TunnelError} config_invalid
 */
export function readPublicKey(text: string): KeyObject {
  const raw = /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, "base64") : undefined;
  if (raw?.length !== 32) {
    throw new TunnelError(
      "config_invalid",
      `Cannot use "${text}" as the public key of updates: it is not 32 bytes in base64`,
    );
  }
  const key = Buffer.concat([Buffer.from(SPKI_PREFIX, "hex"), raw]);
  return createPublicKey({ key, format: "der", type: "spki" });
}

/** A public key as text, the way {@linkcode readPublicKey} reads it. */
export function formatPublicKey(key: KeyObject): string {
  return key.export({ format: "der", type: "spki" }).subarray(-32).toString("base64");
}

/**
 * The name of a public key: the beginning of its SHA-256.
 *
 * @param key as base64
 */
export function keyIdOf(key: string): string {
  return createHash("sha256").update(Buffer.from(key, "base64")).digest("hex").slice(0, 16);
}

/**
 * Signs a manifest.
 *
 * @param manifest what the channel offers
 * @param privateKey whose
 */
export function sealManifest(manifest: Manifest, privateKey: KeyObject): SealedManifest {
  const text = JSON.stringify(manifest);
  const keyId = keyIdOf(formatPublicKey(createPublicKey(privateKey)));
  const signature = sign(null, encodeText(SEAL_CONTEXT + text), privateKey).toString("base64");
  return { manifest: text, signatures: [{ keyId, signature }] };
}

/**
 * Checks who signed a manifest, and only then looks into it.
 *
 * @param text what the server sent
 * @param channel which was asked for
 * @param keys the public keys that are trusted, as base64
 * @param from where it came from, for errors
 * @throws {TunnelError} signature_invalid; message_invalid; config_invalid when a key is none
 */
export function openManifest(
  text: string,
  channel: Channel,
  keys: readonly string[],
  from: string,
): Manifest {
  const sealed = read(sealedSchema, text, from);
  const signed = encodeText(SEAL_CONTEXT + sealed.manifest);
  const isTrusted = keys.some((key) => {
    const publicKey = readPublicKey(key);
    const id = keyIdOf(key);
    return sealed.signatures.some(({ keyId, signature }) =>
      keyId === id && verify(null, signed, publicKey, Buffer.from(signature, "base64"))
    );
  });
  if (!isTrusted) {
    const whose = sealed.signatures.map(({ keyId }) => keyId).join(", ") || "nobody";
    throw new TunnelError(
      "signature_invalid",
      `Cannot trust the releases of "${from}": they are signed by ${whose}, not by ${
        keys.map(keyIdOf).join(" or ")
      }, or were changed`,
    );
  }
  const manifest = read(manifestSchema, sealed.manifest, from);
  if (manifest.channel !== channel) {
    throw new TunnelError(
      "signature_invalid",
      `Cannot trust the releases of "${from}": they are of the channel "${manifest.channel}", not "${channel}"`,
    );
  }
  return manifest;
}

function read<T>(schema: Schema<T>, text: string, from: string): T {
  const what = `the releases of "${from}"`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new TunnelError("message_invalid", `Cannot read ${what}: they are no JSON`, {
      cause: thrown,
    });
  }
  try {
    return parseWith(schema, value, what);
  } catch (thrown) {
    const { message } = thrown as TunnelError;
    throw new TunnelError("message_invalid", message, { cause: thrown });
  }
}

/** Which release is wanted, and for what. */
export interface ReleaseWish {
  /** The version that runs. */
  readonly current: string;
  /** The version wanted; empty is the newest. */
  readonly version: string;
  /** Whether the first number of the version may change. */
  readonly permitMajor: boolean;
  /** The system. */
  readonly os: string;
  /** The processor. */
  readonly arch: string;
}

/** A release, and its file for this machine. */
export interface Choice {
  /** The version. */
  readonly version: string;
  /** The program. */
  readonly file: ReleaseFile;
}

/**
 * Chooses the newest release that is newer than what runs; never one that is older.
 *
 * @param manifest what there is
 * @param wish what is wanted
 * @returns nothing when there is nothing newer
 * @throws {TunnelError} refused when the very version that is wanted cannot be had
 */
export function chooseRelease(manifest: Manifest, wish: ReleaseWish): Choice | undefined {
  const { current, permitMajor } = wish;
  const fits = ({ version }: Release) => permitMajor || majorOf(version) === majorOf(current);
  if (wish.version !== "") return exactly(manifest, wish, fits);
  const found = manifest.releases
    .filter((release) => compareVersions(release.version, current) > 0 && fits(release))
    .map((release) => ({ version: release.version, file: fileFor(release, wish) }))
    .filter((choice): choice is Choice => choice.file !== undefined)
    .sort((a, b) => compareVersions(b.version, a.version));
  return found[0];
}

function exactly(
  { releases, channel }: Manifest,
  wish: ReleaseWish,
  fits: (release: Release) => boolean,
): Choice {
  const { version, current } = wish;
  const refusal = (found: string) =>
    new TunnelError("refused", `Cannot update to version "${version}": ${found}`);
  if (!isVersion(version)) throw refusal("it is no version such as 1.2.3");
  const release = releases.find((one) => compareVersions(one.version, version) === 0);
  if (!release) throw refusal(`the channel "${channel}" does not have it`);
  if (compareVersions(version, current) <= 0) {
    throw refusal(`it is not newer than ${current}, which runs`);
  }
  if (!fits(release)) {
    throw refusal(`that is another major version than ${current}, and nobody has permitted it`);
  }
  const file = fileFor(release, wish);
  if (!file) throw refusal(`it was not made for ${wish.os} on ${wish.arch}`);
  return { version: release.version, file };
}

function fileFor({ files }: Release, { os, arch }: ReleaseWish): ReleaseFile | undefined {
  return files.find((file) => file.os === os && file.arch === arch);
}

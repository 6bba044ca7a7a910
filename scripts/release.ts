// deno-lint-ignore-file no-console -- a script prints
/**
 * Makes or extends a folder of releases that `sallyport update` takes updates from. Any web server can
 * hand it out as it is:
 *
 *     deno task release --key release.pem --new-key --url https://updates.example.com/sallyport
 *
 * - `--key FILE`: the private key (PKCS #8, PEM, Ed25519); with `--new-key` it is made if it is not there
 * - `--url URL`: where the folder will be, compiled into the program together with the public key
 * - `--channel stable|beta|unstable` (stable): what is stable is offered to the other two as well
 * - `--version 1.2.3` (that of package.json), `--targets linux-x64,…` (all but musl), `--out FOLDER` (dist/release)
 * - `--trust KEY,…`: further public keys that the program is to trust, such as the next one
 * - `--packager "the Debian package"`: who else keeps this build up to date; it will not update itself
 * - `--files ../v{version}/` (`{version}/`): where programs will be, seen from the lists, if not beside them
 * - `--connect-url HOST:PORT`, `--connect-cas FILE`: the edge that agents of this build dial unless their
 *   configuration says otherwise, and the PEM file of its authority, which `connect_cas: trusted` then means
 * - `--keep N` (10): how many versions a channel offers
 * - `--quick`: programs that are made in a third of the time and start slower, for trying things out
 *
 * @module
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { parseConnectUrl } from "../lib/agent/config.ts";
import type { BuiltInEdge } from "../lib/cli/built_in_edge.ts";
import {
  type Channel,
  CHANNELS,
  formatPublicKey,
  keyIdOf,
  openManifest,
  type Release,
  type ReleaseFile,
  sealManifest,
} from "../lib/cli/update/manifest.ts";
import { compareVersions, isVersion } from "../lib/cli/update/semver.ts";
import { buildWithBun, fileNameOf, type Target, TARGETS } from "./compile.ts";
import { readProjectFile, ROOT } from "./files.ts";

/** The names Go gives to processors, which agents ask with. */
const PROCESSORS: Readonly<Record<string, string>> = { x64: "amd64" };

function main(): void {
  const { values } = parseArgs({
    options: {
      key: { type: "string" },
      "new-key": { type: "boolean", default: false },
      url: { type: "string", default: "" },
      channel: { type: "string", default: "stable" },
      version: { type: "string" },
      targets: { type: "string" },
      out: { type: "string", default: join(ROOT, "dist", "release") },
      trust: { type: "string", default: "" },
      packager: { type: "string", default: "" },
      files: { type: "string", default: "{version}/" },
      "connect-url": { type: "string", default: "" },
      "connect-cas": { type: "string" },
      keep: { type: "string", default: "10" },
      quick: { type: "boolean", default: false },
    },
  });
  const version = values.version ?? String(JSON.parse(readProjectFile("package.json")).version);
  const channel = values.channel as Channel;
  if (!CHANNELS.includes(channel)) throw new Error(`there is no channel "${channel}"`);
  if (!isVersion(version)) throw new Error(`"${version}" is no version such as 1.2.3`);
  if (channel === "stable" && version.includes("-")) {
    throw new Error(`${version} is a version before a version, and the channel "stable" has none`);
  }
  const key = readKey(values.key, values["new-key"]);
  const publicKey = formatPublicKey(createPublicKey(key));
  const trusted = [publicKey, ...values.trust.split(",").filter((one) => one !== "")];
  const targets = targetsOf(values.targets);
  const edge = readEdge(values["connect-url"], values["connect-cas"]);

  const place = values.files.replaceAll("{version}", version);
  if (!place.endsWith("/")) throw new Error(`--files names a folder: "${values.files}/"`);
  const files = build(values.out, version, place, targets, values.quick, {
    SALLYPORT_VERSION: JSON.stringify(version),
    SALLYPORT_UPDATES: JSON.stringify({
      url: values.url,
      keys: trusted,
      packager: values.packager,
    }),
    ...(edge ? { SALLYPORT_EDGE: JSON.stringify(edge) } : {}),
  });
  const release: Release = { version, publishedAt: new Date().toISOString(), files };
  const sums = join(values.out, version, "SHA256SUMS");
  writeFileSync(`${sums}.sig`, sign(null, readFileSync(sums), key));
  // What is good enough for the careful is good enough for the others.
  for (const one of CHANNELS.slice(CHANNELS.indexOf(channel))) {
    publish(values.out, one, release, key, Number(values.keep));
  }
  console.log(`public key ${publicKey} (${keyIdOf(publicKey)})`);
}

/** The private key; nobody else may read the file. */
function readKey(path: string | undefined, isNew: boolean): KeyObject {
  if (path === undefined) throw new Error("--key FILE names the private key that signs");
  if (!existsSync(path)) {
    if (!isNew) throw new Error(`there is no "${path}"; --new-key makes one`);
    const { privateKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ format: "pem", type: "pkcs8" });
    writeFileSync(path, pem, { mode: 0o600, flag: "wx" });
    console.log(`made the private key ${path}: keep it, and keep it secret`);
  }
  const key = createPrivateKey(readFileSync(path, "utf8"));
  if (key.asymmetricKeyType !== "ed25519") throw new Error(`"${path}" is no Ed25519 key`);
  return key;
}

/** The edge that is compiled in; what is wrong with it is better known now than on every machine. */
function readEdge(connectUrl: string, casPath: string | undefined): BuiltInEdge | undefined {
  if (connectUrl === "" && casPath === undefined) return undefined;
  if (connectUrl !== "") parseConnectUrl(connectUrl);
  const connectCas = casPath === undefined ? "" : readFileSync(casPath, "utf8");
  if (casPath !== undefined && !connectCas.includes("-----BEGIN CERTIFICATE-----")) {
    throw new Error(`there is no certificate in "${casPath}"`);
  }
  return { connectUrl, connectCas };
}

function targetsOf(names: string | undefined): readonly Target[] {
  // Who asks says system and processor, not which C library there is.
  if (names === undefined) return TARGETS.filter(({ name }) => !name.endsWith("-musl"));
  return names.split(",").map((name) => {
    const target = TARGETS.find((one) => one.name === name);
    if (target) return target;
    throw new Error(
      `there is no target "${name}", only ${TARGETS.map((one) => one.name).join(", ")}`,
    );
  });
}

/** Builds what is to be published, and a list of checksums for people. */
function build(
  out: string,
  version: string,
  place: string,
  targets: readonly Target[],
  isQuick: boolean,
  constants: Readonly<Record<string, string>>,
): readonly ReleaseFile[] {
  const folder = join(out, version);
  // What somebody may have fetched already does not change under its name.
  if (existsSync(folder)) throw new Error(`"${folder}" is there already: choose another version`);
  const draft = join(out, `.${version}.draft`);
  mkdirSync(draft, { recursive: true });
  const files = targets.map((target): ReleaseFile => {
    const name = fileNameOf(target);
    buildWithBun(target, join(draft, name), constants, isQuick);
    const [os, arch] = target.name.split("-");
    const sizeBytes = statSync(join(draft, name)).size;
    const sha256 = sha256Of(join(draft, name));
    console.log(`${version}/${name}: ${(sizeBytes / 1e6).toFixed(0)} MB, ${sha256}`);
    return { os, arch: PROCESSORS[arch] ?? arch, path: `${place}${name}`, sizeBytes, sha256 };
  });
  const sums = files.map(({ sha256, path }) => `${sha256}  ${path.slice(place.length)}\n`);
  writeFileSync(join(draft, "SHA256SUMS"), sums.join(""));
  for (const name of readdirSync(draft)) {
    if (/\.bun-build$/.test(name)) throw new Error(`the compiler left "${name}"`);
  }
  renameSync(draft, folder);
  return files;
}

function sha256Of(path: string): string {
  const hash = createHash("sha256");
  const file = openSync(path, "r");
  const block = new Uint8Array(1 << 20);
  for (;;) {
    const count = readSync(file, block);
    if (count === 0) break;
    hash.update(block.subarray(0, count));
  }
  closeSync(file);
  return hash.digest("hex");
}

/** Adds a release to a channel. The list comes last and in one step: what it names is there. */
function publish(
  out: string,
  channel: Channel,
  release: Release,
  key: KeyObject,
  keep: number,
): void {
  const path = join(out, `${channel}.json`);
  const keys = [formatPublicKey(createPublicKey(key))];
  const before = existsSync(path)
    ? openManifest(readFileSync(path, "utf8"), channel, keys, path).releases
    : [];
  const releases = [release, ...before].sort((a, b) => compareVersions(b.version, a.version))
    .slice(0, keep);
  const sealed = sealManifest({ format: 1, channel, releases }, key);
  writeFileSync(`${path}.draft`, JSON.stringify(sealed) + "\n");
  renameSync(`${path}.draft`, path);
  console.log(`${channel}: ${releases.map(({ version }) => version).join(", ")}`);
}

if (import.meta.main) {
  try {
    main();
  } catch (thrown) {
    console.error(`release: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    process.exit(1);
  }
}

/**
 * Somebody who publishes releases of programs that are a few bytes long, and a machine whose program
 * can be replaced by them.
 *
 * @module
 */
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { FakeClock } from "../../lib/base/clock.ts";
import { encodeText } from "../../lib/base/bytes.ts";
import { silentLogger } from "../../lib/base/log.ts";
import {
  type Channel,
  formatPublicKey,
  type Manifest,
  type Release,
  sealManifest,
} from "../../lib/cli/update/manifest.ts";
import { Updater, type UpdaterOptions } from "../../lib/cli/update/updater.ts";
import { memoryRuntime } from "../../lib/runtime/memory.ts";
import type { MemoryHostOptions } from "../../lib/runtime/memory_host.ts";

/** The private key of RFC 8032 section 7.1, test 1 (or another, by its first byte). */
export function testKey(first = 0x9d) {
  const seed = Buffer.from(
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "hex",
  );
  seed[0] = first;
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return { privateKey, publicKey: formatPublicKey(createPublicKey(privateKey)) };
}

/** What the program of a version is: a text that says so. */
export function programOf(version: string): Uint8Array {
  return encodeText(`program ${version}`);
}

/** A release for the machine in memory. */
export function releaseOf(version: string, more: Partial<Release["files"][number]> = {}): Release {
  const bytes = programOf(version);
  return {
    version,
    publishedAt: "2026-11-23T10:00:00Z",
    files: [{
      os: "linux",
      arch: "amd64",
      path: `${version}/sallyport-linux-amd64`,
      sizeBytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      ...more,
    }],
  };
}

/** A channel as text. */
export function sealed(channel: Channel, releases: readonly Release[], key = testKey()): string {
  const manifest: Manifest = { format: 1, channel, releases };
  return JSON.stringify(sealManifest(manifest, key.privateKey));
}

/** A server of releases. */
export class ReleaseServer {
  /** What it has, by URL. */
  readonly contents = new Map<string, string | Uint8Array>();
  /** What was asked for. */
  readonly asked: string[] = [];

  /** Publishes versions in a channel. */
  publish(channel: Channel, ...releases: readonly Release[]): void {
    this.contents.set(`https://up.test/${channel}.json`, sealed(channel, releases));
    for (const { version, files } of releases) {
      for (const { path } of files) {
        this.contents.set(`https://up.test/${path}`, programOf(version));
      }
    }
  }

  /** Answers. */
  readonly fetch = (url: string): Promise<Response> => {
    this.asked.push(url);
    const found = this.contents.get(url);
    if (found === undefined) return Promise.resolve(new Response("no", { status: 404 }));
    return Promise.resolve(new Response(found as BodyInit));
  };
}

/** Runs programs of {@linkcode programOf}: they say their version, and take any configuration but a bad one. */
export function runsPrograms(
  read: (path: string) => Promise<string>,
  ran: string[] = [],
): NonNullable<MemoryHostOptions["run"]> {
  return async (path, args) => {
    ran.push(`${path} ${args.join(" ")}`);
    const version = (await read(path)).replace("program ", "");
    if (args[0] === "version") {
      if (version.endsWith("-broken")) return { code: 1, output: "Segmentation fault" };
      return { code: 0, output: `sallyport version ${version}\n` };
    }
    if (args.includes("/bad.yml")) return { code: 1, output: "ERROR:  line 3" };
    return { code: 0, output: "" };
  };
}

/** A machine with version 1.0.0 as /opt/bin/sallyport, its updater, and a server. */
export function updateScene(
  more: Partial<UpdaterOptions> & { readonly host?: Partial<MemoryHostOptions> } = {},
) {
  const { host: machine, ...options } = more;
  const server = new ReleaseServer();
  const ran: string[] = [];
  const program = "/opt/bin/sallyport";
  const clock = new FakeClock();
  const runtime = memoryRuntime({
    clock,
    host: {
      files: { [program]: programOf("1.0.0") },
      program: { path: program, isCompiled: true },
      run: runsPrograms((path) => runtime.host.files.readText(path), ran),
      ...machine,
    },
  });
  const updater = new Updater({
    runtime,
    logger: silentLogger,
    source: {
      manifestUrl: "https://up.test/stable.json",
      channel: "stable",
      keys: [testKey().publicKey],
    },
    current: "1.0.0",
    fetch: server.fetch,
    random: () => 0.5,
    ...options,
  });
  const { files } = runtime.host;
  return {
    updater,
    server,
    runtime,
    ran,
    clock,
    installed: () => files.readText(program),
    beside: () => files.list("/opt/bin"),
  };
}

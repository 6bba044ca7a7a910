/**
 * Serves a page that was built into the program (`scripts/ui.ts`), under rules that leave a mistake in
 * it nowhere to go: no script, style or address but its own. The admin page and the inspector are
 * served by it.
 *
 * @module
 */

/** One file of a page. */
export interface PageFile {
  /** Its media type. */
  readonly type: string;
  /** What is in it. */
  readonly text: string;
}

/** A page that was built into the program. */
export interface PageAssets {
  /** Its HTML. */
  readonly page: string;
  /** By name; the name holds a hash of the text. */
  readonly files: Readonly<Record<string, PageFile>>;
}

/** Where the files of pages are asked for; `scripts/ui.ts` says the same. */
export const ASSETS_PATH = "/_sallyport/assets/";

/**
 * What a browser lets such a page do: run and show what comes from here, talk to here, and nothing
 * else. Text never becomes script (Trusted Types, without a policy that could make any).
 */
export const PAGE_POLICY: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** What every answer of a page says to the browser. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": PAGE_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Below this, a header of its own costs as much as compressing saves. */
const COMPRESS_BYTES = 1_000;

/** Answers requests for one page and its files. */
export class PageServer {
  readonly #assets: PageAssets;
  /** Each file is compressed once, when it is first asked for. */
  readonly #compressed = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

  /**
   * Makes one.
   *
   * @param assets what was built
   */
  constructor(assets: PageAssets) {
    this.#assets = assets;
  }

  /** The page itself; it is asked for anew each time, for it names the files of this version. */
  page(): Response {
    return new Response(this.#assets.page, {
      headers: {
        ...PAGE_HEADERS,
        "cache-control": "no-store",
        "content-type": "text/html; charset=utf-8",
      },
    });
  }

  /**
   * One of its files; it may be kept for ever.
   *
   * @param name as it stands in the page
   * @param acceptEncoding the request's header of that name
   * @returns `undefined` when it has no such file
   */
  async file(name: string, acceptEncoding: string | null): Promise<Response | undefined> {
    if (!Object.hasOwn(this.#assets.files, name)) return undefined;
    const { type, text } = this.#assets.files[name];
    const headers: Record<string, string> = {
      ...PAGE_HEADERS,
      "cache-control": "public, max-age=31536000, immutable",
      "content-type": type,
      "vary": "accept-encoding",
    };
    if (text.length < COMPRESS_BYTES || !acceptsGzip(acceptEncoding)) {
      return new Response(text, { headers });
    }
    let compressed = this.#compressed.get(name);
    if (!compressed) this.#compressed.set(name, compressed = gzip(text));
    headers["content-encoding"] = "gzip";
    return new Response(await compressed, { headers });
  }
}

function acceptsGzip(acceptEncoding: string | null): boolean {
  return /(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))|,|$)/i.test(acceptEncoding ?? "");
}

async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const source = new Response(text).body!;
  const compressed = source.pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}

/** Whether a request wants a page to look at, and not data for a program. */
export function wantsPage(request: Request): boolean {
  const accept = request.headers.get("accept") ?? "";
  return /\btext\/html\b/i.test(accept) && !request.headers.has("authorization");
}

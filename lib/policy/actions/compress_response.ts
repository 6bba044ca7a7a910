/**
 * `compress-response`: compresses what the service sends, as the visitor's `Accept-Encoding` allows,
 * while it passes. Each piece comes out as it goes in, so that streams of events stay streams.
 *
 * Left alone is what is compressed already, what must not be transformed, and what does not get
 * smaller: pictures, films, archives.
 *
 * @module
 */
import { type Schema, z } from "../../base/schema.ts";
import type { CodingName } from "../../runtime/codecs.ts";
import { type Action, defineAction } from "../action.ts";
import type { ResponseContext, ResponseView } from "../context.ts";
import { policyFault } from "../fault.ts";

interface CompressResponseConfig {
  readonly algorithms?: readonly CodingName[];
}

const config: Schema<CompressResponseConfig> = z.strictObject({
  algorithms: z.array(z.enum(["gzip", "deflate", "br", "compress"])).min(1)
    .refine((names) => new Set(names).size === names.length, "each algorithm may stand there once")
    .optional(),
}) as Schema<CompressResponseConfig>;

/** What action results are called. */
const RESULT = "compress";

/** The action. */
export const compressResponse: Action = defineAction({
  type: "compress-response",
  phases: ["on_http_response"],
  protos: ["http", "https"],
  config,
  compile({ algorithms }, { codecs, where }) {
    const known = codecs?.codings ?? [];
    // `compress` is LZW, which no visitor asks for any more: it may stand there and is never chosen.
    const offered = (algorithms ?? known).filter((name) => known.includes(name));
    if (!codecs || offered.length === 0) {
      throw policyFault(
        2203,
        `Cannot use ${where}: this edge can compress as ${known.join(", ") || "nothing"} only`,
      );
    }
    return {
      onHttpResponse(context) {
        const { response } = context;
        const already = isCompressed(response);
        const coding = already || !isCompressible(response)
          ? undefined
          : chooseCoding(acceptEncoding(context), offered);
        context.results.set(RESULT, {
          already_compressed: already,
          negotiated_algorithm: coding ?? "",
        });
        if (coding === undefined) return;
        announce(response, coding);
        response.transform(codecs.createEncoder(coding));
      },
    };
  },
});

function acceptEncoding({ request }: ResponseContext): string {
  return request.head.all("accept-encoding").join(",");
}

function isCompressed({ headers }: ResponseView): boolean {
  return headers.all("content-encoding").some((value) =>
    value.split(",").some((coding) => !/^(?:identity)?$/i.test(coding.trim()))
  );
}

/** Types that are compressed in themselves; gRPC compresses its own messages and knows no other coding. */
const DENSE =
  /^(?:(?:image\/(?!svg|bmp|x-ms-bmp|vnd\.microsoft\.icon|x-icon)|video\/|audio\/(?!midi|wav|x-wav)|font\/woff)|application\/(?:zip|gzip|x-gzip|zstd|x-7z-compressed|x-rar-compressed|vnd\.rar|x-bzip2|x-xz|font-woff|grpc))/i;

/** Whether a body follows that is whole, may be changed, and gets smaller. */
function isCompressible({ head, headers, hasBody }: ResponseView): boolean {
  const { status } = head;
  if (!hasBody || status < 200 || status === 204 || status === 206 || status === 304) return false;
  if (headers.has("content-range") || head.contentLength === 0) return false;
  if (headers.all("cache-control").some((value) => /\bno-transform\b/i.test(value))) return false;
  return !DENSE.test(headers.get("content-type")?.trim() ?? "");
}

/** Says what was done, and takes back what is true of the bytes as they came only. */
function announce({ headers }: ResponseView, coding: CodingName): void {
  headers.remove("content-length");
  headers.set("Content-Encoding", coding);
  const varies = headers.all("vary").flatMap((value) => value.split(","))
    .map((name) => name.trim().toLowerCase());
  if (!varies.includes("*") && !varies.includes("accept-encoding")) {
    headers.add("Vary", "Accept-Encoding");
  }
  // RFC 9110 section 8.8.1: a strong validator is of exactly these bytes.
  const tag = headers.get("etag");
  if (tag?.startsWith('"')) headers.set("ETag", `W/${tag}`);
  // Ranges and digests would be of the bytes before they were compressed.
  for (const name of ["accept-ranges", "content-md5", "digest", "content-digest"]) {
    if (headers.has(name)) headers.remove(name);
  }
}

/**
 * The coding that a visitor likes best of those on offer (RFC 9110 section 12.5.3).
 *
 * @param accept the value of `Accept-Encoding`; empty when there is none
 * @param offered in the order that decides between equals
 * @returns `undefined` when it is best sent as it is
 */
export function chooseCoding(
  accept: string,
  offered: readonly CodingName[],
): CodingName | undefined {
  const weights = new Map<string, number>();
  for (const part of accept.split(",")) {
    const [name, ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    if (name === "") continue;
    weights.set(name === "x-gzip" ? "gzip" : name, weightOf(parameters));
  }
  let best: CodingName | undefined;
  // As it is, it is wanted as much as the visitor says; without a word it is the last resort.
  let bestWeight = weights.get("identity") ?? 0;
  for (const coding of offered) {
    const weight = weights.get(coding) ?? weights.get("*") ?? 0;
    if (weight > bestWeight || (best === undefined && weight > 0 && weight === bestWeight)) {
      best = coding;
      bestWeight = weight;
    }
  }
  return best;
}

/** The weight of a member; one that cannot be read counts as no. */
function weightOf(parameters: readonly string[]): number {
  const q = parameters.find((parameter) => parameter.startsWith("q="));
  if (q === undefined) return 1;
  const text = q.slice(2).trim();
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}

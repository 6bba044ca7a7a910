/**
 * Answers of the documented routes: JSON, or XML for those who ask for it, both as the ngrok agent
 * writes them. The routes and whoever tells of problems call it.
 *
 * @module
 */
import { toXml } from "./xml.ts";

/** An answer. */
export interface Reply {
  /** What it is called in XML. */
  readonly root: string;
  /** What it says. */
  readonly value: unknown;
  /** The HTTP status. @default {200} */
  readonly status?: number;
  /** Besides the type. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A type that answers can have. */
export type ReplyType = "application/json" | "application/xml" | "text/xml";

/** What can be had, the usual first. */
const TYPES: readonly ReplyType[] = ["application/json", "application/xml", "text/xml"];

/**
 * Writes an answer in the form that was asked for.
 *
 * @param accept the `Accept` header
 * @param reply the answer
 */
export function writeReply(accept: string | undefined, reply: Reply): Response {
  const { root, value, status = 200, headers } = reply;
  const type = preferred(accept);
  const body = type === "application/json" ? `${JSON.stringify(value)}\n` : toXml(root, value);
  return new Response(body, { status, headers: { "content-type": type, ...headers } });
}

/**
 * The type that is wanted most (RFC 9110 section 12.5.1); JSON when nobody cares, or wants what there
 * is not.
 *
 * @param accept the `Accept` header
 */
export function preferred(accept: string | undefined): ReplyType {
  if (accept === undefined || !/xml/i.test(accept)) return "application/json";
  const ranges = accept.split(",").map((one) => {
    const [range, ...parameters] = one.split(";").map((part) => part.trim().toLowerCase());
    const quality = parameters.find((part) => part.startsWith("q="))?.slice(2);
    return { range, quality: quality === undefined ? 1 : Number(quality) || 0 };
  });
  const qualityOf = (type: string) => {
    const [family] = type.split("/");
    for (const wanted of [type, `${family}/*`, "*/*"]) {
      const found = ranges.find(({ range }) => range === wanted);
      if (found) return found.quality;
    }
    return 0;
  };
  let best: ReplyType = TYPES[0];
  for (const type of TYPES) if (qualityOf(type) > qualityOf(best)) best = type;
  return best;
}

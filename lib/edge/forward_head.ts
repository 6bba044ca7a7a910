/**
 * What the edge changes in the heads it forwards, and nothing else (edge H): hop-by-hop headers go,
 * `X-Forwarded-*` comes, the version and the connection's fate are told as they are on our side.
 * Case and order of all other headers stay. Called by the HTTP exchange.
 *
 * @module
 */
import { editHead, type HeadEdits, type HeaderLine } from "../http/edit.ts";
import { forwardedEdits } from "../http/forwarded.ts";
import type { RequestHead, ResponseHead } from "../http/head.ts";
import { hopByHopNames } from "../http/hop_by_hop.ts";
import type { RequestView, ResponseView } from "../policy/context.ts";
import { ERROR_CODE, isAgentReport } from "./agent_report.ts";
import { pathAndQuery } from "./route.ts";

const NO_LINES: readonly HeaderLine[] = [];
const CLOSE: readonly HeaderLine[] = [["Connection", "close"]];
const KEEP_ALIVE: readonly HeaderLine[] = [["Connection", "keep-alive"]];

/**
 * The head of a request, as it goes to the agent.
 *
 * The visitor's `Connection: close` is its own business and goes; ours with the service is kept as
 * long as both like. HTTP/1.0 stays HTTP/1.0, so that the service does not answer in chunks.
 *
 * @param head the request as it came
 * @param clientIp the visitor
 * @param scheme what the visitor speaks with us
 * @param traceparent the request's place in a trace, instead of what the visitor said
 * @param changed what a policy has made of it
 */
export function forwardRequestHead(
  head: RequestHead,
  clientIp: string,
  scheme: "http" | "https",
  traceparent?: string,
  changed?: RequestView,
): Uint8Array {
  const forwarded = forwardedEdits(head, { clientIp, proto: scheme });
  const { remove = [] } = forwarded;
  let { set = [] } = forwarded;
  if (traceparent !== undefined) set = [...set, ["traceparent", traceparent]];
  let edits: HeadEdits = { remove: [...hopByHopNames(head), ...remove], set };
  if (changed) edits = mergeChanges(edits, changed);
  const rewritten = changed?.target;
  if (rewritten !== undefined) {
    return editHead(head, {
      ...edits,
      startLine: `${head.method} ${rewritten} HTTP/${head.version}`,
    });
  }
  // RFC 9112 section 3.2.1: an origin server gets the path, whatever form a proxy was sent.
  if (head.scheme === undefined) return editHead(head, edits);
  const bare = head.method === "OPTIONS" && /^https?:\/\/[^/?]*$/i.test(head.target);
  const target = bare ? "*" : pathAndQuery(head);
  return editHead(head, { ...edits, startLine: `${head.method} ${target} HTTP/${head.version}` });
}

/**
 * The head of a final response, as it goes to the visitor.
 *
 * @param request what it answers
 * @param response as it came from the agent
 * @param close whether our connection with the visitor ends after it
 * @param changed what a policy has made of it
 */
export function forwardResponseHead(
  request: RequestHead,
  response: ResponseHead,
  close: boolean,
  changed?: ResponseView,
): Uint8Array {
  let remove = hopByHopNames(response);
  if (response.has(ERROR_CODE) && !isAgentReport(response)) remove = [...remove, ERROR_CODE];
  const oldVisitor = request.version === "1.0";
  // RFC 9112 section 6.1: whoever speaks HTTP/1.0 is sent no chunks.
  if (oldVisitor && response.chunked) remove = [...remove, "transfer-encoding", "trailer"];
  const add = close ? CLOSE : oldVisitor ? KEEP_ALIVE : NO_LINES;
  if (changed) {
    let edits = mergeChanges({ remove, add }, changed);
    if (changed.hasBody && changed.transforms.length > 0) {
      // Nobody knows how long it will be, and what was said about its end is over.
      edits = {
        ...edits,
        remove: [...edits.remove ?? [], "content-length", "trailer", "transfer-encoding"],
        ...(!oldVisitor && { set: [...edits.set ?? [], ["Transfer-Encoding", "chunked"]] }),
      };
    }
    return editHead(response, { ...edits, ...startLineEdit(response, oldVisitor) });
  }
  return editHead(response, { remove, add, ...startLineEdit(response, oldVisitor) });
}

/**
 * RFC 9112 section 2.3: the version in a message is that of its sender, and that is us. An old
 * visitor keeps the 1.0 of an old service, which may have been spelled otherwise (readStatusLine()).
 */
function startLineEdit(response: ResponseHead, oldVisitor: boolean): { startLine?: string } {
  if (response.version === "1.1") return {};
  return { startLine: `HTTP/${oldVisitor ? "1.0" : "1.1"} ${response.status} ${response.reason}` };
}

/** Ours and the policy's: what the policy takes away it takes away from us too. */
function mergeChanges(ours: HeadEdits, { headers }: RequestView | ResponseView): HeadEdits {
  const theirs = headers.toEdits();
  const kept = ours.set?.filter(([name]) => !headers.removes(name)) ?? [];
  return {
    remove: [...ours.remove ?? [], ...theirs.remove ?? []],
    set: [...kept, ...theirs.set ?? []],
    add: [...theirs.add ?? [], ...ours.add ?? []],
  };
}

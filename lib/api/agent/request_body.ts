/**
 * Bodies and query values of requests to the agent's API: read, bounded, and refused in the words
 * that programs of the ecosystem know.
 *
 * @module
 */
import { badParameter, plainProblem } from "./agent_problem.ts";
import { parseXml } from "./xml.ts";

/** What a body may be. */
const AVAILABLE = ["application/json", "text/xml", "application/xml"];

/** More than any definition of a tunnel; a HAR may be as large as what is kept. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads an object: JSON, or the elements of XML, whose values are text.
 *
 * @param request whose body
 * @throws {AgentProblem} 415, 413, 400
 */
export async function readObject(request: Request): Promise<Record<string, unknown>> {
  const type = (request.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();
  if (!AVAILABLE.includes(type)) {
    throw plainProblem(415, "unsupported request Content-Type", {
      available: AVAILABLE,
      "content-type": type,
    });
  }
  const text = await readText(request);
  let value: unknown;
  try {
    value = type === "application/json" ? JSON.parse(text) : parseXml(text);
  } catch (thrown) {
    throw badParameter(type === "application/json" ? describe(text) : (thrown as Error).message);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badParameter("the body must be a JSON object");
  }
  return value as Record<string, unknown>;
}

async function readText(request: Request): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let total = 0;
  for await (const chunk of request.body ?? []) {
    total += chunk.length;
    if (total > MAX_BYTES) throw plainProblem(413, "request body too large", { max: MAX_BYTES });
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Engines word it each in its way; whether the text ended too early can be told by all. */
function describe(text: string): string {
  if (text.trim() === "") return "EOF";
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (inString) {
      if (char === "\\") at++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
  }
  return inString || depth > 0 ? "unexpected EOF" : "invalid JSON";
}

/**
 * A whole number of the query.
 *
 * @param query where it may stand
 * @param name its name
 * @param fallback without it
 * @param max more is as much
 * @throws {AgentProblem} 400
 */
export function readCount(
  query: URLSearchParams,
  name: string,
  fallback: number,
  max: number,
): number {
  const text = query.get(name);
  if (text === null || text === "") return fallback;
  if (!/^\d{1,9}$/.test(text)) {
    throw badParameter(`Invalid value "${text.slice(0, 100)}" for "${name}": it must be a number`);
  }
  return Math.min(Number(text), max);
}

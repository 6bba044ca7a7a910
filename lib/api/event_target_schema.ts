/**
 * The targets of event destinations: their settings, and what must be given (spec rest-api E22).
 *
 * The cloud services are known by name, so that programs written for them find their fields; this
 * edge delivers to `http`, `file`, `stdout` and `debug`.
 *
 * @module
 */
import { type Schema, z } from "../base/schema.ts";
import type { EventTarget } from "../store/event_target.ts";
import type { ApiCode } from "./codes.ts";
import { flag, text } from "./fields.ts";
import { ApiProblem, problem } from "./problem.ts";

const secretNote = "never shown again";

const auth = z.strictObject({
  role: z.strictObject({
    role_arn: text("The role to take", "arn:aws:iam::123456789012:role/events"),
  }).optional().meta({ description: "A role of AWS" }),
  creds: z.strictObject({
    aws_access_key_id: text("The id of an access key", "AKIAIOSFODNN7EXAMPLE"),
    aws_secret_access_key: text(`The access key; ${secretNote}`, "wJalrXUtnFEMI").optional(),
  }).optional().meta({ description: "An access key of AWS" }),
}).optional().meta({ description: "Either `role` or `creds`" });

const KINDS = {
  http: z.strictObject({
    url: text("Where each event is sent to, as the body of a POST", "https://hooks.example.com/"),
    secret: text(`Signs each request; ${secretNote}`, "a long random text", 1_024).optional(),
    headers: z.record(z.string().min(1).max(256), z.string().max(4_096)).optional()
      .meta({ description: `Further headers; ${secretNote}`, examples: [{ "x-key": "42" }] }),
  }).meta({ description: "A webhook" }),
  file: z.strictObject({
    name: text("The name of a file in the folder of the account", "events.jsonl"),
  }).meta({ description: "A file of the edge, one JSON object a line" }),
  stdout: z.strictObject({})
    .meta({ description: "The standard output of the edge, one JSON object a line" }),
  debug: z.strictObject({
    log: flag("Whether events go to the standard output of the edge", true).optional(),
    callback_url: text("Where each event is sent to, unsigned", "http://localhost:9000/")
      .optional(),
  }).meta({ description: "For trying things out" }),
  firehose: z.strictObject({
    auth,
    delivery_stream_arn: text(
      "The stream",
      "arn:aws:firehose:us-east-2:123456789012:deliverystream/events",
    ),
  }).meta({ description: "AWS Firehose: kept, not delivered to" }),
  kinesis: z.strictObject({
    auth,
    stream_arn: text("The stream", "arn:aws:kinesis:us-east-2:123456789012:stream/events"),
  }).meta({ description: "AWS Kinesis: kept, not delivered to" }),
  cloudwatch_logs: z.strictObject({
    auth,
    log_group_arn: text("The group", "arn:aws:logs:us-east-2:123456789012:log-group:/events"),
  }).meta({ description: "AWS CloudWatch Logs: kept, not delivered to" }),
  datadog: z.strictObject({
    api_key: text(`The API key; ${secretNote}`, "0123456789abcdef").optional(),
    ddtags: text("Tags", "env:prod").optional(),
    service: text("The service", "edge").optional(),
    ddsite: text("The site", "datadoghq.eu").optional(),
  }).meta({ description: "Datadog: kept, not delivered to" }),
  azure_logs_ingestion: z.strictObject({
    tenant_id: text("The tenant", "72f988bf"),
    client_id: text("The application", "b0533b5c"),
    client_secret: text(`Its secret; ${secretNote}`, "8Q~x").optional(),
    logs_ingestion_uri: text("Where to", "https://a.westus2-1.ingest.monitor.azure.com"),
    data_collection_rule_id: text("The rule", "dcr-1"),
    data_collection_stream_name: text("The stream", "Custom-events"),
  }).meta({ description: "Azure Logs Ingestion: kept, not delivered to" }),
};

/** The kinds of targets. */
export const TARGET_KINDS: readonly string[] = Object.keys(KINDS);

const fields = Object.entries(KINDS);

/** A target in a body. */
export const targetField: Schema<EventTarget> = z.strictObject(
  Object.fromEntries(fields.map(([name, schema]) => [name, schema.optional()])),
).meta({ description: "Where events go: exactly one of these" });

/** A target in an answer: every kind is there, all but one null. */
export const targetAnswer: Schema<EventTarget> = z.strictObject(
  Object.fromEntries(fields.map(([name, schema]) => [name, schema.nullable()])),
).meta({
  description: "Where events go: all but one are null. Secrets are left out",
  examples: [showTarget({ http: { url: "https://hooks.example.com/" } })],
});

/** A target as answers have it. */
export function showTarget(target: EventTarget): EventTarget {
  return { ...Object.fromEntries(TARGET_KINDS.map((kind) => [kind, null])), ...target };
}

/**
 * The target to keep.
 *
 * @param given as the body has it
 * @param before what was there before, secrets included: what is secret may be left out of an update
 * @throws {ApiProblem} 5100, 5104, 5106 to 5108, 5115, 5116, 5120, 5133, 5139, 5140
 */
export function readTarget(given: EventTarget, before?: EventTarget): EventTarget {
  const kinds = Object.keys(given);
  const known = TARGET_KINDS.join(", ");
  if (kinds.length === 0) throw problem(5100, `The destination needs a target; one of ${known}`);
  if (kinds.length > 1) {
    throw problem(5115, `A destination has one target, not ${kinds.join(", ")}`);
  }
  const [kind] = kinds;
  if (before && !(kind in before)) {
    const [old] = Object.keys(before);
    throw problem(5108, `Cannot change the target from "${old}" to "${kind}": make another one`);
  }
  const settings = withSecrets(given[kind], before?.[kind]) as Record<string, unknown>;
  checkSettings(kind, settings);
  return { [kind]: settings };
}

/** The settings as given, with the secrets of before where none is given. */
function withSecrets(given: unknown, before: unknown): unknown {
  if (!isObject(given) || !isObject(before)) return given;
  const merged: Record<string, unknown> = { ...given };
  for (const name of ["secret", "headers", "api_key", "client_secret", "aws_secret_access_key"]) {
    if (name in before && !(name in given)) merged[name] = before[name];
  }
  for (const name of ["auth", "creds"]) {
    if (name in given) merged[name] = withSecrets(given[name], before[name]);
  }
  return merged;
}

function checkSettings(kind: string, settings: Record<string, unknown>): void {
  const { url, callback_url: callback, name, client_secret: secret, api_key: key } = settings;
  if (kind === "http") checkUrl("url", url);
  if (callback !== undefined) checkUrl("callback_url", callback);
  if (kind === "file" && !/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(String(name))) {
    throw problem(5140, `The file "${name}" must be a name of letters, digits, ".", "_" and "-"`);
  }
  if (kind === "datadog" && !key) throw problem(5133, "The target needs an API key of Datadog");
  if (kind === "azure_logs_ingestion" && !secret) {
    throw problem(5139, "The target needs the client secret of the Azure application");
  }
  const arn = settings.stream_arn ?? settings.delivery_stream_arn ?? settings.log_group_arn;
  if (arn === undefined) return;
  checkArn(5120, String(arn));
  checkAuth(settings.auth);
}

function checkAuth(given: unknown): void {
  if (!isObject(given)) throw problem(5106, "The target needs an auth field");
  const { role, creds } = given as { role?: { role_arn: string }; creds?: Record<string, string> };
  if (role && creds) throw problem(5116, "Give either a role or credentials, not both");
  if (!role && !creds?.aws_secret_access_key) {
    throw problem(5107, "The target needs a role, or an access key with its secret");
  }
  if (role) checkArn(5104, role.role_arn, ":iam::");
}

function checkArn(code: ApiCode, arn: string, part = ":"): void {
  if (/^arn:[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]*:\d*:.+$/.test(arn) && arn.includes(part)) return;
  throw problem(code, `The ARN "${arn}" is not valid`);
}

function checkUrl(field: string, given: unknown): void {
  try {
    const url = new URL(String(given));
    const isHttp = url.protocol === "https:" || url.protocol === "http:";
    if (isHttp && url.username === "" && url.password === "") return;
  } catch (cause) {
    const message = `The field "${field}" is no URL: "${given}"`;
    throw new ApiProblem(400, message, { ngrokCode: 5140, cause });
  }
  throw problem(
    5140,
    `The field "${field}" must be an http or https URL without a user: "${given}"`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

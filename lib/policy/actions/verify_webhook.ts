/**
 * `verify-webhook`: lets only those requests through that a webhook provider has signed, and answers
 * the questions by which some providers find out whether anybody is there.
 *
 * The body is read whole, within a bound, and goes on as it came. What each provider signs is in
 * `webhooks/`.
 *
 * @module
 */
import { toTunnelError } from "../../base/errors.ts";
import { type Schema, z } from "../../base/schema.ts";
import { type Action, type CompileContext, defineAction } from "../action.ts";
import type { RequestContext } from "../context.ts";
import { policyFault } from "../fault.ts";
import type { Outcome, PolicyProblem } from "../outcome.ts";
import {
  refuted,
  type Verdict,
  type WebhookMessage,
  type WebhookProvider,
  type WebhookTools,
} from "./webhooks/message.ts";
import { WEBHOOK_PROVIDERS } from "./webhooks/providers.ts";

interface VerifyWebhookConfig {
  readonly provider: string;
  readonly secret: string;
  readonly enforce: boolean;
}

const config: Schema<VerifyWebhookConfig> = z.strictObject({
  provider: z.string(),
  secret: z.string().min(1),
  enforce: z.boolean().default(true),
});

/** No larger body is verified: it is held in memory before anybody knows who sent it. */
export const MAX_WEBHOOK_BYTES = 8 * 1024 * 1024;

/** What action results are called. */
const RESULT = "verify_webhook";

/** The action. */
export const verifyWebhook: Action = defineAction({
  type: "verify-webhook",
  phases: ["on_http_request"],
  protos: ["http", "https"],
  config,
  compile({ provider: id, secret: given, enforce }, context) {
    const provider = findProvider(id, context);
    const secret = context.text("secret", given);
    if (secret.constant !== undefined) {
      const complaint = provider.complain?.(secret.constant);
      if (complaint !== undefined) {
        throw policyFault(
          2203,
          `Cannot use the secret in ${context.where}: for ${provider.title} ${complaint}`,
        );
      }
    }
    const { clock, fetchBytes } = context;
    const tools: WebhookTools = { keys: new Map(), ...(fetchBytes && { fetchBytes }) };
    return {
      async onHttpRequest(request): Promise<Outcome> {
        const verdict = await judge(provider, request, clock.now(), secret.of(request), tools)
          .catch((thrown: unknown) => {
            // Nobody can say whether it is genuine: a 500 makes the provider send it again.
            if (enforce) throw thrown;
            return refuted(toTunnelError(thrown).message);
          });
        request.results.set(RESULT, resultOf(verdict));
        if (verdict.answer && (verdict.verified || enforce)) {
          const { status, contentType, body } = verdict.answer;
          const headers = [["Content-Type", contentType]] as const;
          return { do: "respond", response: { status, headers, body } };
        }
        if (verdict.verified || !enforce) return undefined;
        return { do: "fail", problem: notGenuine(provider.title, verdict.reason) };
      },
    };
  },
});

function findProvider(id: string, context: CompileContext): WebhookProvider {
  const provider = WEBHOOK_PROVIDERS.get(id);
  if (!provider) {
    throw policyFault(
      364,
      `Cannot verify webhooks of "${id}": there is no such provider; there are ${
        [...WEBHOOK_PROVIDERS.keys()].join(", ")
      }`,
    );
  }
  if (provider.fetches && !context.fetchBytes) {
    throw policyFault(
      364,
      `Cannot verify webhooks of "${id}": ${provider.title} signs with a certificate that has to be ` +
        "fetched, and this edge fetches nothing",
    );
  }
  return provider;
}

async function judge(
  provider: WebhookProvider,
  { request }: RequestContext,
  nowMs: number,
  secret: string,
  tools: WebhookTools,
): Promise<Verdict> {
  // An expression may come to nothing, and a keyed hash without a key proves nothing.
  if (secret === "") return refuted("the configured secret is empty");
  const { head } = request;
  const body = (head.contentLength ?? 0) > MAX_WEBHOOK_BYTES
    ? undefined
    : await request.body(MAX_WEBHOOK_BYTES);
  if (!body) return refuted(`its body is larger than ${MAX_WEBHOOK_BYTES} bytes`);
  const target = head.query === undefined ? head.path : `${head.path}?${head.query}`;
  const message: WebhookMessage = {
    method: head.method,
    // As the sender wrote it: what actions changed is none of its business.
    url: `${request.scheme}://${request.authority}${target}`,
    header: (name) => head.has(name) ? head.all(name).join(", ") : undefined,
    body,
    nowMs,
  };
  return await provider.verify(message, secret, tools);
}

function resultOf(verdict: Verdict): Readonly<Record<string, unknown>> {
  if (verdict.verified) return { verified: true };
  return {
    verified: false,
    error: { code: "ERR_NGROK_3204", message: `The webhook was refused: ${verdict.reason}` },
  };
}

function notGenuine(title: string, reason: string): PolicyProblem {
  return {
    status: 403,
    ngrokCode: 3204,
    title: "This is no genuine webhook",
    message: `The request is not a webhook that ${title} signed: ${reason}.`,
    fault: "visitor",
    advice: [
      `Visitors: this address is for webhooks of ${title} only.`,
      "Owners: compare the secret in the traffic policy with the one that the provider shows.",
      "Owners: if the reason is a timestamp, check the clocks.",
    ],
  };
}

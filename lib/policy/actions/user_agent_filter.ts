/**
 * `user-agent-filter`: lets visitors in by what their program calls itself. An action of our own,
 * for the module of that name that older agents send.
 *
 * A request passes when its first `User-Agent` matches a rule that allows, or when there are rules
 * that deny and it matches none of them. Without the header it passes only if a rule allows "".
 *
 * @module
 */
import { type Schema, z } from "../../base/schema.ts";
import { type Action, defineAction } from "../action.ts";
import { policyFault } from "../fault.ts";
import type { Ending } from "../outcome.ts";
import { compileRegex, type Regex } from "../regex.ts";

interface UserAgentFilterConfig {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

const config: Schema<UserAgentFilterConfig> = z.strictObject({
  allow: z.array(z.string()).default([]),
  deny: z.array(z.string()).default([]),
}) as Schema<UserAgentFilterConfig>;

const REFUSAL: Ending = {
  do: "fail",
  problem: {
    status: 403,
    ngrokCode: 3211,
    title: "Your program may not come in",
    message: "This endpoint does not answer programs that call themselves what yours does.",
    fault: "visitor",
    advice: ["Use another browser, or ask the owner to let its User-Agent in."],
  },
};

/** The action. */
export const userAgentFilter: Action = defineAction({
  type: "user-agent-filter",
  phases: ["on_http_request"],
  config,
  compile({ allow, deny }, { where }) {
    if (allow.length + deny.length === 0) {
      throw policyFault(2223, `Cannot use ${where}: it needs a rule in "allow" or "deny"`);
    }
    const [allowed, denied] = [allow, deny].map((list) => list.map((text) => rule(text, where)));
    return {
      onHttpRequest({ request }) {
        const [userAgent] = request.headers.all("user-agent");
        if (allowed.some((regex) => regex.test(userAgent ?? ""))) return undefined;
        const passes = userAgent !== undefined && denied.length > 0 &&
          !denied.some((regex) => regex.test(userAgent));
        return passes ? undefined : REFUSAL;
      },
    };
  },
});

function rule(text: string, where: string): Regex {
  try {
    return compileRegex(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw policyFault(
      2090,
      `Cannot use ${where}: ${JSON.stringify(text)} is no regular expression: ${reason}`,
      cause,
    );
  }
}

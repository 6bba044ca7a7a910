/**
 * `restrict-ips`: lets visitors in by their address. It looks at the connection alone, never at
 * what a header claims.
 *
 * @module
 */
import { type Schema, z } from "../../base/schema.ts";
import { type Cidr, covers, formatCidr, type IpRule, parseCidr } from "../../http/cidr.ts";
import { type Action, type CompileContext, defineAction, type LiveIpRules } from "../action.ts";
import type { PolicyContext } from "../context.ts";
import { policyFault } from "../fault.ts";
import type { Ending, Outcome } from "../outcome.ts";

interface RestrictIpsConfig {
  readonly enforce: boolean;
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly ip_policies: readonly string[];
}

const config: Schema<RestrictIpsConfig> = z.strictObject({
  enforce: z.boolean().default(true),
  allow: z.array(z.string()).default([]),
  deny: z.array(z.string()).default([]),
  ip_policies: z.array(z.string()).default([]),
}) as Schema<RestrictIpsConfig>;

/** The action. */
export const restrictIps: Action = defineAction({
  type: "restrict-ips",
  phases: ["on_tcp_connect", "on_http_request", "on_http_response"],
  config,
  async compile({ enforce, allow, deny, ip_policies: policies }, context) {
    const own = [
      ...compileRanges("allow", allow, context),
      ...compileRanges("deny", deny, context),
    ];
    const live = await openPolicies(policies, context);
    if (own.length === 0 && live.length === 0) {
      throw policyFault(
        2223,
        `Cannot use ${context.where}: without allow, deny or ip_policies it would let nobody in`,
      );
    }
    const code = policies.length > 0 && own.length === 0 ? 3203 : 3205;
    const decide = (traffic: PolicyContext): boolean => {
      const { clientIp } = traffic.connection;
      const { admitted, matched } = judge([...own, ...live.flatMap(rangesOf)], clientIp);
      traffic.results.set("restrict_ips", {
        action: admitted ? "allow" : "deny",
        matched_cidr: matched ? formatCidr(matched) : "",
      });
      return admitted || !enforce;
    };
    const answer = (traffic: PolicyContext): Outcome => decide(traffic) ? undefined : refusal(code);
    return {
      onTcpConnect: (traffic) => decide(traffic) ? undefined : CLOSE,
      onHttpRequest: answer,
      onHttpResponse: answer,
    };
  },
});

const CLOSE: Ending = { do: "close" };

interface Range {
  readonly cidr: Cidr;
  readonly action: "allow" | "deny";
}

function compileRanges(
  action: "allow" | "deny",
  texts: readonly string[],
  context: CompileContext,
): Range[] {
  return texts.map((text) => {
    if (context.text(action, text).constant === undefined) {
      throw policyFault(
        2217,
        `Cannot use ${context.where}: ranges of addresses must be written out, and ${
          JSON.stringify(text)
        } is an expression`,
      );
    }
    const cidr = parseCidr(text.trim());
    if (cidr) return { cidr, action };
    throw policyFault(
      2217,
      `Cannot use ${context.where}: ${JSON.stringify(text)} in "${action}" is no range of ` +
        "addresses such as 192.0.2.0/24 or 2001:db8::/32; a single address ends in /32 or /128",
    );
  });
}

async function openPolicies(
  ids: readonly string[],
  { ipPolicy, where }: CompileContext,
): Promise<LiveIpRules[]> {
  const live: LiveIpRules[] = [];
  for (const id of ids) {
    const rules = await ipPolicy?.(id);
    if (!rules) {
      throw policyFault(2216, `Cannot use ${where}: your account has no IP policy "${id}"`);
    }
    live.push(rules);
  }
  return live;
}

const RANGES = new WeakMap<readonly IpRule[], readonly Range[]>();

/** The rules of a policy, parsed once for as long as they are the same. */
function rangesOf({ rules }: LiveIpRules): readonly Range[] {
  let ranges = RANGES.get(rules);
  if (!ranges) {
    ranges = rules.flatMap(({ cidr: text, action }) => {
      const cidr = parseCidr(text);
      return cidr ? [{ cidr, action }] : [];
    });
    RANGES.set(rules, ranges);
  }
  return ranges;
}

/** Some range allows it, and none denies it. */
function judge(
  ranges: readonly Range[],
  ip: string,
): { admitted: boolean; matched: Cidr | undefined } {
  let matched: Cidr | undefined;
  for (const { cidr, action } of ranges) {
    if (!covers(cidr, ip)) continue;
    if (action === "deny") return { admitted: false, matched: cidr };
    matched ??= cidr;
  }
  return { admitted: matched !== undefined, matched };
}

function refusal(ngrokCode: number): Ending {
  return {
    do: "fail",
    problem: {
      status: 403,
      ngrokCode,
      title: "Your address may not come in",
      message: ngrokCode === 3203
        ? "An IP policy of this endpoint does not let your address in."
        : "This endpoint does not let your address in.",
      fault: "visitor",
      advice: ["Come from another network, or ask the owner to let your address in."],
    },
  };
}

import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import type { LiveIpRules } from "../../../../lib/policy/action.ts";
import {
  compileAction,
  connectContext,
  requestContext,
  responseContext,
  testServices,
} from "../testing.ts";

async function codeFor(config: unknown, clientIp: string): Promise<number | undefined> {
  const policy = await compileAction("on_http_request", "restrict-ips", config);
  const outcome = await policy.onHttpRequest!(requestContext(["GET / HTTP/1.1"], { clientIp }));
  return outcome?.do === "fail" ? outcome.problem.ngrokCode : undefined;
}

test("restrict-ips lets in what some range allows and none denies, both families", async () => {
  const config = { allow: ["192.0.2.0/24", "2001:db8::/32"], deny: ["192.0.2.66/32"] };
  assert.equal(await codeFor(config, "192.0.2.1"), undefined);
  assert.equal(await codeFor(config, "::ffff:192.0.2.1"), undefined);
  assert.equal(await codeFor(config, "2001:db8::1"), undefined);
  assert.equal(await codeFor(config, "192.0.2.66"), 3205);
  assert.equal(await codeFor(config, "198.51.100.1"), 3205);
  assert.equal(await codeFor(config, "2001:db9::1"), 3205);
});

test("restrict-ips writes down what matched, and lets everybody in without enforcement", async () => {
  const config = { allow: ["192.0.2.0/24"], enforce: false };
  const policy = await compileAction("on_http_request", "restrict-ips", config);
  for (
    const [clientIp, action, matched_cidr] of [
      ["192.0.2.1", "allow", "192.0.2.0/24"],
      ["198.51.100.1", "deny", ""],
    ]
  ) {
    const traffic = requestContext(["GET / HTTP/1.1"], { clientIp });
    assert.equal(policy.onHttpRequest!(traffic), undefined);
    assert.deepEqual(traffic.results.get("restrict_ips"), { action, matched_cidr });
  }
});

test("restrict-ips closes a raw connection, and takes an answer back", async () => {
  const config = { allow: ["198.51.100.0/24"] };
  const raw = await compileAction("on_tcp_connect", "restrict-ips", config);
  assert.deepEqual(raw.onTcpConnect!(connectContext()), { do: "close" });
  const late = await compileAction("on_http_response", "restrict-ips", config);
  assert.equal((await late.onHttpResponse!(responseContext()))?.do, "fail");
});

test("restrict-ips obeys IP policies as they are now", async () => {
  const live = { rules: [{ cidr: "192.0.2.0/24", action: "allow" as const }] };
  const services = testServices({
    ipPolicy: (id): Promise<LiveIpRules | undefined> =>
      Promise.resolve(id === "ipp_1" ? live : undefined),
  });
  const config = { ip_policies: ["ipp_1"] };
  const policy = await compileAction("on_http_request", "restrict-ips", config, "https", services);
  assert.equal(policy.onHttpRequest!(requestContext()), undefined);
  live.rules = [];
  const outcome = await policy.onHttpRequest!(requestContext());
  assert.equal(outcome?.do === "fail" && outcome.problem.ngrokCode, 3203);
  await assert.rejects(
    compileAction("on_http_request", "restrict-ips", { ip_policies: ["ipp_2"] }, "https", services),
    { ngrokCode: 2216, message: /no IP policy "ipp_2"/ },
  );
});

test("restrict-ips refuses what is no range, naming it", async () => {
  for (const text of ["192.0.2.1", "example.com", "10.0.0.0/33", "${vars.range}"]) {
    await assert.rejects(
      compileAction("on_http_request", "restrict-ips", { allow: [text] }),
      (error: { ngrokCode?: number }) => error.ngrokCode === 2217 || error.ngrokCode === 2224,
    );
  }
  await assert.rejects(compileAction("on_http_request", "restrict-ips", {}), { ngrokCode: 2223 });
});

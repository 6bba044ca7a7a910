import assert from "node:assert/strict";
import fc from "fast-check";
import { parseXml, toXml } from "../../../../lib/api/agent/xml.ts";
import { test } from "../../../harness.ts";

test("toXml() names elements as Go does, repeats lists, and leaves away what is null", () => {
  const value = { public_url: "a", http_requests_uri: "b", list: [1, 2], "content-type": null };
  assert.equal(
    toXml("r", value),
    "<r><PublicURL>a</PublicURL><HTTPRequestsURI>b</HTTPRequestsURI><List>1</List><List>2</List></r>\n",
  );
  assert.equal(
    toXml("r", { headers: { 'X-"Y': ["1", "<2>"] } }),
    '<r><Headers><Header Name="X-&#34;Y">1</Header><Header Name="X-&#34;Y">&lt;2&gt;</Header></Headers></r>\n',
  );
  assert.equal(
    toXml("r", { msg: "a\0\n\ud83d\ude00" }),
    "<r><Msg>a\ufffd&#xA;\ud83d\ude00</Msg></r>\n",
  );
});

test("parseXml() reads names as JSON has them, text, lists and objects", () => {
  const text = '\ufeff<?xml version="1.0"?><!-- a --><t a="1">\n <Name>a &amp; &#x62;&#99;</Name>' +
    "<BindTLS>both</BindTLS><Schemes>http</Schemes><Schemes>https</Schemes><IPRestriction>" +
    "<AllowCIDRs>::/0</AllowCIDRs></IPRestriction><OAuth/><host_header><![CDATA[<&]]></host_header></t>\n";
  assert.deepEqual(parseXml(text), {
    ...{ name: "a & bc", bind_tls: "both", schemes: ["http", "https"], oauth: "" },
    ...{ ip_restriction: { allow_cidrs: "::/0" }, host_header: "<&" },
  });
});

test("parseXml() says what it trips over, and follows no document type", () => {
  for (
    const [text, found] of [
      ["", /unexpected EOF/],
      ["<a>", /unexpected EOF/],
      ["<a></b>", /unexpected <\/b>/],
      ["</a>", /unexpected <\/a>/],
      ["<a/><b/>", /more than one/],
      ["x<a/>", /outside/],
      ["<a>&lol;</a>", /unknown "&lol;"/],
      ["<a>&#x110000;</a>", /unknown/],
      ['<!DOCTYPE a [<!ENTITY lol "x">]><a/>', /unexpected "<!DOCTYPE/],
      ["<a>".repeat(40), /too deep/],
      ["<a <b>", /unexpected/],
    ] as const
  ) assert.throws(() => parseXml(text), found, text);
  const polluted = parseXml("<a><__proto__><x>1</x></__proto__></a>");
  assert.equal(Object.hasOwn(polluted, "__proto__"), true);
  assert.equal(({} as { x?: unknown }).x, undefined);
});

test("parseXml() gives back any text that toXml() wrote", () => {
  // XML cannot say control characters, and halves of pairs are no text.
  const text = fc.string({ unit: "grapheme", minLength: 1 });
  fc.assert(fc.property(text, (value) => {
    // deno-lint-ignore no-control-regex -- as above
    const clean = value.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, "");
    assert.deepEqual(parseXml(toXml("r", { name: clean })), { name: clean });
  }));
});

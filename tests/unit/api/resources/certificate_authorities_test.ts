import { test } from "../../../harness.ts";
import { withApi } from "../kit.ts";
import { issue } from "../x509_kit.ts";
import { assertRefused, journey, longTexts } from "./journey.ts";

const path = "/certificate_authorities";

test("certificate_authorities: created, read, listed, changed, deleted", async () => {
  const { certPem } = await issue({ ca: true, subject: "CN=Example CA" });
  await withApi((stage) =>
    journey(stage, {
      path,
      prefix: "ca",
      event: "certificate_authority",
      create: { ca_pem: certPem },
      created: {
        ca_pem: certPem,
        subject_common_name: "Example CA",
        key_usages: ["keyCertSign"],
        extended_key_usages: [],
      },
      update: { description: "d" },
      updated: { description: "d", subject_common_name: "Example CA" },
    })
  );
});

test("certificate_authorities: refuses what it must, with its numbers", async () => {
  const leaf = await issue();
  const ca = await issue({ ca: true });
  await withApi(async ({ caller }) => {
    const post = (ca_pem: string | undefined, code: number) =>
      [String(code), "POST", path, { ca_pem }, code, 400] as const;
    await assertRefused(caller, [
      post(undefined, 1919),
      post("", 1919),
      post("hello", 1920),
      post(leaf.certPem, 1913),
      post(ca.certPem + ca.certPem, 1912),
      post(ca.keyPem, 1925),
      ...longTexts(path, { ca_pem: ca.certPem }, 1914, 1915),
    ]);
  });
});

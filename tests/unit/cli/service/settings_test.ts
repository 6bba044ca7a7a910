import assert from "node:assert/strict";
import { loadConfig } from "../../../../lib/cli/config_file.ts";
import {
  checkWishes,
  serviceWishes,
  writtenFolders,
} from "../../../../lib/cli/service/settings.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { SERVICE_CONFIG } from "../../../fakes/service_machine.ts";
import { test } from "../../../harness.ts";

async function load(text: string) {
  const { host } = memoryRuntime({ host: { files: { "/c.yml": text } } });
  return { host, config: await loadConfig(host, ["/c.yml"]) };
}

test("S63 serviceWishes() is everything of the configuration", async () => {
  const { config } = await load(SERVICE_CONFIG);
  assert.deepEqual(serviceWishes(config).map(({ wish }) => wish.name), ["web", "api", "ssh"]);
});

test("serviceWishes() wants an edge, an endpoint, and options that can be", async () => {
  const web = "endpoints: [{name: web, upstream: {url: 80}}]\n";
  for (
    const [text, message] of [
      [
        "version: 3\n" + web,
        /does not say which edge to dial.*add-connect-url <host:port> --config/,
      ],
      ['version: 3\nagent: {connect_url: "e.test:443"}\n', /"\/c\.yml": it has no "endpoints"/],
      [`version: 3\nagent: {connect_url: "https://e.test"}\n${web}`, /it has no scheme/],
      [
        'version: 3\nagent: {connect_url: "e.test:443"}\nendpoints: [{name: a, upstream: {url: "ftp://x"}}]\n',
        /ftp/,
      ],
    ] as const
  ) {
    const judged = load(text).then(({ config }) => serviceWishes(config));
    await assert.rejects(judged, { code: "config_invalid", message });
  }
});

test("checkWishes() looks at the policies in files, and fetches none", async () => {
  const policy = (where: string) =>
    `version: 3\nagent: {connect_url: "e.test:443"}\nendpoints: [{name: a, upstream: {url: 80}, ${where}}]\n`;
  const gone = await load(policy("traffic_policy_file: /none.yml"));
  await assert.rejects(checkWishes(gone.host, serviceWishes(gone.config), "/"), {
    code: "not_found",
    message: /traffic policy "\/none\.yml"/,
  });
  const far = await load(policy('traffic_policy_url: "http://127.0.0.1:1/p"'));
  await checkWishes(far.host, serviceWishes(far.config), "/");
});

test("checkWishes() looks beside the configuration, wherever the installer stands", async () => {
  const text =
    'version: 3\nagent: {connect_url: "e.test:443"}\nendpoints: [{name: a, upstream: {url: 80}, traffic_policy_file: p.yml}]\n';
  const { host, config } = await load(text);
  await assert.rejects(checkWishes(host, serviceWishes(config), "/etc"), { code: "not_found" });
  await host.files.makeDir("/etc");
  await host.files.write("/etc/p.yml", "on_http_request: []\n");
  await checkWishes(host, serviceWishes(config), "/etc");
});

test("writtenFolders() is where the log goes, when it is a file", async () => {
  const { config } = await load(SERVICE_CONFIG);
  assert.deepEqual(writtenFolders(config, "/etc"), []);
  const logged = await load("version: 3\nagent: {log: /var/log/sallyport/agent.log}\n");
  assert.deepEqual(writtenFolders(logged.config, "/etc"), ["/var/log/sallyport"]);
});

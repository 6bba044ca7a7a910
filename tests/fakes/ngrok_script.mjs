/**
 * A script as people write them for `@ngrok/ngrok`. The same lines run with that package and with
 * ours; started as a program it takes the package's name and its settings as arguments and prints
 * what happened as JSON.
 */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import http from "node:http";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** One request through the edge. */
function ask(port, url, path, headers = {}) {
  return new Promise((resolve, reject) => {
    const host = new URL(url).host;
    http.get(
      { host: "127.0.0.1", port, path, headers: { ...headers, host }, agent: false },
      (response) => {
        let text = "";
        response.on("data", (data) => text += data);
        response.on("end", () => resolve(`${response.statusCode} ${text}`));
      },
    ).on("error", reject);
  });
}

/** What a person does with the package. */
export async function run(ngrok, { serverAddr, caPath, authtoken, httpPort }) {
  const happened = [];
  const note = (name, value) => happened.push([name, value]);
  const server = http.createServer((request, response) => {
    response.end(`${request.method} ${request.url} ${request.headers["x-added"] ?? ""}`);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  const options = { server_addr: serverAddr, root_cas: caPath, authtoken };

  // forward(): one call
  const listener = await ngrok.forward({
    ...options,
    addr: `127.0.0.1:${port}`,
    domain: "one.tunnel.test",
    schemes: ["HTTP"],
    basic_auth: "ngrok:online1line",
    request_header_add: "x-added:yes",
    metadata: "mine",
    onLogEvent: () => {},
  });
  note("url", listener.url());
  note("proto", listener.proto());
  note("metadata", listener.metadata());
  note("labels", listener.labels());
  note("has id", listener.id().length > 0);
  note("without password", (await ask(httpPort, listener.url(), "/a")).slice(0, 3));
  const Authorization = `Basic ${Buffer.from("ngrok:online1line").toString("base64")}`;
  note("with password", await ask(httpPort, listener.url(), "/b?c=1", { Authorization }));
  note("listeners", (await ngrok.listeners()).map((one) => one.url()));
  note("by id", (await ngrok.getListener(listener.id()))?.url());
  note("by url", (await ngrok.getListenerByUrl(listener.url()))?.id() === listener.id());
  try {
    await ngrok.forward({ ...options, addr: port, domain: "other.example.com" });
    note("refused", false);
  } catch (error) {
    note("refused", /^ERR_NGROK_\d+$/.test(error.errorCode));
  }
  await ngrok.disconnect(listener.url());
  note("after disconnect", await ngrok.listeners());

  // builders: a session with several listeners
  const session = await new ngrok.SessionBuilder()
    .authtoken(authtoken)
    .serverAddr(serverAddr)
    .caCert(readFileSync(caPath))
    .metadata("script")
    .clientInfo("my-script", "1.2.3")
    .handleHeartbeat(() => {})
    .connect();
  const web = await session.httpEndpoint()
    .scheme("HTTP")
    .domain("two.tunnel.test")
    .requestHeader("x-added", "by builder")
    .listenAndForward(`http://127.0.0.1:${port}`);
  note("builder url", web.url());
  note("builder answer", await ask(httpPort, web.url(), "/two"));
  const tcp = await session.tcpEndpoint().listen();
  void tcp.forward(`127.0.0.1:${port}`).catch(() => {});
  const at = new URL(tcp.url());
  note("tcp", [tcp.proto(), at.protocol, Number(at.port) > 0]);
  note("session listeners", (await session.listeners()).length);
  await session.closeListener(tcp.id());
  note("after closeListener", (await session.listeners()).length);

  // a server that listens on the listener
  const served = http.createServer((_, response) => response.end("served"));
  const own = await session.httpEndpoint().scheme("HTTP").domain("three.tunnel.test")
    .listenAndServe(served);
  note("served", await ask(httpPort, own.url(), "/"));
  const listened = http.createServer((_, response) => response.end("listened"));
  const handed = await session.httpEndpoint().scheme("HTTP").domain("four.tunnel.test").listen();
  await new Promise((resolve) => listened.listen(handed, resolve));
  note("listened", await ask(httpPort, handed.url(), "/"));
  await ngrok.kill();
  await session.close();
  listened.close();
  served.close();
  server.close();
  return happened;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name, settings] = process.argv.slice(2);
  const { default: ngrok } = await import(name);
  const happened = JSON.stringify(await run(ngrok, JSON.parse(settings)));
  process.stdout.write(`${happened}\n`, () => process.exit(0));
}

/**
 * A real Vite with our plugin, visited at its URL. Started as a program, in a folder of its own that it
 * is told, because Vite leaves timers behind; it prints what happened as JSON. `vite_test.ts` runs it.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { join } from "node:path";
import process from "node:process";
import { createLogger, createServer } from "vite";
import { sallyport } from "../../vite.ts";

const [root] = process.argv.slice(2);
mkdirSync(root, { recursive: true });
writeFileSync(join(root, "index.html"), '<script type="module" src="/main.js"></script>');
writeFileSync(join(root, "main.js"), "import.meta.hot.accept();");

/** One request to the URL. */
function get(url: string, path: string): Promise<string> {
  const { host, port } = new URL(url);
  return new Promise((resolve, reject) => {
    http.get({ host: "127.0.0.1", port, path, headers: { host }, agent: false }, (response) => {
      let text = `${response.statusCode} `;
      response.on("data", (data: Uint8Array) => text += new TextDecoder().decode(data));
      response.on("end", () => resolve(text));
    }).on("error", reject);
  });
}

/** A WebSocket as Vite's client opens one, and what it hears. */
function hear(url: string, path: string) {
  const { host, port, origin } = new URL(url);
  const socket = net.connect(Number(port), "127.0.0.1");
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${origin}\r\nConnection: Upgrade\r\n` +
      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: vite-hmr\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  let text = "";
  let heard = () => {};
  socket.on("data", (data: Uint8Array) => {
    text += new TextDecoder("latin1").decode(data);
    heard();
  });
  return {
    until: (wanted: string) =>
      new Promise<true>((resolve) => {
        heard = () => void (text.includes(wanted) && resolve(true));
        heard();
      }),
    close: () => socket.destroy(),
  };
}

const printed: string[] = [];
const customLogger = createLogger("silent");
customLogger.info = (line) => void printed.push(line);
const vite = await createServer({
  ...{ root, configFile: false, customLogger, cacheDir: join(root, ".cache") },
  optimizeDeps: { noDiscovery: true },
  server: { port: 0, host: "127.0.0.1", allowedHosts: ["else.example"], watch: null },
  plugins: [sallyport({ url: "vite.localhost" })],
});
await vite.listen();
vite.printUrls();
const url = /Public: {2}(\S+)$/m.exec(printed.join("\n"))![1];
const page = await get(url, "/");
const module = await get(url, "/main.js");
const token = /wsToken = "([^"]+)"/.exec(await get(url, "/@vite/client"))![1];
const socket = hear(url, `/?token=${token}`);
const isConnected = await socket.until('{"type":"connected"}');
vite.ws.send({ type: "full-reload" });
const isReloaded = await socket.until('{"type":"full-reload"}');
socket.close();
await vite.restart();
printed.length = 0;
vite.printUrls();
const again = await get(url, "/");
const happened = {
  url,
  allowedHosts: vite.config.server.allowedHosts,
  hasPage: /^200 [^]*\/@vite\/client/.test(page),
  hasModule: /^200 [^]*createHotContext\("\/main\.js"\)/.test(module),
  isConnected,
  isReloaded,
  isSame: again === page && printed.some((line) => line.endsWith(url)),
};
await vite.close();
process.stdout.write(`${JSON.stringify(happened)}\n`, () => process.exit(0));

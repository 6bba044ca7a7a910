/**
 * `websocket-tcp-converter`: the visitor speaks WebSocket, the service gets the bytes in its binary
 * frames as a plain TCP connection, and its bytes go back in binary frames.
 *
 * @module
 */
import { encodeText } from "../../base/bytes.ts";
import { type Schema, z } from "../../base/schema.ts";
import type { RequestHead } from "../../http/head.ts";
import { isWebSocketRequest } from "../../http/upgrade.ts";
import { acceptKey } from "../../http/websocket.ts";
import { type Action, defineAction } from "../action.ts";
import type { Outcome } from "../outcome.ts";
import { WebSocketDuplex } from "../websocket_duplex.ts";

const config: Schema<Record<never, never>> = z.strictObject({});

/** The action. */
export const websocketTcpConverter: Action = defineAction({
  type: "websocket-tcp-converter",
  phases: ["on_http_request"],
  protos: ["http", "https"],
  config,
  compile(_config, { clock }) {
    return {
      onHttpRequest(context) {
        const { head } = context.request;
        const fault = handshakeFault(head);
        if (fault !== undefined) return refusal(fault);
        return handshake(head).then((answer) => {
          context.convert({ answer, wrap: (visitor) => new WebSocketDuplex(visitor, clock) });
          return undefined;
        });
      },
    };
  },
});

/** What is wrong with a handshake (RFC 6455 section 4.2.1), and the status that says so. */
interface HandshakeFault {
  readonly status: number;
  readonly found: string;
}

function handshakeFault(head: RequestHead): HandshakeFault | undefined {
  if (!isWebSocketRequest(head)) {
    return { status: 400, found: "it does not ask for an upgrade to websocket" };
  }
  if (head.chunked || (head.contentLength ?? 0) > 0) return { status: 400, found: "it has a body" };
  const keys = head.all("sec-websocket-key");
  // 16 bytes in base64.
  if (keys.length !== 1 || !/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(keys[0])) {
    return { status: 400, found: "its Sec-WebSocket-Key is not 16 bytes in base64" };
  }
  const version = head.get("sec-websocket-version");
  if (version !== "13") {
    return { status: 426, found: `its Sec-WebSocket-Version is ${version ?? "missing"}, not 13` };
  }
  return undefined;
}

function refusal({ status, found }: HandshakeFault): Outcome {
  return {
    do: "fail",
    problem: {
      status,
      ngrokCode: 3206,
      title: "This endpoint speaks WebSocket",
      message: `This endpoint expects a WebSocket, and the request opens none: ${found}.`,
      fault: "visitor",
      advice: ["Connect with a WebSocket client, and send binary frames."],
      // RFC 9110 section 15.5.22 and RFC 6455 section 4.4.
      headers: status === 426
        ? [["Upgrade", "websocket"], ["Connection", "Upgrade"], ["Sec-WebSocket-Version", "13"]]
        : [],
    },
  };
}

async function handshake(head: RequestHead): Promise<Uint8Array> {
  const accept = await acceptKey(head.get("sec-websocket-key")!);
  const protocol = subprotocol(head);
  return encodeText(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\n` +
      (protocol === undefined ? "" : `Sec-WebSocket-Protocol: ${protocol}\r\n`) + "\r\n",
  );
}

/**
 * The subprotocol we agree to: what is spoken above the bytes is between visitor and service, and a
 * browser that offered some gives up when none is taken. `binary` is what means just this.
 */
function subprotocol(head: RequestHead): string | undefined {
  const offered = head.all("sec-websocket-protocol").join(",").split(",")
    .map((name) => name.trim()).filter((name) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/.test(name));
  return offered.find((name) => name === "binary") ?? offered[0];
}

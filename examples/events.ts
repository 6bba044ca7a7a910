// Server-sent events: the time, for as long as somebody listens.
import { serve } from "@sallyport/sallyport";

const tunnel = await serve((request) => {
  let timer: ReturnType<typeof setInterval>;
  const events = new ReadableStream<string>({
    start(controller) {
      const tell = () => controller.enqueue(`event: time\ndata: ${new Date().toISOString()}\n\n`);
      tell();
      timer = setInterval(tell, 1_000);
      request.signal.addEventListener("abort", () => clearInterval(timer));
    },
    cancel: () => clearInterval(timer),
  });
  return new Response(events.pipeThrough(new TextEncoderStream()), {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}, { url: "events.localhost" });

console.log(tunnel.url);

/**
 * A REST API that answers from memory what the admin page asks for, with objects of the shapes the
 * real one has: for looking at the page in states that are hard to bring about.
 *
 * @module
 */
import { Hono } from "hono";
import type { AdminEdge } from "../../lib/api/admin.ts";

/** What the stub answers from; tests change it under the page. */
export class AdminStub {
  /** The only key it accepts. */
  readonly key = "2abcdefghijklmnopqrstuvwxyz_secretofthestub0123";
  endpoints: Record<string, unknown>[] = [];
  sessions: Record<string, unknown>[] = [];
  credentials: Record<string, unknown>[] = [];
  domains: Record<string, unknown>[] = [];
  /** What the edge itself knows of them. */
  edge: AdminEdge = {
    domain: "tunnels.example.com",
    connectAddress: "connect.tunnels.example.com:443",
    caPem: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    endpoints: () => [],
    sessions: () => [],
  };
  /** The next change is refused with this. */
  refusal: { status: number; msg: string; error_code?: string } | undefined;
  /** Every request: `POST /credentials`. */
  readonly asked: string[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  authenticate(request: Request): boolean {
    return request.headers.get("authorization") === `Bearer ${this.key}`;
  }

  /** The routes of the REST API. */
  routes(): Hono {
    const app = new Hono();
    app.use(async (context, next) => {
      this.asked.push(`${context.req.method} ${context.req.path}`);
      if (!this.authenticate(context.req.raw)) {
        return context.json({
          error_code: "ERR_NGROK_203",
          status_code: 401,
          msg: "The API key is not known.",
          details: {},
        }, 401);
      }
      if (context.req.method !== "GET" && this.refusal) {
        const { status, ...rest } = this.refusal;
        this.refusal = undefined;
        return context.json({ status_code: status, details: {}, ...rest }, status as 400);
      }
      await next();
    });
    const list = (key: string, items: () => Record<string, unknown>[]) =>
      app.get(
        `/${key}`,
        (context) => context.json({ [key]: items(), uri: `/${key}`, next_page_uri: null }),
      );
    list("endpoints", () => this.endpoints);
    list("tunnel_sessions", () => this.sessions);
    list("credentials", () => this.credentials.map((one) => ({ ...one, token: null })));
    list("reserved_domains", () => this.domains);
    app.post("/credentials", async (context) => {
      const made = {
        id: `cr_${this.credentials.length}stubstubstubstubstubstubst`,
        created_at: this.#date(),
        ...await context.req.json(),
        token: "2abcdefghijklmnopqrstuvwxyz0_newtokenofthestub456789",
      };
      this.credentials = [made, ...this.credentials];
      return context.json(made, 201);
    });
    app.patch("/credentials/:id", async (context) => {
      const changes = await context.req.json();
      this.credentials = this.credentials.map((one) =>
        one.id === context.req.param("id") ? { ...one, ...changes } : one
      );
      return context.json(this.credentials.find(({ id }) => id === context.req.param("id"))!);
    });
    app.delete("/credentials/:id", (context) => {
      this.credentials = this.credentials.filter(({ id }) => id !== context.req.param("id"));
      return context.body(null, 204);
    });
    app.post("/reserved_domains", async (context) => {
      const made = {
        id: `rd_${this.domains.length}stubstubstubstubstubstubst`,
        created_at: this.#date(),
        ...await context.req.json(),
        cname_target: null,
      };
      this.domains = [made, ...this.domains];
      return context.json(made, 201);
    });
    app.delete("/reserved_domains/:id", (context) => {
      this.domains = this.domains.filter(({ id }) => id !== context.req.param("id"));
      return context.body(null, 204);
    });
    app.post("/tunnel_sessions/:id/:verb", (context) => {
      const id = context.req.param("id");
      if (context.req.param("verb") === "stop") {
        this.sessions = this.sessions.filter((one) => one.id !== id);
        const gone = this.edge;
        this.edge = { ...gone, sessions: () => gone.sessions().filter((one) => one.id !== id) };
      }
      return context.body(null, 204);
    });
    return app;
  }

  #date(): string {
    return new Date(this.#now()).toISOString().replace(/\.\d+Z/, "Z");
  }
}

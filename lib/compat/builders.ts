/**
 * The builders of `@ngrok/ngrok`: one method for each option of {@linkcode Config}. `session.ts`
 * hands them out.
 *
 * @module
 */
import { decodeText } from "../base/bytes.ts";
import { TunnelError } from "../base/errors.ts";
import { type Config, listOf } from "./config.ts";
import type { LocalServer } from "../agent/local_server.ts";
import type { Listener } from "./listener.ts";

/** Makes the listener that a builder describes. */
export type MakeListener = (config: Config) => Promise<Listener>;

/** What all builders have. */
export abstract class ListenerBuilder {
  /** What was said so far. */
  protected readonly config: Config;
  readonly #make: MakeListener;

  /**
   * Made by sessions.
   *
   * @param proto what visitors speak
   * @param make makes the listener
   */
  constructor(proto: string, make: MakeListener) {
    this.config = { proto };
    this.#make = make;
  }

  /** Text kept with the endpoint. */
  metadata(metadata: string): this {
    return this.set({ metadata });
  }

  /** Whether the certificate of an https or tls service is checked. */
  verifyUpstreamTls(verify_upstream_tls: boolean): this {
    return this.set({ verify_upstream_tls });
  }

  /** Lets a network in. */
  allowCidr(cidr: string): this {
    return this.add("ip_restriction_allow_cidrs", cidr);
  }

  /** Keeps a network out. */
  denyCidr(cidr: string): this {
    return this.add("ip_restriction_deny_cidrs", cidr);
  }

  /** Sends a PROXY header to the service: `1` or `2`. */
  proxyProto(proxy_proto: string): this {
    return this.set({ proxy_proto });
  }

  /** What the edge is told about where traffic goes. */
  forwardsTo(forwards_to: string): this {
    return this.set({ forwards_to });
  }

  /** Another name of {@linkcode ListenerBuilder.trafficPolicy}. */
  policy(policy: string): this {
    return this.set({ policy });
  }

  /** A traffic policy, as YAML or JSON. */
  trafficPolicy(traffic_policy: string): this {
    return this.set({ traffic_policy });
  }

  /** Where it can be reached from. */
  binding(binding: string): this {
    return this.set({ binding });
  }

  /** Whether others may share the URL. */
  poolingEnabled(pooling_enabled: boolean): this {
    return this.set({ pooling_enabled });
  }

  /** Makes the listener; its visitors wait until they are forwarded. */
  async listen(_bind?: boolean | null): Promise<Listener> {
    return await this.#make({ ...this.config });
  }

  /** Makes the listener and forwards its visitors to a service. */
  async listenAndForward(toUrl: string): Promise<Listener> {
    const listener = await this.listen();
    try {
      return await listener.send(toUrl);
    } catch (thrown) {
      await listener.close();
      throw thrown;
    }
  }

  /** Makes the listener and forwards its visitors to a server of this program. */
  async listenAndServe(server: LocalServer): Promise<Listener> {
    return await (await this.listen()).serve(server);
  }

  /** Says something more. */
  protected set(more: Config): this {
    Object.assign(this.config, more);
    return this;
  }

  /** Says one more of several. */
  protected add(name: keyof Config, text: string): this {
    const texts = listOf(this.config[name] as string[] | undefined) ?? [];
    return this.set({ [name]: [...texts, text] });
  }
}

/** An https or http endpoint to be. */
export class HttpListenerBuilder extends ListenerBuilder {
  /** `HTTP` or `HTTPS`. */
  scheme(scheme: string): this {
    return this.set({ schemes: scheme });
  }

  /** What the service speaks: `http1` or `http2`. */
  appProtocol(app_protocol: string): this {
    return this.set({ app_protocol });
  }

  /** The domain to ask for. */
  domain(domain: string): this {
    return this.set({ domain });
  }

  /** Who vouches for visitors' certificates: a PEM file. */
  mutualTlsca(pem: Uint8Array): this {
    return this.add("mutual_tls_cas", decodeText(pem));
  }

  /** Compresses answers. */
  compression(): this {
    return this.set({ compression: true });
  }

  /** WebSocket messages reach the service as bytes of a TCP connection. */
  websocketTcpConversion(): this {
    return this.set({ websocket_tcp_converter: true });
  }

  /** The ratio of server errors at which requests are refused for a while. */
  circuitBreaker(circuit_breaker: number): this {
    return this.set({ circuit_breaker });
  }

  /** Adds a header to requests. */
  requestHeader(name: string, value: string): this {
    return this.add("request_header_add", `${name}:${value}`);
  }

  /** Adds a header to answers. */
  responseHeader(name: string, value: string): this {
    return this.add("response_header_add", `${name}:${value}`);
  }

  /** Removes a header from requests. */
  removeRequestHeader(name: string): this {
    return this.add("request_header_remove", name);
  }

  /** Removes a header from answers. */
  removeResponseHeader(name: string): this {
    return this.add("response_header_remove", name);
  }

  /** Asks visitors for a password. */
  basicAuth(username: string, password: string): this {
    return this.add("basic_auth", `${username}:${password}`);
  }

  /** Lets browsers in whose name fits the pattern. */
  allowUserAgent(regex: string): this {
    return this.add("allow_user_agent", regex);
  }

  /** Keeps browsers out whose name fits the pattern. */
  denyUserAgent(regex: string): this {
    return this.add("deny_user_agent", regex);
  }

  /** Asks visitors to sign in at a known provider. */
  oauth(
    oauth_provider: string,
    allowEmails?: string[] | null,
    allowDomains?: string[] | null,
    scopes?: string[] | null,
    clientId?: string | null,
    clientSecret?: string | null,
  ): this {
    return this.set({
      oauth_provider,
      oauth_allow_emails: allowEmails ?? undefined,
      oauth_allow_domains: allowDomains ?? undefined,
      oauth_scopes: scopes ?? undefined,
      oauth_client_id: clientId ?? undefined,
      oauth_client_secret: clientSecret ?? undefined,
    });
  }

  /** Asks visitors to sign in at an OpenID Connect provider. */
  oidc(
    oidc_issuer_url: string,
    oidc_client_id: string,
    oidc_client_secret: string,
    allowEmails?: string[] | null,
    allowDomains?: string[] | null,
    scopes?: string[] | null,
  ): this {
    return this.set({
      ...{ oidc_issuer_url, oidc_client_id, oidc_client_secret },
      oidc_allow_emails: allowEmails ?? undefined,
      oidc_allow_domains: allowDomains ?? undefined,
      oidc_scopes: scopes ?? undefined,
    });
  }

  /** Lets through only what a provider of webhooks has signed. */
  webhookVerification(verify_webhook_provider: string, verify_webhook_secret: string): this {
    return this.set({ verify_webhook_provider, verify_webhook_secret });
  }
}

/** A tcp endpoint to be. */
export class TcpListenerBuilder extends ListenerBuilder {
  /** The address to ask for. */
  remoteAddr(remote_addr: string): this {
    return this.set({ remote_addr });
  }
}

/** A tls endpoint to be. */
export class TlsListenerBuilder extends ListenerBuilder {
  /** The domain to ask for. */
  domain(domain: string): this {
    return this.set({ domain });
  }

  /** Who vouches for visitors' certificates: a PEM file. */
  mutualTlsca(pem: Uint8Array): this {
    return this.add("mutual_tls_cas", decodeText(pem));
  }

  /** Ends TLS at the edge: PEM files. */
  termination(certPem: Uint8Array, keyPem: Uint8Array): this {
    return this.set({ crt: decodeText(certPem), key: decodeText(keyPem) });
  }
}

/** A listener with labels, which only ngrok's older edges had: it can be described, and not made. */
export class LabeledListenerBuilder extends ListenerBuilder {
  /** Adds a label. */
  label(label: string, value: string): this {
    return this.add("labels", `${label}:${value}`);
  }

  /** What the service speaks. */
  appProtocol(app_protocol: string): this {
    return this.set({ app_protocol });
  }

  /** Cannot be made. */
  override listen(): Promise<Listener> {
    return Promise.reject(
      new TunnelError(
        "config_invalid",
        "Cannot make a listener with labels: they belong to ngrok's older edges; use httpEndpoint()",
      ),
    );
  }
}

/**
 * What stands in a configuration file, key by key as the file writes it (spec agent E, F). The
 * schemas in `file_schema.ts` hold files against these; `file_options.ts` and `file_endpoints.ts`
 * turn them into the options of an agent and of its endpoints.
 *
 * @module
 */

/** `agent:` of version 3; in version 2 the same keys stand at the top. */
export interface AgentSection {
  /** Who the agent is to the edge. */
  readonly authtoken?: string;
  /** Who `sallyport api` is to the API. */
  readonly api_key?: string;
  /** The edge, `host:port`. */
  readonly connect_url?: string;
  /** Who may vouch for it: `trusted`, `host`, or the path of a PEM file. */
  readonly connect_cas?: string;
  /** Limit of connection and handshake. */
  readonly connect_timeout?: string;
  /** The network interface the agent dials from. */
  readonly connect_interface?: string;
  /** Whether the status is shown. */
  readonly console_ui?: boolean | "iftty";
  /** Its background. */
  readonly console_ui_color?: "black" | "transparent";
  /** Whether the edge's certificate is taken without asking whether it was revoked. */
  readonly crl_noverify?: boolean;
  /** Where the list of revoked certificates is. */
  readonly crl_url?: string;
  /** The name servers to ask instead of the system's. */
  readonly dns_resolver_ips?: readonly string[];
  /** The ways to find the edge's addresses, one per attempt in rotation. */
  readonly dns_mechanisms?: readonly ("system" | "public" | "https" | "list")[];
  /** The name servers of the way `public`. */
  readonly dns_public_ips?: readonly string[];
  /** The servers of the way `https`. */
  readonly dns_https_urls?: readonly string[];
  /** The list of the way `list`: a path or a URL. */
  readonly dns_list?: string;
  /** Time between heartbeats. */
  readonly heartbeat_interval?: string;
  /** Silence beyond it that is borne. */
  readonly heartbeat_tolerance?: string;
  /** Bytes the inspector keeps; 0 is its default, -1 turns it off. */
  readonly inspect_db_size?: number;
  /** Whether the local inspector works at all. */
  readonly local_storage?: boolean;
  /** `stdout`, `stderr`, `false`, or the path of a file. */
  readonly log?: string;
  /** How lines look. */
  readonly log_format?: "term" | "logfmt" | "json";
  /** The least important line that is written. */
  readonly log_level?: "debug" | "info" | "warn" | "error" | "crit";
  /** Text shown with the session. */
  readonly metadata?: string;
  /** The proxy the agent dials through. */
  readonly proxy_url?: string;
  /** The region; edges have one, it is read and has no effect. */
  readonly region?: string;
  /** Whether the edge may stop, restart and update the agent. */
  readonly remote_management?: boolean;
  /** Where updates come from. */
  readonly update_channel?: "stable" | "beta" | "unstable";
  /** Whether the agent looks for updates. */
  readonly update_check?: boolean;
  /** The public key, base64, whose signature updates must have. */
  readonly update_key?: string;
  /** The folder of the update channels. */
  readonly update_url?: string;
  /** Where the inspector listens; `false` is nowhere. */
  readonly web_addr?: string;
  /** The host names it answers to. */
  readonly web_allow_hosts?: readonly string[];
}

/** A traffic policy as a file writes it, its phases at this level. */
export type PolicySection = Readonly<Record<string, unknown>>;

/** One entry of `endpoints:`. */
export interface EndpointSection {
  /** What it is called, and what `sallyport start` takes. */
  readonly name: string;
  /** The URL wanted. */
  readonly url?: string;
  /** Where it can be reached from; one at most. */
  readonly bindings?: readonly ("public" | "internal" | "kubernetes")[];
  /** Text kept with the endpoint. */
  readonly metadata?: string;
  /** What it is for, in words. */
  readonly description?: string;
  /** Whether others may share its URL. */
  readonly pooling_enabled?: boolean;
  /** Its policy. */
  readonly traffic_policy?: PolicySection | string;
  /** The file its policy is in. */
  readonly traffic_policy_file?: string;
  /** Where its policy is fetched. */
  readonly traffic_policy_url?: string;
  /** Whether its requests can be inspected. */
  readonly inspect?: boolean;
  /** Your service. */
  readonly upstream: {
    /** A port, `host:port` or URL. */
    readonly url: string | number;
    /** What it speaks. */
    readonly protocol?: "http1" | "http2";
    /** The version of the PROXY header it gets. */
    readonly proxy_protocol?: 1 | 2;
    /** Whether its certificate is checked. */
    readonly tls_verify?: boolean;
    /** The authorities it is checked against. */
    readonly tls_verify_cas?: string;
  };
  /** Ends TLS in the agent. */
  readonly agent_tls_termination?: {
    /** Path of a PEM file, or PEM text. */
    readonly server_certificate: string;
    /** Path of a PEM file, or PEM text. */
    readonly server_private_key: string;
    /** Who vouches for visitors' certificates: paths or texts. */
    readonly mutual_tls_certificate_authorities?: readonly string[];
    /** Whether a visitor must have a certificate that they vouch for. */
    readonly mutual_tls_verification_strategy?: "require-and-verify" | "require-any" | "request";
    /** The oldest version of TLS accepted. */
    readonly min_version?: "1.2" | "1.3" | 1.2 | 1.3;
    /** The newest version of TLS spoken. */
    readonly max_version?: "1.2" | "1.3" | 1.2 | 1.3;
  };
}

/** Who may sign in. */
export interface SignInSection {
  /** The application at the provider. */
  readonly client_id?: string;
  /** Its secret. */
  readonly client_secret?: string;
  /** Domains of addresses that may. */
  readonly allow_domains?: readonly string[];
  /** Addresses that may. */
  readonly allow_emails?: readonly string[];
  /** What is asked of the provider. */
  readonly scopes?: readonly string[];
}

/** Headers that are added and removed. */
export interface HeaderSection {
  /** `name: value`, each. */
  readonly add?: readonly string[];
  /** Names. */
  readonly remove?: readonly string[];
}

/** One entry of `tunnels:`, the form of version 2. */
export interface TunnelSection {
  /** What visitors speak. */
  readonly proto?: "http" | "tcp" | "tls";
  /** Labels of a tunnel that stands behind an Edge of ngrok's cloud. */
  readonly labels?: readonly string[];
  /** Your service. */
  readonly addr: string | number;
  /** Text kept with the endpoint. */
  readonly metadata?: string;
  /** Whether its requests can be inspected. */
  readonly inspect?: boolean;
  /** The name wanted. */
  readonly domain?: string;
  /** The same, in older files. */
  readonly hostname?: string;
  /** A name below the edge's domain. */
  readonly subdomain?: string;
  /** Whether visitors come by http, https or both. */
  readonly schemes?: readonly ("http" | "https")[];
  /** The same, in older files. */
  readonly bind_tls?: boolean | "both";
  /** `user:password`, each. */
  readonly basic_auth?: readonly string[];
  /** One of them, in older files. */
  readonly auth?: string;
  /** `preserve`, `rewrite`, or the Host the service gets. */
  readonly host_header?: string;
  /** The ratio of server errors at which requests are refused. */
  readonly circuit_breaker?: number;
  /** Whether answers are compressed. */
  readonly compression?: boolean;
  /** Whether WebSocket messages become bytes of a TCP connection. */
  readonly websocket_tcp_converter?: boolean;
  /** The networks visitors may come from. */
  readonly ip_restriction?: {
    /** Those that may. */
    readonly allow_cidrs?: readonly string[];
    /** Those that may not. */
    readonly deny_cidrs?: readonly string[];
  };
  /** Who vouches for visitors' certificates. */
  readonly mutual_tls_cas?: string;
  /** The same, in older files. */
  readonly client_cas?: string;
  /** Signing in at a known provider. */
  readonly oauth?: SignInSection & {
    /** `google`, `github` … */
    readonly provider: string;
  };
  /** Signing in at an OpenID Connect provider. */
  readonly oidc?: SignInSection & {
    /** Where it says what it can do. */
    readonly issuer_url: string;
  };
  /** Changes of the request. */
  readonly request_header?: HeaderSection;
  /** Changes of the answer. */
  readonly response_header?: HeaderSection;
  /** Patterns of browsers' names. */
  readonly user_agent_filter?: {
    /** Those let through. */
    readonly allow?: readonly string[];
    /** Those that are not. */
    readonly deny?: readonly string[];
  };
  /** Only what a provider of webhooks signed. */
  readonly verify_webhook?: {
    /** `slack`, `github` … */
    readonly provider: string;
    /** What it signs with. */
    readonly secret?: string;
  };
  /** The version of the PROXY header the service gets. */
  readonly proxy_proto?: 1 | 2;
  /** The reserved address wanted, `host:port`. */
  readonly remote_addr?: string;
  /** Path of the certificate. */
  readonly crt?: string;
  /** Path of its key. */
  readonly key?: string;
  /** Where TLS ends. */
  readonly terminate_at?: "edge" | "agent" | "upstream";
  /** Its policy. */
  readonly traffic_policy?: PolicySection | string;
  /** The same, in older files. */
  readonly policy?: PolicySection | string;
}

/** A configuration, whichever version its files have. */
export interface AgentFile {
  /** Settings of the agent itself. */
  readonly agent: AgentSection;
  /** Endpoints, in the order of the file. */
  readonly endpoints: readonly EndpointSection[];
  /** Tunnels by their names, in the order of the file. */
  readonly tunnels: Readonly<Record<string, TunnelSection>>;
}

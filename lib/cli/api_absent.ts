/**
 * What `ngrok api` knows and an edge of one's own does not: each with the reason, for whoever types it.
 *
 * `commands/api.ts` hands it to the parser.
 *
 * @module
 */

const ENDED = "ended on 31 December 2025, here as in ngrok's cloud; what they did is done by";
const SIGN_IN = "come with OAuth and OpenID Connect at the edge, which it does not do yet";
const SSH = "are for a gateway that takes plain SSH clients, which this edge does not have; " +
  "run the agent, or one of the SDKs, in the place of ssh -R";
const TEST_EVENT = "is a command of its own: event-destinations send-test-event";
const AI = "are for the AI gateway of ngrok's cloud; an edge of your own has none";

/** The resources of `ngrok api` that are not here, and what to say about each: it follows the name. */
export const ABSENT_RESOURCES: Readonly<Record<string, string>> = {
  "abuse-reports":
    "go to whoever runs ngrok's cloud; on an edge of your own, cut an agent with tunnel-sessions stop",
  "ai-gateway-api-keys": AI,
  "ai-gateway-provider-keys": AI,
  "application-sessions": SIGN_IN,
  "application-users": SIGN_IN,
  "backends": `${ENDED} endpoints with pooling, and by traffic policies`,
  "edge-modules": `${ENDED} the actions of a traffic policy`,
  "edges": `${ENDED} endpoints with a traffic policy`,
  "endpoint-configurations": `${ENDED} the traffic policy of an endpoint`,
  "kubernetes-operators":
    "are not served here: run the agent in the cluster, as any other container",
  "personal-access-tokens":
    "belong to people who sign in, and nobody does here: give a service user credentials or api-keys",
  "pointcfg-module": `${ENDED} the actions of a traffic policy`,
  "ssh-certificate-authorities": SSH,
  "ssh-credentials": SSH,
  "ssh-host-certificates": SSH,
  "ssh-user-certificates": SSH,
};

const NO_USERS =
  "belongs to people who sign in, and nobody does here: name an owner with --owner-id";
const NO_CONFIGURATION = `${ENDED} the traffic policy of an endpoint`;

/** Flags of `ngrok api` that are not here, by resource and verb, and what to say about each. */
export const ABSENT_FLAGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "api-keys create": { "--owner-email": NO_USERS },
  "credentials create": {
    "--owner-email": NO_USERS,
    "--precomputed-token": "is not taken: the edge makes the token",
    "--scim-user-id": NO_USERS,
  },
  "event-destinations create": { "--verify-with-test-event": TEST_EVENT },
  "event-destinations update": { "--verify-with-test-event": TEST_EVENT },
  "ip-policies create": { "--action": "belongs to each rule of a policy: ip-policy-rules create" },
  "reserved-addrs create": { "--endpoint-configuration-id": NO_CONFIGURATION },
  "reserved-addrs update": { "--endpoint-configuration-id": NO_CONFIGURATION },
  "reserved-domains create": {
    "--http-endpoint-configuration-id": NO_CONFIGURATION,
    "--https-endpoint-configuration-id": NO_CONFIGURATION,
    "--name": "is written --domain",
  },
  "reserved-domains update": {
    "--http-endpoint-configuration-id": NO_CONFIGURATION,
    "--https-endpoint-configuration-id": NO_CONFIGURATION,
    "--region": "cannot be changed: an edge of your own has one",
  },
};

/**
 * The `ERR_NGROK_n` numbers that the API answers with, the HTTP status of each, and what it means.
 * `problem.ts` looks the status up; the OpenAPI document prints the table.
 *
 * The documentation of the ecosystem gives a status for few of them (spec rest-api A13). The rest
 * follow one rule: 400 what the request says, 401 who asks, 403 may not, 404 what is not there,
 * 409 what is in the way, 429 too often, 502 and 504 the agent.
 *
 * @module
 */

/** What is known of a number. */
export interface CodeFacts {
  /** The HTTP status. */
  readonly status: number;
  /** What it means, in a sentence. */
  readonly meaning: string;
}

function bad(meaning: string): CodeFacts {
  return { status: 400, meaning };
}

function unauthorized(meaning: string): CodeFacts {
  return { status: 401, meaning };
}

function forbidden(meaning: string): CodeFacts {
  return { status: 403, meaning };
}

function missing(meaning: string): CodeFacts {
  return { status: 404, meaning };
}

function conflict(meaning: string): CodeFacts {
  return { status: 409, meaning };
}

/** Every number, with its facts. */
export const API_CODES = {
  // who asks
  200: unauthorized("The Authorization header is missing"),
  201: unauthorized("The Authorization header is neither Bearer nor Basic"),
  202: unauthorized("The credential does not look like an API key"),
  203: unauthorized("The credential looks like an API key, but nobody has it"),
  205: forbidden("The account is suspended"),
  206: unauthorized("The credential is an authtoken"),
  207: unauthorized("The credential is the id of an authtoken"),
  208: unauthorized("The credential is the id of an API key"),
  220: forbidden("The address is outside of the IP policies of the account"),
  225: { status: 429, meaning: "Too many requests of the account are under way" },
  226: { status: 429, meaning: "Too many requests within the interval" },
  636: forbidden("The owner of the API key is not active"),
  // the request
  210: { status: 415, meaning: "The body is not JSON by its Content-Type" },
  211: bad("The method takes no body"),
  212: bad("The body could not be read to its end"),
  213: bad("The body cannot be parsed"),
  214: bad("The body has an unknown field"),
  215: bad("A field of the body has a wrong value"),
  216: { status: 415, meaning: "The body has no Content-Type" },
  217: bad("The API version is not supported"),
  218: bad("The API version is missing"),
  227: bad("The id has the wrong prefix"),
  229: bad("The id is not that of an IP policy"),
  230: bad("The query cannot be parsed"),
  231: bad("The query has an unknown parameter"),
  232: bad("A parameter of the query is there more than once"),
  233: bad("The page size is out of bounds"),
  244: bad("The page size is no number"),
  250: bad("The filter cannot be understood"),
  812: { status: 413, meaning: "The body is too large" },
  // agents
  804: conflict("The agent does not support to be restarted"),
  805: conflict("The agent does not support to be stopped"),
  806: conflict("The agent does not support to be updated"),
  807: { status: 502, meaning: "The agent failed to stop" },
  808: { status: 502, meaning: "The agent failed to restart" },
  809: { status: 502, meaning: "The agent failed to update" },
  810: { status: 504, meaning: "The agent could not be asked" },
  // reserved domains
  400: bad("The region does not exist"),
  402: bad("Only the first part of a domain may be a wildcard"),
  403: bad("The first part of a wildcard domain is a single *"),
  406: bad("The domain has a character that is not allowed"),
  407: bad("A part of the domain begins with a character that is not allowed"),
  408: bad("A part of the domain ends with a character that is not allowed"),
  409: bad("The domain has an empty part"),
  410: bad("A part of the domain has -- in the place of a punycode prefix"),
  411: bad("Names under this top-level domain cannot be reached"),
  413: conflict("The account has the domain already"),
  414: conflict("Another account has the domain"),
  415: bad("The account has as many domains as it may have"),
  416: bad("A base domain of the edge cannot be reserved whole"),
  417: conflict("The domain covers one that another account has"),
  420: bad("The description is too long"),
  421: bad("The metadata is too long"),
  422: bad("The update names nothing to change"),
  429: bad("The domain is no valid punycode"),
  430: conflict("Another account is online at the domain"),
  434: bad("A certificate and a certificate management policy exclude each other"),
  435: bad("The certificate authority is not supported"),
  436: conflict("The certificate is managed: detach the management policy"),
  438: bad("A domain has no underscore"),
  439: bad("Certificates of names under a base domain are the edge's business"),
  440: bad("Names under a base domain take no uploaded certificate"),
  446: conflict("A cloud endpoint uses the domain or address"),
  448: bad("The domain is not fully qualified"),
  450: bad("The edge itself uses this name"),
  456: bad("A region is there twice"),
  513: bad("A part of the domain is longer than 63 characters"),
  514: bad("The domain is longer than 253 characters"),
  // reserved addresses
  500: bad("The region does not exist"),
  502: bad("The account has as many addresses as it may have"),
  503: conflict("No address is free"),
  504: bad("The description is too long"),
  505: bad("The metadata is too long"),
  506: bad("The update names nothing to change"),
  // credentials and users
  600: bad("The ACL rule cannot be understood"),
  601: conflict("The authtoken is the default one of whoever asks"),
  602: bad("The account has as many authtokens as it may have"),
  603: bad("The account has as many API keys as it may have"),
  604: bad("The description is too long"),
  605: bad("The metadata is too long"),
  606: bad("The update names nothing to change"),
  634: bad("The owner does not exist"),
  637: conflict("The authtoken is the default one of another user"),
  4109: bad("The name of the user is empty"),
  4110: bad("The name of the user is too long"),
  4112: conflict("The account has a user with this name"),
  // IP policies
  1400: bad("The update of the IP policy names nothing to change"),
  1401: bad("The update of the rule names nothing to change"),
  1402: missing("The IP policy does not exist"),
  1405: bad("A required parameter is missing"),
  1406: bad("The CIDR is not valid"),
  1408: conflict("The IP policy has a rule for this CIDR"),
  1409: bad("The CIDR does not begin with its lowest address"),
  1410: bad("The account has as many IP policies as it may have"),
  1411: bad("The IP policy has as many rules as it may have"),
  1413: bad("The CIDR has no prefix length"),
  1419: conflict("The rule is the only one that an IP restriction stands on"),
  1420: conflict("An IP restriction uses the IP policy"),
  1421: bad("The description is too long"),
  1422: bad("The action must be allow or deny"),
  1800: bad("The restriction has as many IP policies as it may have"),
  1801: bad("The IP policy of the restriction does not exist"),
  1802: conflict("There is a restriction of this type"),
  1803: bad("The type of restriction does not exist"),
  1804: bad("A restriction needs an IP policy"),
  // certificates
  1900: bad("The certificate cannot be read"),
  1901: bad("There is no private key"),
  1902: bad("The private key is encrypted"),
  1903: bad("The private key cannot be read"),
  1910: bad("The PEM has headers"),
  1911: bad("The PEM is not a certificate"),
  1912: bad("There is more than one certificate"),
  1913: bad("The certificate is not that of an authority"),
  1914: bad("The description is too long"),
  1915: bad("The metadata is too long"),
  1916: bad("The description is too long"),
  1917: bad("The metadata is too long"),
  1919: bad("There is no certificate"),
  1920: bad("The certificate is not PEM"),
  1921: bad("The certificate is too long"),
  1922: bad("There is no certificate"),
  1923: bad("Certificate and private key do not belong together"),
  1924: bad("The private key is a certificate"),
  1925: bad("The certificate is a private key"),
  1926: bad("A certificate of the chain is not signed by the next one"),
  1954: bad("The account has as many certificates as it may have"),
  1965: missing("The certificate does not exist"),
  // events
  235: bad("The format of the destination does not exist"),
  236: bad("The target of the destination is not valid"),
  238: bad("The event type does not exist"),
  5100: bad("The destination has no target"),
  5102: bad("The account has as many destinations as it may have"),
  5103: missing("The destination does not exist"),
  5104: bad("The ARN is not that of a role"),
  5106: bad("The target has no auth field"),
  5107: bad("The target has no credentials"),
  5108: bad("The kind of target cannot be changed"),
  5112: conflict("A subscription uses the destination"),
  5115: bad("There is more than one target"),
  5116: bad("There is more than one kind of credentials"),
  5120: bad("The ARN is not valid"),
  5125: missing("The subscription has no source of this type"),
  5126: bad("The subscription has as many destinations as it may have"),
  5127: conflict("The subscription has a source of this type"),
  5131: bad("The account has as many subscriptions as it may have"),
  5133: bad("The target has no API key"),
  5139: bad("The settings for Azure are not complete"),
  5140: bad("A field of the target is not valid"),
  // vaults
  23000: bad("The name of the vault has a character that is not allowed"),
  23001: bad("The name of the vault is empty"),
  23002: bad("The name of the vault is too long"),
  23003: conflict("The vault is not empty"),
  23004: conflict("The account has a vault with this name"),
  23005: bad("The account has as many vaults as it may have"),
  24000: bad("The name of the secret has a character that is not allowed"),
  24001: bad("The name of the secret is empty"),
  24002: bad("The name of the secret is too long"),
  24003: bad("The value of the secret is empty"),
  24004: bad("The value of the secret is too long"),
  24005: conflict("The vault has a secret with this name"),
  24006: missing("The vault does not exist"),
  24007: bad("The vault has as many secrets as it may have"),
  24008: bad("The vault is missing"),
  24009: missing("There is no vault with this name"),
  // agent ingresses
  6700: bad("The description is too long"),
  6701: bad("The metadata is too long"),
  6704: bad("The domain of the ingress is not valid"),
  6705: bad("The domain of the ingress is under a base domain of the edge"),
  6706: conflict("The domain of the ingress is taken"),
  // endpoints
  248: bad("Only cloud endpoints can be created"),
  249: bad("The URL of the endpoint is not valid"),
  334: conflict("Another endpoint is online at the URL"),
  15005: bad("The binding does not exist"),
  15006: bad("A binding is there twice"),
  15010: bad("The binding needs an operator that does not exist"),
  18002: bad("The traffic policy is not valid"),
  18003: bad("The port of the cloud endpoint is missing"),
  18004: bad("The update names nothing to change"),
  18005: bad("The scheme of a cloud endpoint cannot be changed"),
  18006: bad("The account has reserved nothing that fits the URL"),
  18007: bad("The binding does not fit the URL"),
  18009: conflict("The account has a cloud endpoint at the URL"),
  18010: bad("The account has as many cloud endpoints as it may have"),
  18011: bad("The traffic policy is missing"),
  18012: bad("The description is too long"),
  18013: bad("The metadata is too long"),
  18015: bad("A required field is missing"),
  18016: conflict("The endpoint at the URL does not take part in pooling"),
  18017: conflict("The endpoints at the URL are pooled"),
  18022: bad("The scheme of the cloud endpoint is not valid"),
  18023: bad("The scheme of the cloud endpoint does not go with the port"),
  // the edge
  741: { status: 500, meaning: "The edge did something wrong" },
} as const satisfies Record<number, CodeFacts>;

/** A number of {@linkcode API_CODES}. */
export type ApiCode = keyof typeof API_CODES;

/**
 * What `sallyport credits` prints. A test holds the list against the lock file.
 *
 * @module
 */

/** The packages inside of the program, with their licences. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  MIT: [
    "@bufbuild/re2",
    "@fishballpkg/acme",
    "@peculiar/asn1-asym-key",
    "@peculiar/asn1-cms",
    "@peculiar/asn1-csr",
    "@peculiar/asn1-ecc",
    "@peculiar/asn1-pfx",
    "@peculiar/asn1-pkcs8",
    "@peculiar/asn1-pkcs9",
    "@peculiar/asn1-rsa",
    "@peculiar/asn1-schema",
    "@peculiar/asn1-x509",
    "@peculiar/asn1-x509-attr",
    "@peculiar/asn1-x509-post-quantum",
    "@peculiar/utils",
    "@peculiar/x509",
    "ansi-regex",
    "commander",
    "get-east-asian-width",
    "hono",
    "kysely",
    "pvtsutils",
    "pvutils",
    "string-width",
    "strip-ansi",
    "tsyringe",
    "uqr",
    "zod",
  ],
  "Apache-2.0": ["@bufbuild/cel", "@bufbuild/cel-spec", "reflect-metadata"],
  "(Apache-2.0 AND BSD-3-Clause)": ["@bufbuild/protobuf"],
  "BSD-3-Clause": ["asn1js"],
  "0BSD": ["tslib"],
  ISC: ["yaml"],
};

/** What is printed. */
export const CREDITS: string = [
  "Sallyport, by the Sallyport authors, under the MIT licence.",
  "",
  "It contains these packages; each comes with its licence in the source distribution:",
  "",
  ...Object.entries(PACKAGES).map(([licence, names]) => `${licence}: ${names.join(", ")}`),
  "",
].join("\n");

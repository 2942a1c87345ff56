/** Where a signature comes from. A private key is never given as such. */
export type KeySource =
  | { readonly kind: "keystore"; readonly keystoreFile: string; readonly passwordFile: string }
  | { readonly kind: "unlocked"; readonly account: string };

/** Where a person's signature comes from: also a keystore whose password is asked for, or a signer over JSON-RPC. */
export type PersonKey =
  | KeySource
  | { readonly kind: "prompted"; readonly keystoreFile: string }
  | { readonly kind: "remote"; readonly url: string; readonly account: string };

/** Where the key of an account is kept: an encrypted file, a local node, or a signer that is asked over JSON-RPC. */
export type KeySource =
  | { readonly kind: "keystore"; readonly keystoreFile: string; readonly passwordFile: string }
  | { readonly kind: "unlocked"; readonly account: string }
  | { readonly kind: "remote"; readonly url: string; readonly account: string };

/** Where a person's signature comes from: also a keystore whose password is asked for. */
export type PersonKey = KeySource | { readonly kind: "prompted"; readonly keystoreFile: string };

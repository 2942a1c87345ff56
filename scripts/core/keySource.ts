/** Where a signature comes from. A private key is never given as such. */
export type KeySource =
  | { readonly kind: "keystore"; readonly keystoreFile: string; readonly passwordFile: string }
  | { readonly kind: "unlocked"; readonly account: string };

import { computeAddress, id, SigningKey } from "ethers";

/** One oracle of a local network. */
export interface OracleSigner {
  readonly address: string;
  readonly key: SigningKey;
}

/** Make the oracles of a local network. Their keys are public knowledge: each name gives the same ones everywhere. */
export function oracleSigners(name: string, count: number): readonly OracleSigner[] {
  return Array.from({ length: count }, (_, index) => {
    const key = new SigningKey(id(`${name} ${index}`));
    return { address: computeAddress(key), key };
  });
}

/** Name the configuration under which a local network signs. */
export function configDigestOf(name: string): string {
  return id(`configuration of ${name}`);
}

import { readFile } from "node:fs/promises";
import {
  getAddress,
  type JsonRpcProvider,
  JsonRpcSigner,
  keccak256,
  Transaction,
  type TransactionRequest,
  Wallet,
} from "ethers";

import type { KeySource } from "../core/keySource.ts";
import { calling } from "./errors.ts";
import { KeyError } from "./failures.ts";
import { ask, openRemote } from "./provider.ts";

/** An account that can send. `announce` is told the hash before anything leaves, where it is known. */
export interface Sender {
  readonly address: string;
  readonly provider: JsonRpcProvider;
  readonly broadcast: (
    request: TransactionRequest,
    announce: (hash: string) => void,
  ) => Promise<void>;
}

/**
 * Open the account that signs.
 *
 * @throws KeyError when the keystore or its password cannot be read, or the node does not hold the account.
 */
export async function openSender(provider: JsonRpcProvider, key: KeySource): Promise<Sender> {
  if (key.kind === "unlocked") return unlockedSender(provider, key.account);
  const signer = await openSigner(provider, key);
  return {
    address: signer.address,
    provider,
    broadcast: async (request, announce) => {
      const raw = await signer.sign(request);
      announce(keccak256(raw));
      await ask(provider, "eth_sendRawTransaction", [raw]);
    },
  };
}

/** Return the hash of a signed transaction. */
export function hashOf(raw: string): string {
  return keccak256(raw);
}

/** An account that signs, and leaves sending to others. */
export interface Signer {
  readonly address: string;
  /** Return the signed transaction, ready to be handed to any node. */
  readonly sign: (request: TransactionRequest) => Promise<string>;
}

/**
 * Open the account that signs.
 *
 * @throws KeyError when the keystore or its password cannot be read, or the signer does not hold the account.
 */
export async function openSigner(provider: JsonRpcProvider, key: KeySource): Promise<Signer> {
  switch (key.kind) {
    case "keystore": {
      const wallet = await openKeystore(key);
      return { address: wallet.address, sign: (request) => wallet.signTransaction(request) };
    }
    case "unlocked":
      return remoteSigner(provider, key.account);
    case "remote": {
      const { chainId } = await provider.getNetwork();
      return remoteSigner(openRemote(key.url, chainId), key.account);
    }
  }
}

/** A node or signer that answers `eth_signTransaction`, with the text alone or in an object. */
async function remoteSigner(provider: JsonRpcProvider, account: string): Promise<Signer> {
  const held = await ask<string[]>(provider, "eth_accounts", []);
  const address = held.find((candidate) => candidate.toLowerCase() === account.toLowerCase());
  if (address === undefined) {
    throw new KeyError(`The signer does not hold "${account}". Use one of its own accounts.`);
  }
  return {
    address: getAddress(address),
    sign: async (request) => {
      const fields = provider.getRpcTransaction({ ...request, from: address });
      const answer = await ask<string | { readonly raw: string }>(provider, "eth_signTransaction", [
        fields,
      ]);
      const raw = typeof answer === "string" ? answer : answer.raw;
      requireSame(Transaction.from(raw), { ...request, from: address });
      return raw;
    },
  };
}

/** What somebody else signed is looked at before it is sent. */
function requireSame(signed: Transaction, asked: TransactionRequest): void {
  const isSame =
    signed.from?.toLowerCase() === String(asked.from).toLowerCase() &&
    signed.to?.toLowerCase() === String(asked.to).toLowerCase() &&
    signed.data === asked.data &&
    signed.nonce === asked.nonce &&
    signed.value === BigInt(asked.value ?? 0n) &&
    signed.maxFeePerGas === asked.maxFeePerGas;
  if (!isSame) {
    throw new KeyError("The signer signed another transaction than it was asked to. Check it.");
  }
}

async function openKeystore(key: Extract<KeySource, { kind: "keystore" }>) {
  const [json, password] = await Promise.all([
    readSecret(key.keystoreFile),
    readSecret(key.passwordFile),
  ]);
  try {
    return await Wallet.fromEncryptedJson(json, password.replace(/\r?\n$/, ""));
  } catch {
    // The cause is left out: it may quote what it could not parse.
    throw new KeyError(
      `The keystore "${key.keystoreFile}" does not open with the password in "${key.passwordFile}". Check both files.`,
    );
  }
}

async function readSecret(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new KeyError(`"${file}" cannot be read. Check its path and permissions.`, { cause });
  }
}

async function unlockedSender(provider: JsonRpcProvider, account: string): Promise<Sender> {
  const held = await ask<string[]>(provider, "eth_accounts", []);
  const address = held.find((candidate) => candidate.toLowerCase() === account.toLowerCase());
  if (address === undefined) {
    throw new KeyError(`The node does not hold "${account}". Use one of its own accounts.`);
  }
  const signer = new JsonRpcSigner(provider, address);
  return {
    address,
    provider,
    broadcast: async (request, announce) => {
      announce(
        await calling("eth_sendTransaction", () => signer.sendUncheckedTransaction(request)),
      );
    },
  };
}

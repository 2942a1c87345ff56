import { readFile } from "node:fs/promises";
import {
  type JsonRpcProvider,
  JsonRpcSigner,
  keccak256,
  type TransactionRequest,
  Wallet,
} from "ethers";

import type { KeySource } from "../core/keySource.ts";
import { calling } from "./errors.ts";
import { KeyError } from "./failures.ts";
import { ask } from "./provider.ts";

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
  return key.kind === "unlocked"
    ? unlockedSender(provider, key.account)
    : keystoreSender(provider, key);
}

async function keystoreSender(
  provider: JsonRpcProvider,
  key: Extract<KeySource, { kind: "keystore" }>,
): Promise<Sender> {
  const wallet = await openKeystore(key);
  return {
    address: wallet.address,
    provider,
    broadcast: async (request, announce) => {
      const raw = await wallet.signTransaction(request);
      announce(keccak256(raw));
      await ask(provider, "eth_sendRawTransaction", [raw]);
    },
  };
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

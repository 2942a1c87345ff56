import { chmod, readFile, writeFile } from "node:fs/promises";
import {
  encryptKeystoreJson,
  FetchRequest,
  getAddress,
  JsonRpcProvider,
  keccak256,
  Network,
  Transaction,
  type TransactionRequest,
  toQuantity,
  Wallet,
} from "ethers";

import type { PersonKey } from "../core/keySource.ts";
import { calling } from "./errors.ts";
import { KeyError } from "./failures.ts";
import { ask, type Node } from "./provider.ts";
import { openSender, type Sender } from "./signer.ts";

/** A transaction to sign, all of it said. Amounts are wei. */
export interface UnsignedTransaction {
  readonly chainId: bigint;
  readonly from: string;
  readonly nonce: number;
  readonly to: string;
  readonly data: string;
  readonly value: bigint;
  readonly gasLimit: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Something that signs for one account and needs no chain. */
export interface PersonSigner {
  readonly address: string;
  /** Return the signed transaction, encoded. */
  readonly sign: (transaction: TransactionRequest) => Promise<string>;
}

/** Asks a person for the password of a file. */
export type AskPassword = (file: string) => Promise<string>;

/** What a price round between the estimate and the block may add [percent]. */
const GAS_ROOM = 140n;
const REMOTE_TIMEOUT_MS = 120_000;
const OWNER_ONLY = 0o600;

/** Return the address that a key signs for, without opening it where its file says so. */
export async function addressOfKey(key: PersonKey): Promise<string> {
  if (key.kind === "unlocked" || key.kind === "remote") return getAddress(key.account);
  const keystore: unknown = parseKeystore(await readKeystore(key.keystoreFile));
  const found = keystore instanceof Object && "address" in keystore ? keystore.address : undefined;
  if (typeof found !== "string" || !/^(0x)?[0-9a-fA-F]{40}$/.test(found)) {
    throw new KeyError(
      `"${key.keystoreFile}" does not name its account. Use a version 3 keystore.`,
    );
  }
  return getAddress(found.startsWith("0x") ? found : `0x${found}`);
}

/**
 * Open a key that signs on its own.
 *
 * @throws KeyError when it does not open, or when only a node holds it.
 */
export async function openPersonSigner(key: PersonKey, ask_: AskPassword): Promise<PersonSigner> {
  if (key.kind === "remote") return remoteSigner(key);
  if (key.kind === "unlocked") {
    throw new KeyError(`"${key.account}" is held by a node, which sends at once. Use a keystore.`);
  }
  const password =
    key.kind === "prompted"
      ? await ask_(key.keystoreFile)
      : (await readKeystore(key.passwordFile)).replace(/\r?\n$/, "");
  const wallet = await decrypt(key.keystoreFile, password);
  return { address: wallet.address, sign: (request) => wallet.signTransaction(request) };
}

/**
 * Open the account of a person on a chain.
 *
 * @throws KeyError when the key does not open; RpcError when the node does not answer.
 */
export async function openPersonSender(
  provider: Node,
  key: PersonKey,
  ask_: AskPassword,
): Promise<Sender> {
  if (key.kind === "unlocked") return openSender(provider, key);
  const signer = await openPersonSigner(key, ask_);
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

/**
 * Make a new random key and store it encrypted; nobody sees the key itself.
 *
 * @throws KeyError when the file exists already or cannot be written.
 */
export async function createKeystore(file: string, password: string): Promise<string> {
  const { address, privateKey } = Wallet.createRandom();
  const json = await encryptKeystoreJson({ address, privateKey }, password);
  try {
    await writeFile(file, `${json}\n`, { flag: "wx", mode: OWNER_ONLY });
    await chmod(file, OWNER_ONLY);
  } catch (cause) {
    throw new KeyError(`"${file}" cannot be written. Name a file that does not exist yet.`, {
      cause,
    });
  }
  return address;
}

/** What a signed transaction says, or what is wrong with it. */
export interface SignedTransaction extends UnsignedTransaction {
  readonly hash: string;
}

/**
 * Read a signed transaction.
 *
 * @throws KeyError when it is none, or is not signed.
 */
export function readSigned(raw: string): SignedTransaction {
  try {
    const read = Transaction.from(raw);
    if (read.from === null || read.to === null || read.hash === null) throw new Error("unsigned");
    return {
      chainId: read.chainId,
      from: read.from,
      nonce: read.nonce,
      to: read.to,
      data: read.data,
      value: read.value,
      gasLimit: read.gasLimit,
      maxFeePerGas: read.maxFeePerGas ?? 0n,
      maxPriorityFeePerGas: read.maxPriorityFeePerGas ?? 0n,
      hash: read.hash,
    };
  } catch (cause) {
    throw new KeyError("This is not a signed transaction. Sign the file again.", { cause });
  }
}

/** Return the hash of call data. */
export function hashOf(data: string): string {
  return keccak256(data);
}

/** Return what a signer is given for a transaction. */
export function toRequest(transaction: UnsignedTransaction): TransactionRequest {
  return { ...transaction, type: 2 };
}

/** A signer such as Clef or web3signer: `eth_signTransaction` over JSON-RPC. It may show the transaction on a device. */
function remoteSigner({
  url,
  account,
}: Extract<PersonKey, { readonly kind: "remote" }>): PersonSigner {
  const address = getAddress(account);
  return {
    address,
    sign: async (request) => {
      const fetching = new FetchRequest(url);
      fetching.timeout = REMOTE_TIMEOUT_MS;
      fetching.setThrottleParams({ maxAttempts: 1 });
      const network = Network.from(1);
      const remote = new JsonRpcProvider(fetching, network, { staticNetwork: network });
      try {
        const answer = await ask<unknown>(remote, "eth_signTransaction", [toRpc(request, address)]);
        const raw = rawOf(answer);
        requireSame(readSigned(raw), { request, address });
        return raw;
      } finally {
        remote.destroy();
      }
    },
  };
}

/** Some signers answer with the transaction beside its encoding. */
function rawOf(answer: unknown): string {
  if (typeof answer === "string") return answer;
  if (answer instanceof Object && "raw" in answer && typeof answer.raw === "string") {
    return answer.raw;
  }
  throw new KeyError("The remote signer answered with something else than a transaction.");
}

/** A remote signer is believed only as far as its signature says the same. */
function requireSame(
  signed: SignedTransaction,
  { request, address }: { readonly request: TransactionRequest; readonly address: string },
): void {
  const asked = Transaction.from({ ...request, from: null, to: String(request.to) } as never);
  const same =
    signed.from === address &&
    signed.to === asked.to &&
    signed.data === asked.data &&
    signed.value === asked.value &&
    signed.nonce === asked.nonce &&
    signed.chainId === asked.chainId;
  if (!same) {
    throw new KeyError("The remote signer signed another transaction than it was asked to.");
  }
}

function toRpc(request: TransactionRequest, from: string): Record<string, unknown> {
  const hex = (value: unknown) => toQuantity(BigInt(String(value ?? 0)));
  return {
    from,
    to: request.to,
    data: request.data,
    value: hex(request.value),
    gas: hex(request.gasLimit),
    nonce: hex(request.nonce),
    maxFeePerGas: hex(request.maxFeePerGas),
    maxPriorityFeePerGas: hex(request.maxPriorityFeePerGas),
    chainId: hex(request.chainId),
    type: "0x2",
  };
}

async function decrypt(file: string, password: string) {
  const json = await readKeystore(file);
  try {
    return await Wallet.fromEncryptedJson(json, password);
  } catch {
    // The cause is left out: it may quote what it could not parse.
    throw new KeyError(`The keystore "${file}" does not open with this password. Check both.`);
  }
}

function parseKeystore(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

async function readKeystore(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new KeyError(`"${file}" cannot be read. Check its path and permissions.`, { cause });
  }
}

/**
 * Complete a call into a transaction that only lacks its signature.
 *
 * @throws ContractError when the contract refuses it; RpcError when the node does not answer.
 */
export async function completeCall(
  provider: Node,
  call: {
    readonly from: string;
    readonly to: string;
    readonly data: string;
    /** [wei] */
    readonly value: bigint;
    /** Added to the account's next nonce. */
    readonly place: number;
    /** Taken where it cannot be estimated, because an earlier one must come first. */
    readonly gasLimit?: bigint | undefined;
  },
): Promise<UnsignedTransaction> {
  const { from, to, data, value } = call;
  const [network, nonce, fees] = await calling("the next transaction", () =>
    Promise.all([
      provider.getNetwork(),
      provider.getTransactionCount(from, "pending"),
      provider.getFeeData(),
    ]),
  );
  return {
    chainId: network.chainId,
    from,
    nonce: nonce + call.place,
    to: getAddress(to),
    data,
    value,
    gasLimit: call.gasLimit ?? (await estimateGas(provider, { from, to, data, value })),
    maxFeePerGas: fees.maxFeePerGas ?? fees.gasPrice ?? 0n,
    maxPriorityFeePerGas: fees.maxPriorityFeePerGas ?? 0n,
  };
}

/**
 * Try a call, and say how much gas to give it [gas].
 *
 * @throws ContractError when the contract refuses it; RpcError when the node does not answer.
 */
export async function estimateGas(
  provider: Node,
  call: {
    readonly from: string;
    readonly to: string;
    readonly data: string;
    /** [wei] */
    readonly value: bigint;
  },
): Promise<bigint> {
  await calling("the transaction", () => provider.call(call));
  const estimate = await calling("eth_estimateGas", () => provider.estimateGas(call));
  return (estimate * GAS_ROOM) / 100n;
}

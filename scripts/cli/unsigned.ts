import { z } from "zod";

import { hashOf, type UnsignedTransaction } from "../chain/personSigner.ts";
import { InputError } from "./errors.ts";
import { toJson } from "./output.ts";

/** Transactions that wait for their signatures, as a file. */
export interface UnsignedFile {
  readonly title: string;
  readonly transactions: readonly (UnsignedTransaction & { readonly what: string })[];
}

/** Transactions with their signatures, as a file. */
export interface SignedFile extends UnsignedFile {
  readonly signed: readonly string[];
}

const whole = z.string().regex(/^\d+$/).transform(BigInt);
const hex = z.string().regex(/^0x([0-9a-fA-F]{2})*$/);
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);

const transaction = z.strictObject({
  what: z.string(),
  chainId: whole,
  from: address,
  nonce: z.number().int().nonnegative(),
  to: address,
  data: hex,
  dataHash: hex,
  value: whole,
  gasLimit: whole,
  maxFeePerGas: whole,
  maxPriorityFeePerGas: whole,
});

const unsignedSchema = z.strictObject({
  format: z.literal("bulkhead unsigned 1"),
  title: z.string(),
  transactions: z.array(transaction).min(1),
});

const signedSchema = z.strictObject({
  format: z.literal("bulkhead signed 1"),
  title: z.string(),
  transactions: z.array(transaction).min(1),
  signed: z.array(hex).min(1),
});

/** Write transactions that wait for their signatures. */
export function writeUnsigned({ title, transactions }: UnsignedFile): string {
  return `${toJson({ format: "bulkhead unsigned 1", title, transactions: transactions.map(withHash) })}\n`;
}

/** Write transactions with their signatures. */
export function writeSigned({ title, transactions, signed }: SignedFile): string {
  const hashed = transactions.map(withHash);
  return `${toJson({ format: "bulkhead signed 1", title, transactions: hashed, signed })}\n`;
}

/**
 * Read transactions that wait for their signatures.
 *
 * @throws InputError when the file is of another form, or its data is not what its hash says.
 */
export function readUnsigned(text: string, path: string): UnsignedFile {
  const read = parsed(unsignedSchema, { text, path });
  return { title: read.title, transactions: read.transactions.map((item) => checked(item, path)) };
}

/**
 * Read transactions with their signatures.
 *
 * @throws InputError when the file is of another form, or its data is not what its hash says.
 */
export function readSignedFile(text: string, path: string): SignedFile {
  const { title, transactions, signed } = parsed(signedSchema, { text, path });
  if (signed.length !== transactions.length) {
    throw new InputError(`"${path}" has not one signature for each transaction. Sign it again.`);
  }
  return { title, signed, transactions: transactions.map((item) => checked(item, path)) };
}

function withHash<T extends UnsignedTransaction>(item: T): T & { readonly dataHash: string } {
  return { ...item, dataHash: hashOf(item.data) };
}

function parsed<T>(
  schema: z.ZodType<T>,
  { text, path }: { readonly text: string; readonly path: string },
): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InputError(`"${path}" is not JSON.`, { cause });
  }
  const found = schema.safeParse(json);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  throw new InputError(
    `"${path}" is not a file of such transactions: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}.`,
  );
}

function checked(
  { dataHash, ...item }: z.infer<typeof transaction>,
  path: string,
): UnsignedTransaction & { readonly what: string } {
  if (hashOf(item.data) === dataHash) return item;
  throw new InputError(
    `The call data in "${path}" is not what its hash says: the file was changed. Build it again.`,
  );
}

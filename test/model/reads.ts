import type { BaseContract } from "ethers";
import { concat, dataLength, getBytes, hexlify, toBeHex } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

/** One view to read, and how many words it answers. */
export interface Read {
  readonly contract: BaseContract;
  readonly name: string;
  readonly args?: readonly unknown[];
  readonly words?: number;
}

/** Where answers are put in memory; before it lies what is asked. */
const OUTPUT = 0x400;

/**
 * Reads many views in one round trip, by a program that is run and not deployed: it asks each in turn and returns all
 * answers. Sixty views cost what one does.
 */
export async function readTogether(
  connection: NetworkConnection,
  reads: readonly Read[],
): Promise<readonly unknown[]> {
  const calls = reads.map(({ contract, name, args }) =>
    contract.interface.encodeFunctionData(name, args ?? []),
  );
  const words = reads.map((read) => read.words ?? 1);
  const data = programOf(reads, calls, words);
  const call = { data, gas: toBeHex(16_000_000) };
  const answer = await connection.provider.request({
    method: "eth_call",
    params: [call, "latest"],
  });
  const bytes = getBytes(answer as string);
  let offset = 32;
  return reads.map(({ contract, name }, index) => {
    const length = (words[index] ?? 1) * 32;
    const slice = hexlify(bytes.slice(offset, offset + length));
    offset += length;
    const [value] = contract.interface.decodeFunctionResult(name, slice);
    return value;
  });
}

/** The bytes of each question take the same room as code, whatever their length. */
const STEP = 48;
const TAIL = 7;

function programOf(
  reads: readonly Read[],
  calls: readonly string[],
  words: readonly number[],
): string {
  let question = reads.length * STEP + TAIL;
  let answer = OUTPUT + 32;
  const steps = reads.map(({ contract }, index) => {
    const call = calls[index] ?? "0x";
    const length = dataLength(call);
    const size = (words[index] ?? 1) * 32;
    const step = concat([
      // Copy the question to the start of memory.
      ...["0x61", toBeHex(length, 2), "0x63", toBeHex(question, 4), "0x6000", "0x39"],
      // Ask, and have the answer written behind the others.
      ...["0x61", toBeHex(size, 2), "0x63", toBeHex(answer, 4), "0x61", toBeHex(length, 2)],
      ...["0x6000", "0x73", String(contract.target), "0x5a", "0xfa", "0x50"],
    ]);
    question += length;
    answer += size;
    return step;
  });
  const tail = concat(["0x61", toBeHex(answer - OUTPUT, 2), "0x61", toBeHex(OUTPUT, 2), "0xf3"]);
  return concat([...steps, tail, ...calls]);
}

import type { Command } from "commander";

import { calling } from "../../chain/errors.ts";
import {
  createKeystore,
  openPersonSigner,
  readSigned,
  toRequest,
  type UnsignedTransaction,
} from "../../chain/personSigner.ts";
import { ask } from "../../chain/provider.ts";
import { cliKey } from "../../config/cli.ts";
import { formatWad } from "../../core/units.ts";
import { DeclinedError, InputError, TransactionRevertedError } from "../errors.ts";
import type { CliIo } from "../io.ts";
import { drawFacts } from "../output.ts";
import { onChain, type Session, type SessionOptions, withSession } from "../session.ts";
import { readSignedFile, readUnsigned, type SignedFile, writeSigned } from "../unsigned.ts";

interface KeyOptions {
  readonly keystore: string;
  readonly passwordFile?: string;
}

interface SignOptions {
  readonly config?: string;
  readonly key?: string;
  readonly output: string;
  readonly yes?: boolean;
}

const WAIT_MS = 60_000;
const POLL_MS = 300;

/** Add `key new`: a random key in an encrypted keystore. */
export function registerKey(program: Command, io: CliIo): void {
  program
    .command("key")
    .description("keys")
    .command("new")
    .description("make a random key and store it encrypted; the key itself is never shown")
    .requiredOption("--keystore <file>", "where to store it; must not exist yet")
    .option("--password-file <file>", "file with its password; asked for when left out")
    .action(async ({ keystore, passwordFile }: KeyOptions) => {
      const address = await createKeystore(keystore, await newPassword(io, passwordFile));
      io.print(
        `${address} is stored in "${keystore}". Keep a copy of the file, and the password apart from it.`,
      );
    });
}

/** Add `build-tx`: any command that sends, but to a file. */
export function registerBuildTx(program: Command, io: CliIo, fresh: () => Command): void {
  program
    .command("build-tx")
    .description(
      "write the unsigned transactions of another command to a file, for a machine without network",
    )
    .argument("<file>", "where to write them")
    .argument("<command...>", "the other command with its arguments, such as: margin add 3 100")
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (file: string, command: readonly string[]) => {
      if (command[0] === "build-tx")
        throw new InputError("Name the command whose transactions to build.");
      io.note(`bulkhead ${command.join(" ")} --build-tx ${file}`);
      await fresh().parseAsync([...command, "--build-tx", file], { from: "user" });
    });
}

/** Add `sign`: on a machine without network. */
export function registerSign(program: Command, io: CliIo): void {
  program
    .command("sign")
    .description("sign what build-tx wrote; asks no node")
    .argument("<file>", "what build-tx wrote")
    .requiredOption("--output <file>", "where to write the signed transactions")
    .option("--config <file>", "settings with the key")
    .option("--key <name>", "key of the settings")
    .option("--yes", "sign without asking")
    .action(async (file: string, options: SignOptions) => {
      const unsigned = readUnsigned(await io.readText(file), file);
      io.print([unsigned.title, ...unsigned.transactions.map(describe)].join("\n"));
      await confirm(io, options.yes === true);
      const { source } = await cliKey(options, io.env);
      const signer = await openPersonSigner(source, (path) =>
        io.askSecret(`Password of "${path}": `),
      );
      const signed: string[] = [];
      for (const transaction of unsigned.transactions) {
        if (transaction.from.toLowerCase() !== signer.address.toLowerCase()) {
          throw new InputError(
            `The transactions are of "${transaction.from}", the key signs for "${signer.address}". Choose its key.`,
          );
        }
        signed.push(await signer.sign(toRequest(transaction)));
      }
      await io.writeText(options.output, writeSigned({ ...unsigned, signed }));
      io.print(
        `Signed by ${signer.address}: "${options.output}". \`bulkhead broadcast\` sends it.`,
      );
    });
}

/** Add `broadcast`: send what was signed, if it still is what was built. */
export function registerBroadcast(program: Command, io: CliIo): void {
  const command = program
    .command("broadcast")
    .description(
      "send what sign wrote, after checking chain id, nonce and the hash of the call data",
    )
    .argument("<file>", "what sign wrote");
  withSession(command).action(async (file: string, options: SessionOptions) => {
    const signed = readSignedFile(await io.readText(file), file);
    await onChain(options, io, (session) => broadcast(session, signed, file));
  });
}

async function broadcast(session: Session, file: SignedFile, path: string): Promise<void> {
  const { provider, out } = session;
  const { chainId } = await provider.getNetwork();
  const [first] = file.transactions;
  const next = await calling("the next nonce", () =>
    provider.getTransactionCount(first?.from ?? "", "latest"),
  );
  for (const [place, raw] of file.signed.entries()) {
    const expected = file.transactions[place];
    if (expected !== undefined) requireSame(raw, expected, path);
    requireFits(readSigned(raw), { chainId, nonce: next + place });
  }
  const hashes: string[] = [];
  for (const raw of file.signed) {
    const hash = await ask<string>(provider, "eth_sendRawTransaction", [raw]);
    await requireMined(session, hash);
    hashes.push(hash);
  }
  out.tell(
    "transactions",
    hashes,
    `${file.title}\n${hashes.map((hash) => `Mined: ${hash}`).join("\n")}`,
  );
}

/** What was signed must be what is written beside it, call data above all: `readSignedFile` held that to its hash. */
function requireSame(raw: string, expected: UnsignedTransaction, path: string): void {
  const { from, to, data, value, nonce, chainId } = readSigned(raw);
  const same =
    from.toLowerCase() === expected.from.toLowerCase() &&
    to.toLowerCase() === expected.to.toLowerCase() &&
    data === expected.data &&
    value === expected.value &&
    nonce === expected.nonce &&
    chainId === expected.chainId;
  if (!same) {
    throw new InputError(
      `What is signed in "${path}" is not what is written there. Do not send it.`,
    );
  }
}

function requireFits(
  signed: UnsignedTransaction,
  { chainId, nonce }: { readonly chainId: bigint; readonly nonce: number },
): void {
  if (signed.chainId !== chainId) {
    throw new InputError(
      `It is signed for chain "${signed.chainId}", the node is on "${chainId}". Choose another --network.`,
    );
  }
  if (signed.nonce !== nonce) {
    throw new InputError(
      `It is signed with nonce "${signed.nonce}", the account's next is "${nonce}". ${signed.nonce < nonce ? "It was sent already, or something else was: look before you build it anew." : "Send what comes before it first."}`,
    );
  }
}

async function requireMined({ provider, io }: Session, hash: string): Promise<void> {
  const deadline = io.now() + WAIT_MS;
  while (io.now() < deadline) {
    const receipt = await calling("eth_getTransactionReceipt", () =>
      provider.getTransactionReceipt(hash),
    );
    if (receipt?.status === 1) return;
    if (receipt !== null) throw new TransactionRevertedError(`"${hash}" was mined and failed.`);
    await io.sleep(POLL_MS);
  }
  throw new TransactionRevertedError(
    `"${hash}" has not been mined yet. Look for it before you send more.`,
  );
}

function describe({
  what,
  chainId,
  from,
  nonce,
  to,
  data,
  gasLimit,
  maxFeePerGas,
}: UnsignedTransaction & { readonly what: string }): string {
  return drawFacts([
    ["what", what],
    ["chain id", String(chainId)],
    ["from", from],
    ["nonce", String(nonce)],
    ["contract", to],
    ["call data", `${data.slice(0, 10)}… (${(data.length - 2) / 2} bytes)`],
    ["most for gas", `${formatWad(gasLimit * maxFeePerGas, 9)} ether`],
  ]);
}

async function confirm(io: CliIo, yes: boolean): Promise<void> {
  if (yes) return;
  if (!io.canAsk) throw new DeclinedError("Nobody can be asked here. Give --yes to sign.");
  const answer = await io.ask("Sign? [y/N] ");
  if (!/^y(es)?$/i.test(answer.trim())) throw new DeclinedError("Nothing was signed.");
}

async function newPassword(io: CliIo, file: string | undefined): Promise<string> {
  if (file !== undefined) return (await io.readText(file)).replace(/\r?\n$/, "");
  if (!io.canAsk) throw new DeclinedError("Nobody can be asked here. Give --password-file.");
  const password = await io.askSecret("Password: ");
  if (password !== (await io.askSecret("Again: "))) {
    throw new InputError("The passwords differ. Nothing was stored.");
  }
  return password;
}

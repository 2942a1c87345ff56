import type { TransactionReceipt } from "../chain/contracts.ts";
import { completeCall, estimateGas, openPersonSender } from "../chain/personSigner.ts";
import type { Sender } from "../chain/signer.ts";
import { decodeLogs, type TradeLog } from "../chain/tradeLogs.ts";
import { type Patience, sendAndConfirm } from "../chain/transactions.ts";
import { DeclinedError, TransactionRevertedError } from "./errors.ts";
import { type Change, drawChanges } from "./output.ts";
import type { AccountSession } from "./session.ts";
import { writeUnsigned } from "./unsigned.ts";

/** One transaction of a plan. */
export interface PlannedCall {
  /** What it does, for a person. */
  readonly what: string;
  readonly to: string;
  readonly data: string;
  /** Ether that goes with it [wei]; none when left out. */
  readonly value?: bigint;
}

/** What a command is about to do. */
export interface Plan {
  readonly title: string;
  readonly changes: readonly Change[];
  /** What else to know before signing. */
  readonly notes: readonly string[];
  readonly calls: readonly PlannedCall[];
}

/** What was sent and mined, and the logs that it left. */
export interface Carried {
  readonly hashes: readonly string[];
  readonly logs: readonly TradeLog[];
  /** Block of the last transaction. */
  readonly blockNumber: number;
}

/** Given to what cannot be estimated before an earlier transaction is mined [gas]. */
const GAS_UNSEEN = 1_500_000n;
const DEADLINE_MS = 120_000;
const POLL_MS = 200;
const BUMP_MS = 30_000;

/**
 * Show a plan, ask, and send it. Return `undefined` where nothing was to be sent.
 *
 * @throws ContractError when the market refuses, DeclinedError when the person does, RpcError or KeyError by what failed.
 */
export async function carryOut(session: AccountSession, plan: Plan): Promise<Carried | undefined> {
  const { out, options } = session;
  showPlan(session, plan);
  if (options.buildTx !== undefined) return buildOnly(session, plan, options.buildTx);
  await tryFirst(session, plan);
  if (options.dryRun === true) {
    out.tell("sent", false, "Nothing was sent: this is a dry run.");
    return undefined;
  }
  await confirm(session, plan);
  const { provider, key, io } = session;
  const sender = await openPersonSender(provider, key, (file) =>
    io.askSecret(`Password of "${file}": `),
  );
  return sendAll(session, plan, sender);
}

function showPlan({ out, account, config }: AccountSession, plan: Plan): void {
  const { title, changes, notes, calls } = plan;
  const where = `${config.network.name}, account ${account}`;
  const table = changes.length === 0 ? [] : [drawChanges(changes)];
  const steps = calls.map(({ what }, index) => `${index + 1}. ${what}`);
  out.tell("plan", plan, [`${title} (${where})`, ...table, ...notes, ...steps].join("\n"));
}

async function buildOnly(
  { provider, account, out, io }: AccountSession,
  { title, calls }: Plan,
  file: string,
): Promise<undefined> {
  const transactions = [];
  for (const [place, { what, to, data, value = 0n }] of calls.entries()) {
    const gasLimit = place === 0 ? undefined : GAS_UNSEEN;
    const call = { from: account, to, data, value, place, gasLimit };
    transactions.push({ what, ...(await completeCall(provider, call)) });
  }
  await io.writeText(file, writeUnsigned({ title, transactions }));
  out.tell(
    "file",
    file,
    `Nothing was sent. "${file}" holds ${calls.length} unsigned: \`bulkhead sign\` it where the key is, then \`bulkhead broadcast\`.`,
  );
  return undefined;
}

/** What comes later depends on it and cannot be tried yet. */
async function tryFirst({ provider, account }: AccountSession, { calls }: Plan): Promise<void> {
  const [first] = calls;
  if (first === undefined) return;
  const { to, data, value = 0n } = first;
  await estimateGas(provider, { from: account, to, data, value });
}

async function confirm({ io, options }: AccountSession, { calls }: Plan): Promise<void> {
  if (options.yes === true) return;
  if (!io.canAsk) {
    throw new DeclinedError("Nobody can be asked here. Give --yes to send, or --dry-run to look.");
  }
  const count = calls.length === 1 ? "this transaction" : `these ${calls.length} transactions`;
  const answer = await io.ask(`Send ${count}? [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new DeclinedError("Nothing was sent.");
}

async function sendAll(session: AccountSession, plan: Plan, sender: Sender): Promise<Carried> {
  const receipts: TransactionReceipt[] = [];
  for (const { what, to, data, value = 0n } of plan.calls) {
    const call = { to, data, value };
    const gasLimit = await estimateGas(session.provider, { from: sender.address, ...call });
    receipts.push(await sendOne(session, { what, ...call, gasLimit }, sender));
  }
  const hashes = receipts.map(({ hash }) => hash);
  session.out.tell("transactions", hashes, hashes.map((hash) => `Mined: ${hash}`).join("\n"));
  return {
    hashes,
    logs: receipts.flatMap(({ logs }) => decodeLogs(session.market, logs)),
    blockNumber: receipts.at(-1)?.blockNumber ?? 0,
  };
}

async function sendOne(
  { io }: AccountSession,
  { what, ...call }: Required<PlannedCall> & { readonly gasLimit: bigint },
  sender: Sender,
): Promise<TransactionReceipt> {
  const outcome = await sendAndConfirm(sender, call, patienceOf(io));
  if (outcome.kind !== "mined") {
    throw new TransactionRevertedError(
      `"${what}" has not been mined: nonce "${outcome.nonce}" is ${outcome.kind}. Look at the account before you send again.`,
    );
  }
  if (outcome.receipt.status !== 1) {
    throw new TransactionRevertedError(
      `"${what}" was mined and failed: ${outcome.receipt.hash}. The market moved in between; try again.`,
    );
  }
  return outcome.receipt;
}

/** How long a command waits for a block. */
export function patienceOf({ now, sleep }: AccountSession["io"]): Patience {
  return { deadlineMs: DEADLINE_MS, pollMs: POLL_MS, bumpMs: BUMP_MS, now, sleep };
}

import type { Command } from "commander";

import type { MarketLog } from "../../chain/logs.ts";
import { readMarketHistory } from "../../chain/tradeLogs.ts";
import type { CliIo } from "../io.ts";
import { amount, drawTable } from "../output.ts";
import { type AccountSession, forAccount, type SessionOptions, withSession } from "../session.ts";
import { ownersOf } from "./positions.ts";

interface Options extends SessionOptions {
  readonly csv?: string;
}

/** One thing that happened to a position. Amounts are decimal texts. */
interface Entry {
  readonly block: number;
  readonly transaction: string;
  readonly event: string;
  readonly position: string;
  readonly size: string;
  readonly price: string;
  readonly fee: string;
  readonly paidIn: string;
  readonly paidOut: string;
  readonly realized: string;
}

type Fields = Omit<Entry, "block" | "transaction" | "event" | "position">;

const EMPTY: Fields = { size: "", price: "", fee: "", paidIn: "", paidOut: "", realized: "" };
const COLUMNS: readonly (keyof Entry)[] = [
  "block",
  "event",
  "position",
  "size",
  "price",
  "fee",
  "paidIn",
  "paidOut",
  "realized",
  "transaction",
];

/** What each log says of money. */
const FIELDS: Readonly<Record<string, (args: MarketLog["args"]) => Partial<Fields>>> = {
  PositionIncreased: (args) => ({
    size: exact(args.sizeDelta),
    price: exact(args.fillPrice),
    fee: exact(args.fee),
    paidIn: exact(args.marginAdded),
  }),
  PositionDecreased: (args) => ({
    size: exact(args.sizeDelta),
    price: exact(args.fillPrice),
    fee: exact(args.fee),
    paidOut: exact(args.paidOut),
    realized: exact(args.realizedPnl),
  }),
  PositionLiquidated: (args) => ({
    size: exact(args.sizeDelta),
    price: exact(args.fillPrice),
    fee: exact(args.fee),
    paidOut: exact(args.paidOut),
  }),
  PositionRescued: (args) => ({
    price: exact(args.price),
    fee: exact(args.keeperFee),
    paidIn: exact(args.pulled),
  }),
  MarginAdded: (args) => ({ paidIn: exact(args.amount) }),
  MarginRemoved: (args) => ({ price: exact(args.price), paidOut: exact(args.amount) }),
  PositionSettled: (args) => ({ fee: exact(args.keeperFee) }),
  PositionTransferred: () => ({}),
};

/** Add `history`: all that happened to the account's positions. */
export function registerHistory(program: Command, io: CliIo): void {
  const command = program
    .command("history")
    .description("all that happened to the account's positions, from the market's logs")
    .option("--csv <file>", "write it as CSV, amounts exact");
  withSession(command).action(async (options: Options) => {
    await forAccount(options, io, (session) => tellHistory(session, options));
  });
}

async function tellHistory(session: AccountSession, { csv }: Options): Promise<void> {
  const { market, config, account, out, io } = session;
  const history = await readMarketHistory(market, config.network);
  const owned = new Set(
    [...ownersOf(history)].filter(([, owner]) => owner === account).map(([id]) => id),
  );
  const entries = history.logs.flatMap((log) => entryOf(log, owned));
  if (csv !== undefined) {
    const lines = [COLUMNS, ...entries.map((entry) => COLUMNS.map((column) => entry[column]))];
    await io.writeText(csv, `${lines.map((line) => line.join(",")).join("\n")}\n`);
    out.tell("file", csv, `${entries.length} entries written to "${csv}".`);
    return;
  }
  const shown = COLUMNS.filter((column) => column !== "transaction");
  const rows = entries.map((entry) => shown.map((column) => String(entry[column])));
  out.tell(
    "history",
    entries,
    rows.length === 0 ? "Nothing happened yet." : drawTable(shown, rows),
  );
}

function entryOf(log: MarketLog, owned: ReadonlySet<bigint>): readonly Entry[] {
  const fields = FIELDS[log.name];
  if (fields === undefined) return [];
  const id = BigInt(log.args.positionId);
  if (!owned.has(id)) return [];
  const { blockNumber: block, transactionHash: transaction, name: event } = log;
  return [{ block, transaction, event, position: String(id), ...EMPTY, ...fields(log.args) }];
}

function exact(value: bigint): string {
  return amount(value, 18);
}

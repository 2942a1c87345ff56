import type { Command } from "commander";

import { type MarketHistory, readMarketHistory } from "../../chain/tradeLogs.ts";
import { readMandate, readPosition, readScene } from "../../chain/tradeMarket.ts";
import type { CliIo } from "../io.ts";
import { oddsBasis } from "../odds.ts";
import { amount, drawTable } from "../output.ts";
import {
  forAccount,
  inMarket,
  type MarketSession,
  type SessionOptions,
  withSession,
} from "../session.ts";
import { priceText, type Standing, standingOf } from "../standing.ts";

interface Options extends SessionOptions {
  readonly all?: boolean;
}

interface Row extends Standing {
  readonly id: bigint;
  readonly owner: string;
  readonly mandateLeft: bigint | undefined;
}

/** Add `positions`: those that are open. */
export function registerPositions(program: Command, io: CliIo): void {
  const command = program
    .command("positions")
    .description("the account's open positions, and where they stand at the price of now")
    .option("--all", "those of everybody");
  withSession(command).action(async (options: Options) => {
    if (options.all === true) {
      await inMarket(options, io, (session) => listPositions(session, undefined));
    } else {
      await forAccount(options, io, (session) => listPositions(session, session.account));
    }
  });
}

/** Return the newest owner of every position that the logs tell of. */
export function ownersOf({ logs }: Pick<MarketHistory, "logs">): ReadonlyMap<bigint, string> {
  const owners = new Map<bigint, string>();
  for (const { name, args } of logs) {
    if (name === "PositionUpdated") owners.set(BigInt(args.positionId), String(args.owner));
    if (name === "PositionTransferred") owners.set(BigInt(args.positionId), String(args.receiver));
  }
  return owners;
}

async function listPositions(session: MarketSession, account: string | undefined): Promise<void> {
  const { market, config, out } = session;
  const history = await readMarketHistory(market, config.network);
  const owners = ownersOf(history);
  const ids = [...history.state.positions.keys()].filter(
    (id) => account === undefined || owners.get(id) === account,
  );
  const rows = await readRows(session, ids, history);
  const heads = [
    "position",
    "size",
    "margin",
    "equity",
    "health",
    "liquidation",
    "24 h",
    "can lose",
    "can win",
    "mandate",
  ];
  const text = rows.length === 0 ? "No position is open." : drawTable(heads, rows.map(textsOf));
  out.tell("positions", rows, text);
}

async function readRows(
  session: MarketSession,
  ids: readonly bigint[],
  { state }: MarketHistory,
): Promise<readonly Row[]> {
  if (ids.length === 0) return [];
  const { market, config, io } = session;
  const [moment, odds] = await Promise.all([readScene(market), oddsBasis(config, io)]);
  const found = await Promise.all(
    ids.map(async (id) => {
      const position = await readPosition(market, id);
      const terms = state.terms.get(position.termsId);
      if (terms === undefined) return [];
      const scene = { ...moment, terms, now: BigInt(moment.head.timestamp) };
      const mandate = await readMandate(market, id, position);
      const standing = standingOf(position, { scene, mandate, odds });
      const { owner } = position;
      return standing === undefined
        ? []
        : [{ id, owner, ...standing, mandateLeft: mandate?.capLeft }];
    }),
  );
  return found.flat();
}

function textsOf(row: Row): readonly string[] {
  return [
    String(row.id),
    amount(row.size, 6),
    amount(row.margin, 2),
    amount(row.equity, 2),
    amount(row.health, 2),
    priceText(row.liquidationPrice),
    row.odds,
    amount(row.mostToLose, 2),
    amount(row.mostToWin, 2),
    row.mandateLeft === undefined ? "–" : amount(row.mandateLeft, 2),
  ];
}

import type { Command } from "commander";
import { health } from "../../core/quote.ts";
import { drawTable, type RiskIo, toJson } from "../io.ts";
import { fromWad } from "../market/rules.ts";
import { feesPerDay } from "../odds.ts";
import { timeByFees } from "../sizing.ts";
import { duration, money } from "../words.ts";
import {
  loadPosition,
  type MarketOptions,
  type PositionOptions,
  withMarket,
  withPosition,
} from "./shared.ts";

/** Add `time-to-liquidation`: how long a position lasts by its fees alone. */
export function registerTimeToLiquidation(program: Command, io: RiskIo): void {
  const command = program
    .command("time-to-liquidation")
    .description(
      "how long a position lasts were the price to stand still: funding and borrow fee alone",
    );
  withPosition(withMarket(command)).action(async (options: MarketOptions & PositionOptions) => {
    const { position, scene } = await loadPosition(options, { io, history: undefined });
    const fees = feesPerDay(position, scene);
    const standing = health(position, scene);
    const equity = fromWad(standing.equity);
    const maintenance = fromWad(standing.maintenanceMargin);
    const seconds = timeByFees({ equity, maintenance, feesPerDay: fees.funding + fees.borrow });
    if (options.json === true) {
      io.print(toJson({ ...fees, equity, maintenance, seconds }));
      return;
    }
    const cells = [
      money(fees.funding),
      money(fees.borrow),
      money(equity),
      money(maintenance),
      duration(seconds),
    ];
    const head = ["funding a day", "borrow fee a day", "equity", "maintenance margin", "lasts"];
    io.print(drawTable(head, [cells]));
  });
}

import type { Command } from "commander";
import { drawTable, type RiskIo, toJson } from "../io.ts";
import { fromWad } from "../market/rules.ts";
import { parseAmount } from "../parse.ts";
import { leverageOf, sizeFor } from "../sizing.ts";
import { duration, money, percent, times } from "../words.ts";
import { loadBasis, type SizingOptions, withSizing } from "./marginFor.ts";
import { loadMarket, need } from "./shared.ts";

interface Options extends SizingOptions {
  readonly margin?: bigint;
  readonly price?: bigint;
}

/** Add `size-for`: the largest position that a margin carries at given odds. */
export function registerSizeFor(program: Command, io: RiskIo): void {
  const command = program
    .command("size-for")
    .description("largest position that a margin carries at a chance of liquidation")
    .requiredOption("--margin <amount>", "what is put in, fee included [quote]", parseAmount)
    .option("--price <amount>", "price of now, to tell the size [quote per base]", parseAmount);
  withSizing(command).action(async (options: Options) => {
    const { rules } = await loadMarket(options, io);
    const basis = await loadBasis(options, io);
    const margin = fromWad(need(options.margin, "--margin"));
    const answer = sizeFor({ ...options, ...basis, terms: rules.terms }, margin);
    const size = options.price === undefined ? undefined : answer.notional / fromWad(options.price);
    if (options.json === true) {
      io.print(toJson({ ...answer, size, sigma: basis.sigma }));
      return;
    }
    const { p, horizon, side } = options;
    io.print(
      `${side}, margin ${money(margin)}, liquidated within ${duration(horizon)} with a chance of ${percent(p)}`,
    );
    const sizeText = size === undefined ? "" : size.toFixed(6);
    const cells = [money(answer.notional), times(leverageOf(answer.advised)), sizeText];
    io.print(drawTable(["notional", "leverage", "size"], [cells]));
  });
}

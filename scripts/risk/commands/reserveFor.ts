import { type Command, Option } from "commander";
import { borrowRate } from "../../core/borrowMath.ts";
import { drawTable, type RiskIo, toJson } from "../io.ts";
import { fromWad } from "../market/rules.ts";
import { toWad } from "../market/spec.ts";
import { parseAmount, parseShare } from "../parse.ts";
import { reserveFor } from "../sizing.ts";
import { duration, money, percent } from "../words.ts";
import { loadBasis, type SizingOptions, withSizing } from "./marginFor.ts";
import { loadMarket, need } from "./shared.ts";

interface Options extends SizingOptions {
  readonly notional?: bigint;
  readonly utilization: number;
}

/** Add `reserve-for`: how far the price must be allowed to run, and what that costs. */
export function registerReserveFor(program: Command, io: RiskIo): void {
  const command = program
    .command("reserve-for")
    .description(
      "reserve that lets the price run as far as it will but for a chance, and its cost a day",
    )
    .requiredOption("--notional <amount>", "size × price [quote]", parseAmount)
    .addOption(
      new Option(
        "--utilization <share>",
        "share of the pool's cash that is reserved, this included",
      )
        .argParser(parseShare)
        .default(0.5, "50%"),
    );
  withSizing(command).action(async (options: Options) => {
    const { rules } = await loadMarket(options, io);
    const basis = await loadBasis(options, io);
    const answer = reserveFor({
      ...options,
      ...basis,
      notional: fromWad(need(options.notional, "--notional")),
      borrowRate: fromWad(borrowRate(toWad(options.utilization), rules.curves)),
      minReserveRatio: fromWad(rules.terms.minReserveRatio),
    });
    if (options.json === true) {
      io.print(toJson({ ...answer, sigma: basis.sigma }));
      return;
    }
    const { p, horizon, side } = options;
    io.print(
      `${side}: within ${duration(horizon)} the gain outruns this reserve with a chance of ${percent(p)}`,
    );
    const cells = [
      percent(answer.move),
      percent(answer.ratio),
      money(answer.reserve),
      money(answer.costPerDay),
    ];
    io.print(
      drawTable(["price may run", "reserve ÷ notional", "reserve", "borrow fee a day"], [cells]),
    );
  });
}

import { WAD } from "../core/wadMath.ts";

/** What doing something would cost and bring. */
export interface Business {
  /** [WAD quote] */
  readonly reward: bigint;
  /** Gas that it takes. */
  readonly gas: bigint;
  /** Price of gas that is expected to be paid [wei]. */
  readonly gasPrice: bigint;
  /** What publishing its data and verifying its price cost besides [wei]. */
  readonly dataFee: bigint;
}

/** When it is worth it. */
export interface ProfitRule {
  /** Price of the token that pays for gas [WAD quote]; absent where profit is not asked for. */
  readonly nativePrice: bigint | undefined;
  /** Profit to be left [WAD quote]; below zero to serve at a loss. */
  readonly minProfit: bigint;
  /** Most to offer for gas in any case [wei]. */
  readonly maxFeePerGas: bigint;
}

/** What came of asking. */
export type Verdict =
  | { readonly kind: "send"; readonly feeCap: bigint; readonly profit: bigint | undefined }
  | {
      readonly kind: "wait";
      /** [WAD quote] */
      readonly cost: bigint;
      readonly reward: bigint;
    };

/** Decide whether something is worth its cost now, and how much it may cost at most. */
export function judge(business: Business, rule: ProfitRule): Verdict {
  const { nativePrice, minProfit, maxFeePerGas } = rule;
  if (nativePrice === undefined) return { kind: "send", feeCap: maxFeePerGas, profit: undefined };
  const { reward, gas, gasPrice, dataFee } = business;
  const cost = ((gas * gasPrice + dataFee) * nativePrice) / WAD;
  if (reward - cost < minProfit || gasPrice > maxFeePerGas) return { kind: "wait", cost, reward };
  const affordable = ((reward - minProfit) * WAD) / nativePrice - dataFee;
  const worth = gas === 0n ? maxFeePerGas : affordable / gas;
  // What is offered may rise with the market, up to where nothing would be left.
  const feeCap = worth < maxFeePerGas ? worth : maxFeePerGas;
  return { kind: "send", feeCap, profit: reward - cost };
}

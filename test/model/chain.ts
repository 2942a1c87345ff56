import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { BaseContract, Interface, LogDescription, TransactionReceipt } from "ethers";
import type { HostileToken, ScriptedOracle } from "../../types/ethers-contracts/index.ts";
import type { MarketFixture } from "../fixtures/market.ts";
import type { Call } from "./calls.ts";
import type { Outcome, Wish } from "./orders.ts";
import type { Rational } from "./rational.ts";
import { WAD_UNITS } from "./scale.ts";

/** A market of the contracts with an oracle that says what it is told, and a token that can be told to refuse. */
export interface Stage {
  readonly market: MarketFixture;
  readonly oracle: ScriptedOracle;
  readonly token: HostileToken;
}

/** More than any call needs. */
const GAS = { gasLimit: 8_000_000n };
const KINDS = { market: 0n, limit: 1n, stop: 2n } as const;
const OUTCOMES = [
  "NoMandate",
  "Rescued",
  "Expired",
  "NotTriggered",
  "Insolvent",
  "TooSoon",
  "FeeTooHigh",
  "CapTooSmall",
  "AllowanceTooSmall",
  "BalanceTooSmall",
  "TransferFailed",
] as const;

/** An amount as the contracts count it, with 18 decimals. @throws when it has more. */
export function wadOf(amount: Rational): bigint {
  const scaled = amount.times(WAD_UNITS);
  if (scaled.denominator !== 1n) throw new RangeError(`"${amount}" has more than 18 decimals.`);
  return scaled.numerator;
}

/** Sends a call in second `now` and tells how it ended. */
export async function send(stage: Stage, call: Call, now: bigint): Promise<Outcome> {
  const { market } = stage;
  await market.connection.networkHelpers.time.setNextBlockTimestamp(now);
  try {
    const receipt = await (await transact(stage, call)).wait();
    if (receipt === null) throw new Error("The transaction was not mined.");
    return outcomeOf(stage, call, receipt);
  } catch (error) {
    const data = revertData(error);
    if (data === undefined) throw error;
    return { kind: "reverted", names: [errorName(stage, data)] };
  }
}

type Sending = ReturnType<HardhatEthersSigner["sendTransaction"]>;

async function transact(stage: Stage, call: Call): Sending {
  if (call.do in SEND) {
    return await (SEND[call.do] as (stage: Stage, call: Call) => Sending)(stage, call);
  }
  throw new Error(`There is no transaction "${call.do}".`);
}

type Doing<Name extends Call["do"], Any = Call> = Any extends { readonly do: infer Names }
  ? Name extends Names
    ? Any
    : never
  : never;

const SEND: { readonly [Name in Call["do"]]: (stage: Stage, call: Doing<Name>) => Sending } = {
  tell: async ({ oracle }, { price, restartedAt }) => {
    const upSince = restartedAt ?? (await oracle.upSince());
    const value = wadOf(price.value);
    return await oracle.tell({ ...price, value, upSince, closingOnly: false, kind: 0n }, GAS);
  },
  submit: ({ market }, { wish }) =>
    market.orderBook.connect(market.accounts[wish.account]).submit(requestOf(wish), GAS),
  execute: ({ market: { orderBook, accounts } }, { orderId }) =>
    orderBook.connect(accounts.keeper).execute([orderId], "0x", accounts.keeper, GAS),
  cancel: ({ market: { orderBook, accounts } }, { orderId, player }) =>
    orderBook.connect(accounts[player]).cancel(orderId, "0x", GAS),
  addMargin: ({ market }, { player, positionId, amount }) =>
    market.marginVault
      .connect(market.accounts[player])
      .addMargin(positionId, tokensOf(market, amount), GAS),
  removeMargin: ({ market }, { player, positionId, amount }) =>
    market.marginVault
      .connect(market.accounts[player])
      .removeMargin(positionId, tokensOf(market, amount), market.accounts[player], "0x", GAS),
  liquidate: ({ market: { marginVault, accounts } }, { positionId }) =>
    marginVault.connect(accounts.keeper).liquidate(positionId, "0x", accounts.keeper, GAS),
  rescue: ({ market: { marginVault, accounts } }, { positionId }) =>
    marginVault.connect(accounts.keeper).rescue(positionId, "0x", accounts.keeper, GAS),
  settleAtCap: ({ market: { orderBook, accounts } }, { positionId }) =>
    orderBook.connect(accounts.keeper).settleAtCap(positionId, "0x", accounts.keeper, GAS),
  setMandate: ({ market }, { player, positionId, mandate }) =>
    market.mandateBook.connect(market.accounts[player]).setMandate(
      {
        positionId,
        cap: wadOf(mandate.capLeft),
        triggerRatio: wadOf(mandate.trigger),
        targetRatio: wadOf(mandate.target),
        minInterval: mandate.minInterval,
        expiry: mandate.expiry,
        maxKeeperFee: wadOf(mandate.maxKeeperFee),
      },
      GAS,
    ),
  approve: ({ market, token }, { player, amount }) =>
    token
      .connect(market.accounts[player])
      .approve(market.mandateBook, tokensOf(market, amount), GAS),
  spend: ({ market, token }, { player, amount }) =>
    token
      .connect(market.accounts[player])
      .transfer(market.accounts.stranger, tokensOf(market, amount), GAS),
  block: ({ market, token }, { whom, blocked }) => {
    const account =
      whom === "marginVault" || whom === "liquidityVault" ? market[whom] : market.accounts[whom];
    return token.setBlocked(account, blocked, GAS);
  },
  requestDeposit: ({ market }, { player, amount }) => {
    const account = market.accounts[player];
    const pool = market.liquidityVault.connect(account);
    return pool.requestDeposit(tokensOf(market, amount), account, account, GAS);
  },
  requestRedeem: ({ market }, { player, amount }) => {
    const account = market.accounts[player];
    const pool = market.liquidityVault.connect(account);
    return pool.requestRedeem(amount.numerator, account, account, GAS);
  },
  cancelRequest: ({ market }, { queue, player, number }) => {
    const pool = market.liquidityVault.connect(market.accounts[player]);
    return queue === "deposits" ? pool.cancelDeposit(number, GAS) : pool.cancelRedeem(number, GAS);
  },
  fulfill: ({ market: { liquidityVault, accounts } }, { queue, maxCount }) => {
    const pool = liquidityVault.connect(accounts.keeper);
    return queue === "deposits"
      ? pool.fulfillDeposits(maxCount, "0x", accounts.keeper, GAS)
      : pool.fulfillRedeems(maxCount, "0x", accounts.keeper, GAS);
  },
  claimFulfilled: ({ market }, { queue, player, amount }) => {
    const account = market.accounts[player];
    const pool = market.liquidityVault.connect(account);
    return queue === "deposits"
      ? pool["deposit(uint256,address,address)"](tokensOf(market, amount), account, account, GAS)
      : pool.redeem(amount.numerator, account, account, GAS);
  },
  claim: ({ market }, { at, player }) => {
    const account = market.accounts[player];
    const contract = at === "vault" ? market.marginVault : market.liquidityVault;
    return contract.connect(account).claim(account, GAS);
  },
  sweepDues: ({ market }) => market.marginVault.sweepDues(GAS),
  accrue: ({ market }) => market.marginVault.accrue(GAS),
};

/** An amount in units of the token. */
export function tokensOf(market: MarketFixture, amount: Rational): bigint {
  return wadOf(amount) / market.tokenScale;
}

function requestOf(wish: Wish) {
  return {
    positionId: wish.positionId,
    kind: KINDS[wish.kind],
    reduceOnly: wish.reduceOnly,
    feeFromMargin: wish.feeFromMargin,
    termsId: wish.termsId,
    sizeDelta: wadOf(wish.sizeDelta),
    margin: wadOf(wish.margin),
    reserve: wadOf(wish.reserve),
    acceptablePrice: wadOf(wish.acceptablePrice),
    triggerPrice: wadOf(wish.triggerPrice),
    keeperFee: wadOf(wish.keeperFee),
    expiry: wish.expiry,
  };
}

function revertData(error: unknown): string | undefined {
  for (let at = error; typeof at === "object" && at !== null; ) {
    const { data, cause, error: inner } = at as Record<string, unknown>;
    if (typeof data === "string" && data.startsWith("0x")) return data;
    at = cause ?? inner;
  }
  return undefined;
}

function contractsOf(stage: Stage): readonly BaseContract[] {
  const { marginVault, orderBook, liquidityVault, mandateBook } = stage.market;
  return [marginVault, orderBook, liquidityVault, mandateBook, stage.token];
}

function errorName(stage: Stage, data: string): string {
  for (const { interface: abi } of contractsOf(stage)) {
    const error = abi.parseError(data);
    if (error === null) continue;
    if (error.name === "RescueRefused") return outcomeName(error.args[1]);
    return error.name;
  }
  return data;
}

function outcomeName(outcome: bigint): string {
  return OUTCOMES[Number(outcome)] ?? String(outcome);
}

/** All logs of a receipt that a contract of the market knows. */
function logsOf(stage: Stage, receipt: TransactionReceipt): readonly LogDescription[] {
  return receipt.logs.flatMap((log) => {
    const from = contractsOf(stage).find(({ target }) => target === log.address);
    const parsed = (from?.interface as Interface | undefined)?.parseLog(log) ?? null;
    return parsed === null ? [] : [parsed];
  });
}

/** What a receipt tells of a call whose outcome is not plain from its name. */
function outcomeOf(stage: Stage, call: Call, receipt: TransactionReceipt): Outcome {
  const logs = logsOf(stage, receipt);
  const named = (name: string) => logs.find((log) => log.name === name)?.args;
  switch (call.do) {
    case "execute":
      return executionOf(stage, logs);
    case "cancel":
      return done(named("OrderCancelled")?.forfeited > 0n ? "forfeited" : "cancelled");
    case "liquidate":
    case "rescue": {
      const receipt = named("PositionLiquidated");
      if (receipt === undefined) return done("rescued");
      const outcome = done(receipt.size === 0n ? "full" : "part");
      return { ...outcome, rescue: [outcomeName(receipt.rescue)] };
    }
    case "fulfill":
      return done(logs.flatMap((log) => SERVED[log.name]?.(log) ?? []).join(","));
    default:
      return done(PLAIN[call.do]);
  }
}

function done(name: string): Outcome {
  return { kind: "done", names: [name] };
}

const SERVED: Readonly<Record<string, (log: LogDescription) => string>> = {
  DepositFulfilled: () => "deposited",
  DepositRefunded: () => "refunded",
  RedeemFulfilled: ({ args }) => (args.sharesPending > 0n ? "part" : "redeemed"),
  RedeemReturned: () => "returned",
};

const PLAIN: Readonly<
  Record<Exclude<Call["do"], "execute" | "cancel" | "liquidate" | "rescue" | "fulfill">, string>
> = {
  tell: "told",
  submit: "submitted",
  addMargin: "added",
  removeMargin: "removed",
  settleAtCap: "settled",
  setMandate: "mandated",
  approve: "approved",
  spend: "spent",
  block: "blocked",
  requestDeposit: "requested",
  requestRedeem: "requested",
  cancelRequest: "cancelled",
  claimFulfilled: "claimed",
  claim: "claimed",
  sweepDues: "swept",
  accrue: "accrued",
};

function executionOf(stage: Stage, logs: readonly LogDescription[]): Outcome {
  const cancelled = logs.find(({ name }) => name === "OrderCancelled");
  if (cancelled !== undefined) {
    return { kind: "cancelled", names: [errorName(stage, cancelled.args.reason)] };
  }
  const increased = logs.find(({ name }) => name === "PositionIncreased");
  const updated = logs.find(({ name }) => name === "PositionUpdated");
  const size = updated?.args.size ?? 0n;
  if (increased !== undefined) {
    return done(increased.args.sizeDelta === size ? "opened" : "increased");
  }
  return done(size === 0n ? "closed" : "decreased");
}

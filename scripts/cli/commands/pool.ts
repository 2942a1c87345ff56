import type { Command } from "commander";

import { calling } from "../../chain/errors.ts";
import { addressOfKey } from "../../chain/personSigner.ts";
import { balanceOf } from "../../chain/token.ts";
import { readPool } from "../../chain/tradeMarket.ts";
import { formatToken, parseToken } from "../../core/units.ts";
import { divWadDown } from "../../core/wadMath.ts";
import { carryOut } from "../carryOut.ts";
import { InputError, WouldBeRefusedError } from "../errors.ts";
import type { CliIo } from "../io.ts";
import { amount, drawFacts, share } from "../output.ts";
import {
  type AccountSession,
  forAccount,
  inMarket,
  type MarketSession,
  type SendingOptions,
  type SessionOptions,
  withSending,
  withSession,
} from "../session.ts";
import { permissionFor } from "../trading.ts";

/** Add `pool`: what liquidity providers do. */
export function registerPool(program: Command, io: CliIo): void {
  const group = program.command("pool").description("provide liquidity: deposit, withdraw, look");
  const show = group.command("show").description("the pool, and what the account has in it");
  withSession(show).action(async (options: SessionOptions) => {
    await inMarket(options, io, async (session) => {
      await tellPool(session);
      const { key } = session.config;
      if (key === undefined) return;
      const account = await addressOfKey(key.source);
      await tellShares({ ...session, key: key.source, account });
    });
  });
  const deposit = group
    .command("deposit")
    .description("ask for shares; they come at the price after a delay")
    .argument("<amount>", "how much [token]");
  withSending(deposit).action(async (text: string, options: SendingOptions) => {
    await forAccount(options, io, (session) => requestDeposit(session, text));
  });
  const withdraw = group
    .command("withdraw")
    .description("ask for shares to be paid out; at the price after a delay")
    .argument("<shares>", 'how many shares, or "all"');
  withSending(withdraw).action(async (text: string, options: SendingOptions) => {
    await forAccount(options, io, (session) => requestRedeem(session, text));
  });
  const claim = group
    .command("claim")
    .description("take what was fulfilled: shares of deposits, money of withdrawals, refunds");
  withSending(claim).action(async (options: SendingOptions) => {
    await forAccount(options, io, claimAll);
  });
}

async function tellPool({ market, out }: MarketSession): Promise<void> {
  const pool = await readPool(market);
  const { token, share: shareToken } = market;
  const utilization = pool.cash === 0n ? 0n : divWadDown(pool.reserved, pool.cash);
  const text = (value: bigint) => `${formatToken(value, token.decimals)} ${token.symbol}`;
  out.tell(
    "pool",
    pool,
    drawFacts([
      ["cash", `${amount(pool.cash)} ${token.symbol}`],
      ["reserved for positions", `${amount(pool.reserved)} ${token.symbol}`],
      ["utilization", `${share(utilization)} of at most ${share(pool.maxUtilization)}`],
      ["worth", text(pool.totalAssets)],
      ["shares", `${formatToken(pool.totalSupply, shareToken.decimals)} ${shareToken.symbol}`],
      ["one share is worth", text(pool.sharePriceToken)],
      ["smallest request", text(pool.minRequestToken)],
      ["keeper's fee of a request", text(pool.requestFeeToken)],
    ]),
  );
}

async function tellShares({ market, account, out, provider }: AccountSession): Promise<void> {
  const { pool, token, share: shareToken } = market;
  const [shares, held, found] = await Promise.all([
    balanceOf(provider, shareToken.address, account),
    balanceOf(provider, token.address, account),
    readClaims(market, account),
  ]);
  const worth = await calling("convertToAssets", () => pool.convertToAssets(shares));
  const money = (value: bigint) => `${formatToken(value, token.decimals)} ${token.symbol}`;
  const part = (value: bigint) => formatToken(value, shareToken.decimals);
  out.tell(
    "account",
    { shares, worth, held, ...found },
    drawFacts([
      ["your shares", `${part(shares)}, worth ${money(worth)}`],
      ["your wallet", money(held)],
      ["deposits that wait", money(found.pendingDeposit)],
      ["deposits to claim as shares", money(found.claimableDeposit)],
      ["withdrawals that wait", `${part(found.pendingRedeem)} shares`],
      ["withdrawals to claim", `${part(found.claimableRedeem)} shares`],
      ["refunds to claim", money(found.refunds)],
    ]),
  );
}

async function readClaims({ pool }: Pick<MarketSession["market"], "pool">, account: string) {
  return calling("the account's requests", async () => {
    const [pendingDeposit, claimableDeposit, pendingRedeem, claimableRedeem, refunds] =
      await Promise.all([
        pool.pendingDepositRequest(0n, account),
        pool.claimableDepositRequest(0n, account),
        pool.pendingRedeemRequest(0n, account),
        pool.claimableRedeemRequest(0n, account),
        pool.claimable(account),
      ]);
    return { pendingDeposit, claimableDeposit, pendingRedeem, claimableRedeem, refunds };
  });
}

async function requestDeposit(session: AccountSession, text: string): Promise<void> {
  const { market, account } = session;
  const { token, addresses, pool } = market;
  const assets = parseToken(text, token.decimals);
  const facts = await readPool(market);
  if (assets < facts.minRequestToken) {
    throw new WouldBeRefusedError(
      `"${text}" is below the smallest request, "${formatToken(facts.minRequestToken, token.decimals)}" ${token.symbol}. Deposit at least that.`,
    );
  }
  const spender = { spender: addresses.liquidityVault, name: "LiquidityVault" };
  const permission = await permissionFor(session, { ...spender, amountToken: assets });
  const shares = await calling("convertToShares", () =>
    pool.convertToShares(assets - facts.requestFeeToken),
  );
  const part = formatToken(shares, market.share.decimals);
  await carryOut(session, {
    title: `Ask to deposit ${text} ${token.symbol}`,
    changes: [
      await balanceChange(session, -assets),
      { name: "shares, at the price of now", before: "–", after: part },
    ],
    notes: [
      `The price is that after ${market.constants.depositDelay} s; \`bulkhead pool claim\` then takes the shares. Keeper's fee ${formatToken(facts.requestFeeToken, token.decimals)} ${token.symbol}.`,
    ],
    calls: [
      ...permission,
      {
        what: "request the deposit",
        to: addresses.liquidityVault,
        data: pool.interface.encodeFunctionData("requestDeposit", [assets, account, account]),
      },
    ],
  });
}

async function requestRedeem(session: AccountSession, text: string): Promise<void> {
  const { market, account, provider } = session;
  const { addresses, pool, share: shareToken, token } = market;
  const held = await balanceOf(provider, shareToken.address, account);
  const shares = text === "all" ? held : parseToken(text, shareToken.decimals);
  if (shares > held || shares === 0n) {
    throw new InputError(
      `The account holds "${formatToken(held, shareToken.decimals)}" shares. Withdraw at most that, and more than none.`,
    );
  }
  const worth = await calling("convertToAssets", () => pool.convertToAssets(shares));
  const part = (value: bigint) => formatToken(value, shareToken.decimals);
  await carryOut(session, {
    title: `Ask to withdraw ${part(shares)} shares`,
    changes: [
      { name: "your shares", before: part(held), after: part(held - shares) },
      {
        name: `${token.symbol}, at the price of now`,
        before: "–",
        after: formatToken(worth, token.decimals),
      },
    ],
    notes: [
      `The price is that after ${market.constants.redeemDelay} s, as far as the pool has free cash; \`bulkhead pool claim\` then takes the money.`,
    ],
    calls: [
      {
        what: "request the withdrawal",
        to: addresses.liquidityVault,
        data: pool.interface.encodeFunctionData("requestRedeem", [shares, account, account]),
      },
    ],
  });
}

async function claimAll(session: AccountSession): Promise<void> {
  const { market, account, out } = session;
  const { pool, addresses } = market;
  const found = await readClaims(market, account);
  const to = addresses.liquidityVault;
  const encode = pool.interface;
  const calls = [
    {
      due: found.claimableDeposit,
      what: "take the shares of your deposits",
      data: encode.encodeFunctionData("deposit(uint256,address,address)", [
        found.claimableDeposit,
        account,
        account,
      ]),
    },
    {
      due: found.claimableRedeem,
      what: "take the money of your withdrawals",
      data: encode.encodeFunctionData("redeem", [found.claimableRedeem, account, account]),
    },
    {
      due: found.refunds,
      what: "take your refunds",
      data: encode.encodeFunctionData("claim", [account]),
    },
  ].filter(({ due }) => due > 0n);
  if (calls.length === 0) {
    out.tell("claims", found, "There is nothing to claim yet.");
    return;
  }
  await carryOut(session, {
    title: "Claim",
    changes: [],
    notes: [],
    calls: calls.map(({ what, data }) => ({ what, data, to })),
  });
}

async function balanceChange({ market, provider, account }: AccountSession, delta: bigint) {
  const { token } = market;
  const held = await balanceOf(provider, token.address, account);
  const text = (value: bigint) => formatToken(value, token.decimals);
  return { name: `your ${token.symbol}`, before: text(held), after: text(held + delta) };
}

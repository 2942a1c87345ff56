import { calling } from "../chain/errors.ts";
import { allowanceOf, balanceOf, encodeAllowance } from "../chain/token.ts";
import {
  type MarketScene,
  type OrderRequest,
  readMandate,
  readPosition,
  readScene,
  readTerms,
} from "../chain/tradeMarket.ts";
import type { OpenRefusal, Scene } from "../core/quote.ts";
import type { RescueMandate } from "../core/rescue.ts";
import type { Position, Terms } from "../core/types.ts";
import { formatToken } from "../core/units.ts";
import { mulWadDown, mulWadUp, WAD } from "../core/wadMath.ts";
import type { PlannedCall } from "./carryOut.ts";
import { InputError, WouldBeRefusedError } from "./errors.ts";
import { type OddsBasis, oddsBasis } from "./odds.ts";
import { amount } from "./output.ts";
import type { AccountSession, MarketSession } from "./session.ts";

/** A position with all that is needed to look at it. */
export interface Loaded {
  readonly id: bigint;
  readonly position: Position;
  readonly terms: Terms;
  readonly termsId: bigint;
  readonly scene: Scene;
  readonly moment: MarketScene;
  readonly mandate: RescueMandate | undefined;
  readonly odds: OddsBasis;
}

const EMPTY: Position = {
  size: 0n,
  openNotional: 0n,
  priceTime: 0n,
  termsId: 0n,
  traits: 0n,
  cooldown: 0n,
  margin: 0n,
  reserve: 0n,
  borrowIndex: 0n,
  owner: "",
  fundingIndex: 0n,
};

/** What to do about what the market would refuse. */
const REMEDIES: Readonly<Record<OpenRefusal["error"], string>> = {
  PositionAtCap: "It has won its whole reserve: close it, or let it be settled.",
  ReserveOutOfBounds: "Choose a reserve between lower and upper with --reserve.",
  MarginBelowFees: "Add margin with --margin.",
  NotionalTooSmall: "Trade a larger size.",
  InitialMarginNotMet: "Add margin with --margin, or trade a smaller size.",
};

/** Look at the market for a position that is yet to open. */
export async function loadPlanned(session: MarketSession): Promise<Loaded> {
  const [{ termsId, terms }, moment, odds] = await Promise.all([
    readTerms(session.market),
    readScene(session.market),
    oddsBasis(session.config, session.io),
  ]);
  const position = { ...EMPTY, termsId };
  return {
    id: 0n,
    position,
    terms,
    termsId,
    ...sceneWith(moment, terms),
    odds,
    mandate: undefined,
  };
}

/**
 * Look at an open position.
 *
 * @throws InputError when it is not open.
 */
export async function loadOpen(session: MarketSession, id: bigint): Promise<Loaded> {
  const { market } = session;
  const position = await readPosition(market, id);
  if (position.size === 0n) {
    throw new InputError(
      `Position "${id}" is not open. \`bulkhead positions\` lists those that are.`,
    );
  }
  const [{ termsId, terms }, moment, odds, mandate] = await Promise.all([
    readTerms(market, position.termsId),
    readScene(market),
    oddsBasis(session.config, session.io),
    readMandate(market, id, position),
  ]);
  return { id, position, terms, termsId, ...sceneWith(moment, terms), odds, mandate };
}

/**
 * Look at an open position that belongs to the account.
 *
 * @throws InputError when it is not open, or somebody else's.
 */
export async function loadOwn(session: AccountSession, id: bigint): Promise<Loaded> {
  const loaded = await loadOpen(session, id);
  if (loaded.position.owner === session.account) return loaded;
  throw new InputError(
    `Position "${id}" belongs to "${loaded.position.owner}", not to "${session.account}". Choose its key with --key.`,
  );
}

/**
 * Stop before sending what the market would refuse.
 *
 * @throws WouldBeRefusedError with the numbers and the remedy.
 */
export function requireAccepted(refusal: OpenRefusal | undefined): void {
  if (refusal === undefined) return;
  const { error, ...values } = refusal;
  const texts = Object.entries(values).map(([name, value]) => `${name} "${amount(value, 6)}"`);
  throw new WouldBeRefusedError(
    `The market would refuse this: ${error}: ${texts.join(", ")}. ${REMEDIES[error]}`,
  );
}

/** Return the worst price to accept: `slippage` beyond a fill price [WAD]. */
export function worstPrice(
  fill: bigint,
  { buys, slippage }: { readonly buys: boolean; readonly slippage: bigint },
): bigint {
  return buys ? mulWadUp(fill, WAD + slippage) : mulWadDown(fill, WAD - slippage);
}

/** Complete a market order with what is usual. */
export async function marketOrder(
  { market }: MarketSession,
  order: Partial<OrderRequest> & Pick<OrderRequest, "sizeDelta" | "acceptablePrice" | "termsId">,
): Promise<OrderRequest & { readonly keeperFee: bigint }> {
  const keeperFee = await calling("minKeeperFee", () => market.orderBook.minKeeperFee());
  return {
    positionId: 0n,
    kind: 0n,
    reduceOnly: false,
    feeFromMargin: false,
    margin: 0n,
    reserve: 0n,
    triggerPrice: 0n,
    expiry: 0n,
    ...order,
    keeperFee,
  };
}

/** Encode orders: one as itself, several as one transaction. */
export function encodeOrders({ market }: MarketSession, orders: readonly OrderRequest[]): string {
  const { interface: abi } = market.orderBook;
  const calls = orders.map((order) => abi.encodeFunctionData("submit", [order]));
  const [only] = calls;
  return calls.length === 1 && only !== undefined
    ? only
    : abi.encodeFunctionData("multicall", [calls]);
}

/**
 * Return the permission that a payment needs first, if any.
 *
 * @throws WouldBeRefusedError when the account does not hold that much.
 */
export async function permissionFor(
  { market, provider, account }: AccountSession,
  {
    spender,
    name,
    amountToken,
  }: { readonly spender: string; readonly name: string; readonly amountToken: bigint },
): Promise<readonly PlannedCall[]> {
  const { token } = market;
  const [held, allowed] = await Promise.all([
    balanceOf(provider, token.address, account),
    allowanceOf(provider, token.address, { owner: account, spender }),
  ]);
  const text = (value: bigint) => `${formatToken(value, token.decimals)} ${token.symbol}`;
  if (held < amountToken) {
    throw new WouldBeRefusedError(
      `The account holds ${text(held)}, and ${text(amountToken)} are needed. Bring ${text(amountToken - held)} more to "${account}".`,
    );
  }
  if (allowed >= amountToken) return [];
  const data = encodeAllowance(spender, amountToken);
  return [{ what: `let the ${name} take ${text(amountToken)}`, to: token.address, data }];
}

function sceneWith(
  moment: MarketScene,
  terms: Terms,
): { readonly moment: MarketScene; readonly scene: Scene } {
  const { market, curves, price } = moment;
  return { moment, scene: { market, curves, terms, price, now: BigInt(moment.head.timestamp) } };
}

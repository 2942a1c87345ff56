import type { NetworkConnection } from "hardhat/types/network";
import { fundPool, type MarketFixture, marketWith } from "../fixtures/market.ts";
import type { ParameterTree } from "../fixtures/parameters.ts";
import { scriptOracle } from "../fixtures/powers.ts";
import { totalAssetsOf } from "./box.ts";
import type { Stage } from "./chain.ts";
import { claimsOf } from "./providers.ts";
import { Rational, ZERO } from "./rational.ts";
import { type Read, readTogether } from "./reads.ts";
import {
  type Box,
  type Mandate,
  marginsOf,
  openInterest,
  PLAYERS,
  type Player,
  type Rules,
  reservedOf,
  type World,
} from "./world.ts";

/** Every quantity of a market by name, in natural units; times are seconds, shares whole numbers. */
export type Ledger = ReadonlyMap<string, Rational>;

const { wad } = Rational;
/** Never asked for by an id that is not open. */
const POSITION_WORDS = 11;
const MARKET_WORDS = 15;
const ORDER_WORDS = 11;
const MANDATE_WORDS = 9;

/** How a field that the contracts store becomes a number of the model. */
type Unit = "wad" | "whole" | "token";

const MARKET_FIELDS: Readonly<Record<string, Unit>> = {
  longOpenInterest: "wad",
  shortOpenInterest: "wad",
  fundingVelocity: "wad",
  borrowRate: "wad",
  referencePrice: "wad",
  totalMargin: "wad",
  clock: "whole",
  poolDue: "wad",
  protocolDue: "wad",
};

const POSITION_FIELDS: Readonly<Record<string, Unit>> = {
  size: "wad",
  openNotional: "wad",
  margin: "wad",
  reserve: "wad",
  fundingIndex: "wad",
  borrowIndex: "wad",
  priceTime: "whole",
};

/** What each account has, and by which view it is read. */
const ACCOUNT_VIEWS = {
  wallet: { of: "token", view: "balanceOf", unit: "token" },
  vaultClaim: { of: "marginVault", view: "claimable", unit: "token" },
  poolClaim: { of: "liquidityVault", view: "claimable", unit: "token" },
  shares: { of: "liquidityVault", view: "balanceOf", unit: "whole" },
  depositAssets: { of: "liquidityVault", view: "maxDeposit", unit: "token" },
  depositShares: { of: "liquidityVault", view: "maxMint", unit: "whole" },
  redeemShares: { of: "liquidityVault", view: "maxRedeem", unit: "whole" },
  redeemAssets: { of: "liquidityVault", view: "maxWithdraw", unit: "token" },
} as const;

const POOL_VIEWS: Readonly<Record<string, Unit>> = {
  cash: "wad",
  reserved: "wad",
  totalSupply: "whole",
  totalAssets: "token",
};

/** Reads the contracts: every position and order up to the newest id. */
export async function ledgerOfChain(stage: Stage, world: World): Promise<Ledger> {
  const questions = questionsOf(stage, world);
  const answers = await readTogether(
    stage.market.connection,
    questions.map(({ read }) => read),
  );
  const ledger = new Map<string, Rational>();
  questions.forEach(({ note }, index) => {
    note(ledger, answers[index]);
  });
  return ledger;
}

interface Question {
  readonly read: Read;
  readonly note: (ledger: Map<string, Rational>, answer: unknown) => void;
}

function questionsOf({ market, token }: Stage, world: World): readonly Question[] {
  const { marginVault, liquidityVault, orderBook, mandateBook } = market;
  const to = (unit: Unit, value: bigint) =>
    unit === "wad"
      ? wad(value)
      : unit === "whole"
        ? Rational.of(value)
        : wad(value * market.tokenScale);
  const sources = { token, marginVault, liquidityVault };
  const questions: Question[] = [
    {
      read: { contract: marginVault, name: "market", words: MARKET_WORDS },
      note: (ledger, answer) => {
        noteMarket(ledger, answer as Record<string, bigint>, { world, to });
      },
    },
  ];
  for (const [name, unit] of Object.entries(POOL_VIEWS)) {
    questions.push({
      read: { contract: liquidityVault, name },
      note: (ledger, answer) => ledger.set(name, to(unit, answer as bigint)),
    });
  }
  for (const player of PLAYERS) {
    for (const [name, { of, view, unit }] of Object.entries(ACCOUNT_VIEWS)) {
      questions.push({
        read: { contract: sources[of], name: view, args: [market.accounts[player].address] },
        note: (ledger, answer) => ledger.set(`${player} ${name}`, to(unit, answer as bigint)),
      });
    }
  }
  for (let id = 1n; id < world.nextOrder; id += 1n) {
    questions.push({
      read: { contract: marginVault, name: "position", args: [id], words: POSITION_WORDS },
      note: (ledger, answer) => {
        noteFields(ledger, answer as Record<string, bigint>, { id, to });
      },
    });
    questions.push({
      read: { contract: orderBook, name: "order", args: [id], words: ORDER_WORDS },
      note: (ledger, answer) => {
        const { submittedAt } = answer as { submittedAt: bigint };
        if (submittedAt !== 0n) ledger.set(`order ${id}`, Rational.of(submittedAt));
      },
    });
    if (!world.mandates.has(id)) continue;
    questions.push({
      read: { contract: mandateBook, name: "mandateOf", args: [id], words: MANDATE_WORDS },
      note: (ledger, answer) => {
        const { capLeft, rescuedAt } = answer as { capLeft: bigint; rescuedAt: bigint };
        ledger.set(`mandate ${id} capLeft`, wad(capLeft));
        ledger.set(`mandate ${id} rescuedAt`, Rational.of(rescuedAt));
      },
    });
  }
  return questions;
}

type To = (unit: Unit, value: bigint) => Rational;

/** Indices are noted as of now: they grow by stored rates, so poking them is no difference. */
function noteMarket(
  ledger: Map<string, Rational>,
  stored: Record<string, bigint>,
  { world, to }: { readonly world: World; readonly to: To },
): void {
  for (const [name, unit] of Object.entries(MARKET_FIELDS)) {
    ledger.set(name, to(unit, stored[name] ?? 0n));
  }
  const { fundingIndex = 0n, fundingVelocity = 0n, borrowIndex = 0n, borrowRate = 0n } = stored;
  const seconds = world.now - (stored.accruedAt ?? 0n);
  ledger.set("fundingIndex", wad(fundingIndex + fundingVelocity * seconds));
  ledger.set("borrowIndex", wad(borrowIndex + borrowRate * seconds));
}

function noteFields(
  ledger: Map<string, Rational>,
  stored: Record<string, bigint>,
  { id, to }: { readonly id: bigint; readonly to: To },
): void {
  if (stored.size === 0n) return;
  for (const [name, unit] of Object.entries(POSITION_FIELDS)) {
    ledger.set(`position ${id} ${name}`, to(unit, stored[name] ?? 0n));
  }
  const { cooldown = 0n, priceTime = 0n } = stored;
  const coolUntil = cooldown === 0n ? 0n : priceTime + cooldown;
  ledger.set(`position ${id} coolUntil`, Rational.of(coolUntil));
}

/** The same quantities as the model has them. */
export function ledgerOfModel(world: World): Ledger {
  const ledger = new Map<string, Rational>();
  const seconds = Rational.of(world.now - world.accruedAt);
  const note = (name: string, value: Rational | bigint) =>
    ledger.set(name, typeof value === "bigint" ? Rational.of(value) : value);
  note("longOpenInterest", openInterest(world, 1n));
  note("shortOpenInterest", openInterest(world, -1n));
  note("fundingVelocity", world.fundingVelocity);
  note("borrowRate", world.borrowRate);
  note("referencePrice", world.referencePrice);
  note("totalMargin", marginsOf(world));
  note("clock", world.clock);
  note("poolDue", world.poolDue);
  note("protocolDue", world.protocolDue);
  note("fundingIndex", world.fundingIndex.plus(world.fundingVelocity.times(seconds)));
  note("borrowIndex", world.borrowIndex.plus(world.borrowRate.times(seconds)));
  note("cash", world.cash);
  note("reserved", reservedOf(world));
  note("totalSupply", world.supply);
  note("totalAssets", totalAssetsOf(world, world.price.value));
  for (const player of PLAYERS) notePlayer(note, world, player);
  for (const [id, box] of world.positions) {
    for (const name of Object.keys(POSITION_FIELDS)) {
      note(`position ${id} ${name}`, box[name as keyof Box] as Rational);
    }
    note(`position ${id} coolUntil`, box.coolUntil);
  }
  for (const [id, { submittedAt }] of world.orders) note(`order ${id}`, submittedAt);
  for (const [id, mandate] of world.mandates) {
    note(`mandate ${id} capLeft`, mandate.capLeft);
    note(`mandate ${id} rescuedAt`, mandate.rescuedAt);
  }
  return ledger;
}

function notePlayer(
  note: (name: string, value: Rational | bigint) => unknown,
  world: World,
  player: Player,
): void {
  const claims = claimsOf(world, player);
  note(`${player} wallet`, world.wallets.get(player) ?? ZERO);
  note(`${player} vaultClaim`, world.vaultClaims.get(player) ?? ZERO);
  note(`${player} poolClaim`, world.poolClaims.get(player) ?? ZERO);
  note(`${player} shares`, world.shares.get(player) ?? ZERO);
  note(`${player} depositAssets`, claims.depositAssets);
  note(`${player} depositShares`, claims.depositShares);
  note(`${player} redeemShares`, claims.redeemShares);
  note(`${player} redeemAssets`, claims.redeemAssets);
}

/** Makes the model go on from what the contracts hold, so that one call's rounding is not the next one's. */
export function adopt(world: World, ledger: Ledger): void {
  const at = (name: string) => ledger.get(name) ?? ZERO;
  for (const [id, box] of world.positions) {
    for (const [name, unit] of Object.entries(POSITION_FIELDS)) {
      if (unit !== "wad") continue;
      (box as unknown as Record<string, Rational>)[name] = at(`position ${id} ${name}`);
    }
  }
  for (const name of ["fundingVelocity", "borrowRate", "poolDue", "protocolDue", "cash"] as const) {
    world[name] = at(name);
  }
  world.fundingIndex = at("fundingIndex");
  world.borrowIndex = at("borrowIndex");
  world.accruedAt = world.now;
  world.supply = at("totalSupply");
  for (const player of PLAYERS) {
    world.wallets.set(player, at(`${player} wallet`));
    world.vaultClaims.set(player, at(`${player} vaultClaim`));
    world.poolClaims.set(player, at(`${player} poolClaim`));
    world.shares.set(player, at(`${player} shares`));
    world.claims.set(player, {
      depositAssets: at(`${player} depositAssets`),
      depositShares: at(`${player} depositShares`),
      redeemShares: at(`${player} redeemShares`),
      redeemAssets: at(`${player} redeemAssets`),
    });
  }
  for (const [id, mandate] of world.mandates as Map<bigint, Mandate>) {
    mandate.capLeft = at(`mandate ${id} capLeft`);
  }
}

/** What the provider puts into the pool: little enough for its limits to be met [WAD quote]. */
const SEED = 2_000_000n * 10n ** 18n;

/** How a market of the histories differs from the local one. */
export interface StageOptions {
  readonly decimals: bigint;
  readonly market: ParameterTree;
}

/** Makes a fixture of a market whose oracle and token do as they are told. Call it once per file. */
export function stageWith({ decimals, market }: StageOptions) {
  const deploy = marketWith({
    token: "hostile",
    decimals: Number(decimals),
    composite: false,
    unseeded: true,
    parameters: { Market: market },
  });
  return async function deployStage(connection: NetworkConnection): Promise<Stage> {
    const fixture = await deploy(connection);
    await fundPool(fixture, fixture.accounts.provider, SEED);
    const oracle = await scriptOracle(fixture);
    const token = await connection.ethers.getContractAt(
      "HostileToken",
      String(fixture.token.target),
    );
    return { market: fixture, oracle, token };
  };
}

/** Reads the rules of a market from its contracts. */
export async function rulesOf(market: MarketFixture): Promise<Rules> {
  const { charter, orderBook, liquidityVault, factory, tokenScale } = market;
  const terms = await charter.terms(1n);
  const curves = await charter.curves();
  const pool = await liquidityVault.parameters();
  const all = await factory.parametersOf(1n);
  const token = (amount: bigint) => wad(amount * tokenScale);
  return {
    terms: {
      imr: wad(terms.initialMarginRatio),
      mmr: wad(terms.maintenanceMarginRatio),
      lfr: wad(terms.liquidationFeeRatio),
      positionFee: wad(terms.positionFeeRatio),
      target: wad(terms.liquidationTarget),
      minReserveRatio: wad(terms.minReserveRatio),
      cooldown: terms.liquidationCooldown,
      feeFloor: wad(terms.keeperFeeFloor),
      feeCap: wad(terms.keeperFeeCap),
      minMaintenance: wad(terms.minMaintenance),
      minMargin: wad(terms.minMargin),
      minNotional: wad(terms.minNotional),
    },
    skewScale: wad(curves.skewScale),
    fundingScale: wad(curves.fundingScale),
    maxFundingRate: wad(curves.maxFundingRate),
    minBorrowRate: wad(curves.minBorrowRate),
    kinkBorrowRate: wad(curves.kinkBorrowRate),
    maxBorrowRate: wad(curves.maxBorrowRate),
    kinkUtilization: wad(curves.kinkUtilization),
    executionDelay: await orderBook.executionDelay(),
    maxRoundWait: await orderBook.maxRoundWait(),
    executionWindow: await orderBook.executionWindow(),
    latencySpread: wad(await orderBook.latencySpread()),
    minKeeperFee: wad(await orderBook.minKeeperFee()),
    maxUtilization: wad(pool.maxUtilization),
    minNavRatio: wad(pool.minNavRatio),
    depositDelay: pool.depositDelay,
    redeemDelay: pool.redeemDelay,
    settleGrace: pool.settleGrace,
    sequencerGrace: all.sequencerGrace,
    minRequest: token(pool.minRequestToken),
    requestFee: token(pool.requestFeeToken),
    protocolFeeShare: wad(all.protocolFeeShare),
    maxOpenInterest: wad(await charter.maxOpenInterest()),
    unit: token(1n),
  };
}

/** The world as it stands before a history: a seeded pool and nothing else. */
export async function worldOf(stage: Stage): Promise<World> {
  const { market, oracle } = stage;
  const { networkHelpers } = market.connection;
  const stored = await market.marginVault.market();
  const [, newestDeposit] = await market.liquidityVault.depositQueue();
  const [, newestRedeem] = await market.liquidityVault.redeemQueue();
  const now = BigInt(await networkHelpers.time.latest());
  const [value, observedAt] = await oracle.latest();
  const world: World = {
    rules: await rulesOf(market),
    now,
    price: { value: wad(value), validFrom: observedAt, observedAt, validUntil: observedAt },
    positions: new Map(),
    mandates: new Map(),
    orders: new Map(),
    wallets: new Map(),
    allowances: new Map(),
    vaultClaims: new Map(),
    poolClaims: new Map(),
    blocked: new Set(),
    poolDue: ZERO,
    protocolDue: ZERO,
    cash: ZERO,
    fundingIndex: ZERO,
    borrowIndex: ZERO,
    accruedAt: now,
    fundingVelocity: ZERO,
    borrowRate: ZERO,
    referencePrice: wad(stored.referencePrice),
    clock: stored.clock,
    upSince: 0n,
    supply: ZERO,
    shares: new Map(),
    deposits: [],
    redeems: [],
    nextDeposit: newestDeposit + 1n,
    nextRedeem: newestRedeem + 1n,
    claims: new Map(),
    nextOrder: (await market.orderBook.orderCount()) + 1n,
    close: [],
    edges: [],
    slack: ZERO,
  };
  adopt(world, await ledgerOfChain(stage, world));
  return world;
}

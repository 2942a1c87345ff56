import { expect } from "chai";
import type { Attacker } from "../../types/ethers-contracts/index.ts";
import { armReentry, deployAttacker, expectNoProfit, runSteps } from "../fixtures/attack.ts";
import { calmStage, connection } from "../fixtures/attackStage.ts";
import { type MarketFixture, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openLong } from "../fixtures/vault.ts";

// A contract is its own keeper. It sends ether along with the proof, gets it back from within the call that pays it, and
// comes in again while tokens are under way: to read a share price that is wrong for a moment, or to act at it. One
// transient lock spans the market (BH-123), and what still calls out after the lock has nothing left to do. A token with
// hooks has the same door: test/contracts/LiquidityVault/reentrancy.test.ts, scenarios 09 and 11. There are no callbacks
// of tokens that are positions: a position is no token.

const { networkHelpers } = connection;
/** Tokens of the attacking contract: a million. */
const TREASURE = 1_000_000_000_000n;

/** Fees that any keeper may earn in this scene: of one liquidation and two requests [token]. */
const DUE_FEES = 500_000_000n + 2n * 500_000n;

/** Alice's long about to be liquidated, and a contract with a share of the pool and a redeem and a deposit that are due. */
async function scene() {
  const market = await calmStage();
  const { liquidityVault } = market;
  const { positionId } = await openLong(market);
  const thief = await deployAttacker(market, TREASURE);
  const deposit = (assets: bigint) => ({
    target: liquidityVault,
    data: liquidityVault.interface.encodeFunctionData("requestDeposit", [
      assets,
      String(thief.target),
      String(thief.target),
    ]),
  });
  await runSteps(thief, [deposit(TREASURE / 2n)]);
  await fulfilDeposits(market);
  const shares = await liquidityVault.maxMint(thief);
  const claim = liquidityVault.interface.encodeFunctionData("mint(uint256,address)", [
    shares,
    String(thief.target),
  ]);
  const redeem = liquidityVault.interface.encodeFunctionData("requestRedeem", [
    shares / 2n,
    String(thief.target),
    String(thief.target),
  ]);
  const target = liquidityVault;
  await runSteps(thief, [
    { target, data: claim },
    { target, data: redeem },
    deposit(TREASURE / 4n),
  ]);
  await networkHelpers.time.increase(300n);
  await pushPrice(market, wad("1940"));
  return { market, thief, positionId };
}

async function fulfilDeposits(market: MarketFixture): Promise<void> {
  const { liquidityVault, accounts } = market;
  await networkHelpers.time.increase(300n);
  await pushPrice(market, wad("2000"));
  await liquidityVault.connect(accounts.keeper).fulfillDeposits(9n, "0x", accounts.keeper);
}

type Scene = Awaited<ReturnType<typeof scene>>;

interface Door {
  readonly target: string;
  readonly data: string;
}

function liquidating({ market: { marginVault }, thief, positionId }: Scene): Door {
  const call = [positionId, "0x", String(thief.target)] as const;
  const data = marginVault.interface.encodeFunctionData("liquidate", [...call]);
  return { target: String(marginVault.target), data };
}

function poking({ market: { orderBook } }: Scene): Door {
  const data = orderBook.interface.encodeFunctionData("poke", ["0x"]);
  return { target: String(orderBook.target), data };
}

function redeeming({ market: { liquidityVault }, thief }: Scene): Door {
  const call = [9n, "0x", String(thief.target)] as const;
  const data = liquidityVault.interface.encodeFunctionData("fulfillRedeems", [...call]);
  return { target: String(liquidityVault.target), data };
}

/** Calls of a keeper that return ether. */
const DOORS = { liquidate: liquidating, poke: poking, fulfillRedeems: redeeming } as const;

/** Makes a keeper's call with a wei that it needs not, and gets it back. */
async function enter(thief: Attacker, door: Door): Promise<void> {
  await thief.run([{ ...door, value: 1n, mayFail: false }], { value: 1n });
}

/** What it does when its ether comes back. */
function entriesOf({ market, thief, positionId }: Scene) {
  const { marginVault, liquidityVault, orderBook } = market;
  const me = String(thief.target);
  const { interface: pool } = liquidityVault;
  const calls = [
    pool.encodeFunctionData("totalAssets"),
    pool.encodeFunctionData("fulfillDeposits", [9n, "0x", me]),
    pool.encodeFunctionData("fulfillRedeems", [9n, "0x", me]),
    pool.encodeFunctionData("requestRedeem", [1_000_000_000_000n, me, me]),
    pool.encodeFunctionData("withdraw", [1n, me, me]),
  ];
  return [
    ...calls.map((data) => ({ target: liquidityVault, data })),
    {
      target: marginVault,
      data: marginVault.interface.encodeFunctionData("liquidate", [positionId, "0x", me]),
    },
    { target: marginVault, data: marginVault.interface.encodeFunctionData("sweepDues") },
    { target: marginVault, data: marginVault.interface.encodeFunctionData("claim", [me]) },
    { target: orderBook, data: orderBook.interface.encodeFunctionData("poke", ["0x"]) },
  ];
}

describe("attack 35: re-entering across contracts while a payout is under way", () => {
  it("meets the lock in a liquidation, whatever it enters by", async () => {
    const world = await scene();
    const { market, thief } = world;
    const locked = market.marginVault.interface.encodeErrorResult("MarketLocked");
    const before = await networkHelpers.takeSnapshot();
    for (const entry of entriesOf(world)) {
      await armReentry(thief, entry);
      await enter(thief, liquidating(world));
      expect(await thief.succeeded()).to.equal(false);
      expect(await thief.response()).to.equal(locked);
      await before.restore();
    }
  });

  for (const [name, door] of Object.entries(DOORS)) {
    it(`earns nothing by ${name} and any entry beyond what it earns without`, async () => {
      const world = await scene();
      const { market, thief } = world;
      const { liquidityVault } = market;
      const step = door(world);
      const before = await networkHelpers.takeSnapshot();
      // What an honest keeper earns by the same call, the pool's shares of the contract at their price before.
      await enter(thief, step);
      const honest = await holdings(world);
      await before.restore();
      for (const entry of entriesOf(world)) {
        await armReentry(thief, entry);
        await enter(thief, step);
        expect(await thief.greetings()).to.be.above(0n);
        expect(await holdings(world)).to.be.at.most(honest + DUE_FEES);
        await expectSolvent(market);
        await before.restore();
      }
      expect(await liquidityVault.totalAssets()).to.be.above(0n);
    });
  }

  it("cannot be told a share price from within that is not the one before or after", async () => {
    const world = await scene();
    const { market, thief } = world;
    const { liquidityVault } = market;
    await expectNoProfit(market, [thief], async () => {
      const before = await liquidityVault.totalAssets();
      const data = liquidityVault.interface.encodeFunctionData("totalAssets");
      await armReentry(thief, { target: liquidityVault, data });
      await enter(thief, poking(world));
      const told = await thief.response();
      expect(await thief.succeeded()).to.equal(true);
      // A wei a second for each unit of reserve: less than a token unit in between.
      expect(BigInt(told)).to.equal(before);
      expect(await liquidityVault.totalAssets()).to.equal(before);
    });
    await expectSolvent(market);
  });
});

/** Tokens and pool claims of the contract [token]. */
async function holdings({ market, thief }: Scene): Promise<bigint> {
  const { token, liquidityVault } = market;
  const shares =
    (await liquidityVault.balanceOf(thief)) +
    (await liquidityVault.pendingRedeemRequest(0n, thief)) +
    (await liquidityVault.maxMint(thief));
  return (
    (await token.balanceOf(thief)) +
    (await liquidityVault.maxWithdraw(thief)) +
    (await liquidityVault.pendingDepositRequest(0n, thief)) +
    (await liquidityVault.convertToAssets(shares))
  );
}

async function expectSolvent({ liquidityVault, token, tokenScale }: MarketFixture) {
  const owed = await liquidityVault.owedToken();
  const cash = (await liquidityVault.cash()) / tokenScale;
  expect(await token.balanceOf(liquidityVault)).to.be.at.least(cash + owed);
}

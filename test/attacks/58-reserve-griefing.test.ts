import { expect } from "chai";
import { network } from "hardhat";
import { profitOf } from "../fixtures/attack.ts";
import { bestOf, DEPLOYED, Game, gridOf, LOCAL } from "../fixtures/attackTwin.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { deployMarket, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { openPosition, submitAndExecute } from "../fixtures/trading.ts";
import { cancelReason, change, refusal } from "../fixtures/vault.ts";

// A tiny position reserves the whole pool, so that nobody else can open. A reserve is at most the notional (BH-25 †), so
// what is locked must be traded: margin of 4% of it, fees on all of it, and rent that is at least 10% a year where a pool
// is full (SPEC section 12). What is locked stops openings and nothing else. See also
// test/contracts/MarginVault/attacks.test.ts (58).

const connection = await network.create();
const { networkHelpers } = connection;
const PRICE = wad("2000");

interface Siege {
  readonly legs: number;
  /** Whether legs are long and short in turn, so that the price is no matter. */
  readonly hedged: boolean;
  /** [basis points of notional] */
  readonly reserve: bigint;
  readonly margin: bigint;
  readonly days: bigint;
}

const SIEGES = {
  legs: [1, 2, 4, 8],
  hedged: [true, false],
  reserve: [2_000n, 5_000n, 9_990n],
  margin: [600n, 1_000n, 10_000n],
  days: [0n, 1n, 30n],
} as const;

/** Locks the eight millions of ten that may be locked, for some days. Returns what that earned. */
function besiege(siege: Siege): bigint | undefined {
  const game = new Game({ rules: { ...LOCAL, curves: DEPLOYED } });
  const notional = (wad("7990000") * 10_000n) / siege.reserve / BigInt(siege.legs);
  const size = (notional * wad("1")) / PRICE;
  const ids: bigint[] = [];
  for (let leg = 0; leg < siege.legs; leg += 1) {
    const sign = siege.hedged && leg % 2 === 1 ? -1n : 1n;
    const [margin, reserve] = [siege.margin, siege.reserve].map(
      (bps) => (notional * bps) / 10_000n,
    );
    const id = game.open({ size: sign * size, margin: margin ?? 0n, reserve: reserve ?? 0n });
    if (id === undefined) return undefined;
    ids.push(id);
  }
  expect(game.books.reserved).to.be.above(wad("7900000"));
  game.move(PRICE, siege.days * 86_400n + 1n);
  for (const id of ids) game.end(id);
  return game.profit;
}

describe("attack 58: a position that reserves the whole pool", () => {
  it("costs 0.1% of what it locks at once, and 10% a year at least, however it is laid out", () => {
    for (const days of SIEGES.days) {
      const best = bestOf(gridOf({ ...SIEGES, days: [days] }), besiege);
      expect(best.tried).to.be.above(30);
      // 7,990,000 × (2 × 0.05% + 10% × days ÷ 365).
      expect(best.profit).to.be.below(-wad("7980") - (wad("799000") * days) / 365n);
    }
  });

  it("cannot be tiny on the contracts: a position of 100 reserves 100", async () => {
    const market = await networkHelpers.loadFixture(marketFixture);
    const { carol, keeper } = market.accounts;
    const profit = await profitOf(market, [carol, keeper], async () => {
      const tiny = { sizeDelta: wad("0.05"), margin: wad("20"), reserve: wad("8000000") };
      const { receipt } = await submitAndExecute(market, carol, { ...tiny, price: PRICE });
      expect(cancelReason(market, receipt)).to.equal(
        refusal(market, "ReserveOutOfBounds", [wad("8000000"), wad("10"), wad("100")]),
      );
    });
    expect(profit).to.equal(0n);
    expect(await market.liquidityVault.reserved()).to.equal(0n);
  });

  it("stops others on the contracts from opening, and neither from closing nor from leaving the pool", async () => {
    const market = await networkHelpers.loadFixture(marketFixture);
    const { liquidityVault, marginVault, accounts } = market;
    const { alice, carol, keeper, provider } = accounts;
    const own = { account: alice, size: wad("10"), margin: wad("2000"), reserve: wad("2000") };
    const positionId = await openPosition(market, { ...own, price: PRICE });
    const profit = await profitOf(market, [carol, keeper], async () => {
      const siege = { account: carol, size: wad("4000"), margin: wad("400000") };
      const reserve = wad("7990000");
      const locked = await openPosition(market, { ...siege, reserve, price: PRICE });
      const late = { sizeDelta: wad("10"), margin: wad("2000"), reserve: wad("10000") };
      const { receipt } = await submitAndExecute(market, alice, { ...late, price: PRICE });
      expect(cancelReason(market, receipt)).to.include(
        liquidityVault.interface.getError("UtilizationExceeded")?.selector,
      );
      const smaller = { account: alice, positionId, sizeDelta: -wad("10"), price: PRICE };
      await change(market, smaller);
      expect((await marginVault.position(positionId)).size).to.equal(0n);
      const shares = (await liquidityVault.balanceOf(provider)) / 1_000n;
      await liquidityVault.connect(provider).requestRedeem(shares, provider, provider);
      await networkHelpers.time.increase(300n);
      await pushPrice(market, PRICE);
      await liquidityVault.connect(keeper).fulfillRedeems(1n, "0x", keeper);
      expect(await liquidityVault.maxWithdraw(provider)).to.be.above(9_000_000_000n);
      await change(market, {
        account: carol,
        positionId: locked,
        sizeDelta: -wad("4000"),
        price: PRICE,
      });
    });
    // Two fees of 0.05% of eight millions for five minutes; what the keeper earned of others is not counted against it.
    expect(profit).to.be.below(-wad("7900"));
    await expectConservation(market);
  });
});

async function marketFixture() {
  return await deployMarket(connection);
}

import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { pushRound } from "../../fixtures/feeds.ts";
import {
  giveMandate,
  liquidate,
  type MandateRequest,
  mandateRequest,
  OUTCOME,
  vaultLogs,
} from "../../fixtures/mandates.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { plain } from "../../fixtures/structs.ts";
import { submitAndRelease } from "../../fixtures/trading.ts";
import { calmMarket, logOf, now, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });
const DAY = 86_400n;
const DOLLAR = 100_000_000n;

/** Alice's long of {@link openLong} at 1,949 is below maintenance: E 4,799.49975 and a little less, of 4,872.5. */
async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const { alice, keeper } = market.accounts;
  await giveMandate(market, alice, opened.positionId);
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  const vault = market.marginVault.connect(keeper);
  return { ...market, ...opened, market, token, vault, alice, keeper };
}

type World = Awaited<ReturnType<typeof marketFixture>>;

/** Why a mandate does not save the position at 1,949, or 1,890 where that takes debt. */
interface Row {
  readonly outcome: keyof typeof OUTCOME;
  readonly price?: bigint;
  readonly arrange: (world: World) => Promise<unknown>;
}

/** Sets the mandate anew. */
async function change(world: World, fields: Partial<MandateRequest>): Promise<void> {
  const book = world.mandateBook.connect(world.alice);
  await book.setMandate(mandateRequest(world.positionId, fields));
}

/** Leaves the owner one token unit less than the pull of 2,510.250251. */
async function emptyWallet(world: World): Promise<void> {
  const held = await world.token.balanceOf(world.alice);
  await world.token.connect(world.alice).transfer(world.accounts.stranger, held - 2_510_250_250n);
}

/** Publishes terms whose floor is 3, above the 2 that the mandate allows, and adopts them with an increase of 1. */
async function adoptDearerTerms(world: World): Promise<void> {
  const { market, charter, accounts, alice, positionId, quote } = world;
  const terms = { ...plain(await charter.terms(1n)), keeperFeeFloor: wad("3") };
  const dearer = { ...terms, minMaintenance: wad("6") };
  await charter.connect(accounts.curator).announceTerms(dearer);
  await networkHelpers.time.increase(2n * DAY + 1n);
  await pushRound(quote, { answer: DOLLAR });
  await charter.enact(await charter.changeCount());
  await submitAndRelease(market, alice, {
    positionId,
    termsId: 2n,
    sizeDelta: wad("1"),
    reserve: wad("400"),
    price: wad("2000"),
  });
}

const ROWS: readonly Row[] = [
  {
    outcome: "NoMandate",
    arrange: ({ mandateBook, alice, positionId }) =>
      mandateBook.connect(alice).revokeMandate(positionId),
  },
  {
    outcome: "NoMandate",
    arrange: ({ mandateBook, alice }) => mandateBook.connect(alice).revokeAllMandates(),
  },
  {
    outcome: "Expired",
    arrange: async (world) => {
      const expiry = (await now(world.market)) + 100n;
      await change(world, { expiry });
      await networkHelpers.time.increaseTo(expiry);
    },
  },
  { outcome: "Insolvent", price: wad("1890"), arrange: async () => undefined },
  {
    outcome: "TooSoon",
    // After it E = 7,331.25 at 1,955, so 4,731.25 at 1,929, below 4,822.5.
    arrange: async ({ market, vault, keeper, positionId }) => {
      await pushPrice(market, wad("1955"));
      await vault.rescue(positionId, "0x", keeper);
    },
    price: wad("1929"),
  },
  { outcome: "FeeTooHigh", arrange: adoptDearerTerms },
  {
    outcome: "CapTooSmall",
    // A wei below 7,308.75 − 4,799.49975 + 1, rounded up.
    arrange: (world) => change(world, { cap: wad("2510.250251") - 1n }),
  },
  {
    outcome: "AllowanceTooSmall",
    arrange: ({ token, mandateBook, alice }) =>
      token.connect(alice).approve(mandateBook, 2_510_250_250n),
  },
  { outcome: "BalanceTooSmall", arrange: emptyWallet },
  {
    outcome: "TransferFailed",
    arrange: ({ token, alice }) => token.setFrozen(alice, true),
  },
];

/** What a rescue could have touched. */
async function holdingsOf(world: World) {
  const { token, mandateBook, alice, positionId } = world;
  return {
    wallet: await token.balanceOf(alice),
    mandate: plain(await mandateBook.mandateOf(positionId)),
  };
}

describe("MarginVault liquidate with a mandate", () => {
  describe("given a mandate that can save the position", () => {
    // Target 1.5 × 4,872.5 = 7,308.75; 7,308.75 − 4,799.49975 + 1 = 2,510.25025 and a little more: 2,510.250251.
    it("rescues instead, in the same transaction, and the position is kept whole", async () => {
      const world = await networkHelpers.loadFixture(marketFixture);
      const { market, vault, token, alice, keeper, positionId } = world;
      const [wallet, paid] = [await token.balanceOf(alice), await token.balanceOf(keeper)];
      const before = plain(await vault.position(positionId));
      await pushPrice(market, wad("1949"));
      expect(await vault.liquidate.staticCall(positionId, "0x", keeper)).to.equal(wad("1"));
      const receipt = await liquidate(market, positionId);
      expect(vaultLogs(market, receipt)).to.deep.equal(["PositionRescued"]);
      expect(await token.balanceOf(alice)).to.equal(wallet - 2_510_250_251n);
      expect(await token.balanceOf(keeper)).to.equal(paid + 1_000_000n);
      // 9,899.99975 + 2,510.250251 − 1. Size, cost, reserve, indices and owner as before.
      const after = plain(await vault.position(positionId));
      expect(after).to.deep.equal({ ...before, margin: wad("12409.250001") });
      await expectConservation(market);
    });

    it("uses the cap, and notes when", async () => {
      const { market, mandateBook, positionId } = await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1949"));
      await liquidate(market, positionId);
      const { capLeft, rescuedAt } = await mandateBook.mandateOf(positionId);
      // 5,000 − 2,510.250251.
      expect(capLeft).to.equal(wad("2489.749749"));
      expect(rescuedAt).to.equal(await now(market));
    });

    it("emits the receipt with every number of it", async () => {
      const { market, vault, alice, keeper, positionId, openedAt } =
        await networkHelpers.loadFixture(marketFixture);
      const { updatedAt } = await pushPrice(market, wad("1949"));
      const { sequence } = await vault.market();
      const receipt = await liquidate(market, positionId);
      const elapsed = (await now(market)) - openedAt;
      expect([...logOf(market, receipt, "PositionRescued")]).to.deep.equal([
        positionId,
        alice.address,
        keeper.address,
        sequence + 1n,
        wad("1949"),
        updatedAt,
        0n,
        wad("4799.49975") - 40_000n * elapsed,
        wad("4872.5"),
        wad("2510.250251"),
        wad("1"),
        wad("12409.250001"),
      ]);
    });

    it("takes exactly what is there, where that just suffices", async () => {
      const world = await networkHelpers.loadFixture(marketFixture);
      const { market, vault, token, mandateBook, alice, positionId } = world;
      await emptyWallet(world);
      await token.mint(alice, 1n);
      await token.connect(alice).approve(mandateBook, 2_510_250_251n);
      await change(world, { cap: wad("2510.250251") });
      await pushPrice(market, wad("1949"));
      await expect(liquidate(market, positionId)).to.emit(vault, "PositionRescued");
      expect(await token.balanceOf(alice)).to.equal(0n);
      expect((await mandateBook.mandateOf(positionId)).capLeft).to.equal(0n);
      expect(await token.allowance(alice, mandateBook)).to.equal(0n);
    });

    it("is healthy after it, so that nobody can liquidate at that price", async () => {
      const { market, vault, keeper, positionId } = await networkHelpers.loadFixture(marketFixture);
      await pushPrice(market, wad("1949"));
      await liquidate(market, positionId);
      await expect(vault.liquidate(positionId, "0x", keeper)).to.be.revertedWithCustomError(
        vault,
        "PositionHealthy",
      );
    });
  });

  describe("given a mandate that cannot save it", () => {
    for (const { outcome, price, arrange } of ROWS) {
      it(`liquidates, says ${outcome}, and pulls nothing`, async () => {
        const world = await networkHelpers.loadFixture(marketFixture);
        const { market, vault, positionId } = world;
        await arrange(world);
        const before = await holdingsOf(world);
        await pushPrice(market, price ?? wad("1949"));
        const receipt = await liquidate(market, positionId);
        const logged = logOf(market, receipt, "PositionLiquidated");
        expect(logged.rescue).to.equal(OUTCOME[outcome]);
        expect(vaultLogs(market, receipt)).not.to.include("PositionRescued");
        // Nothing was left to pay out: in part, or insolvent.
        expect(logged.paidOut).to.equal(0n);
        expect(logged.keeperFee).to.be.at.least(wad("1"));
        expect(await holdingsOf(world)).to.deep.equal(before);
        expect((await vault.position(positionId)).size).to.be.below(wad("101"));
        await expectConservation(market);
      });
    }
  });

  describe("given a mandate that fails", () => {
    it("is liquidated to the wei as without one", async () => {
      const sizes: bigint[] = [];
      const margins: bigint[] = [];
      for (const withMandate of [false, true]) {
        const world = await networkHelpers.loadFixture(marketFixture);
        const { market, vault, mandateBook, token, alice, positionId, openedAt } = world;
        if (withMandate) await token.connect(alice).approve(mandateBook, 0n);
        else await mandateBook.connect(alice).revokeMandate(positionId);
        await pushPrice(market, wad("1949"), openedAt + 500n);
        await networkHelpers.time.setNextBlockTimestamp(openedAt + 600n);
        await liquidate(market, positionId);
        const { size, margin } = await vault.position(positionId);
        sizes.push(size);
        margins.push(margin);
      }
      expect(sizes[0]).to.equal(sizes[1]);
      expect(margins[0]).to.equal(margins[1]);
    });
  });
});

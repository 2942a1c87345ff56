import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { network } from "hardhat";
import {
  giveMandate,
  type MandateRequest,
  mandateRequest,
  rescue,
} from "../../fixtures/mandates.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { plain } from "../../fixtures/structs.ts";
import { calmMarket, change, now, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();
/** One step of a stored ratio or fee. */
const STEP = 10n ** 12n;

async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const book = market.mandateBook.connect(market.accounts.alice);
  return { ...market, ...opened, market, book };
}

interface Bound {
  readonly field: string;
  readonly refused: Partial<MandateRequest>;
  readonly allowed: Partial<MandateRequest>;
  readonly args: readonly [value: bigint, lower: bigint, upper: bigint];
}

const TEN = { triggerRatio: wad("10"), targetRatio: wad("10.05") };
const MAX_FEE = (2n ** 48n - 1n) * STEP;
const MAX_CAP = 2n ** 96n - 1n;

/** Each bound of the request of {@link mandateRequest}, one step outside and at it. */
const BOUNDS: readonly Bound[] = [
  {
    field: "triggerRatio",
    refused: { triggerRatio: wad("1") - STEP },
    allowed: { triggerRatio: wad("1") },
    args: [wad("1") - STEP, wad("1"), wad("10")],
  },
  {
    field: "triggerRatio",
    refused: { ...TEN, triggerRatio: wad("10") + STEP },
    allowed: TEN,
    args: [wad("10") + STEP, wad("1"), wad("10")],
  },
  {
    field: "triggerRatio rounding",
    refused: { triggerRatio: wad("1.2") + 1n },
    allowed: { triggerRatio: wad("1.2") + STEP },
    args: [1n, 0n, 0n],
  },
  {
    field: "targetRatio",
    refused: { targetRatio: wad("1.25") - STEP },
    allowed: { targetRatio: wad("1.25") },
    args: [wad("1.25") - STEP, wad("1.25"), wad("20")],
  },
  {
    field: "targetRatio",
    refused: { targetRatio: wad("20") + STEP },
    allowed: { targetRatio: wad("20") },
    args: [wad("20") + STEP, wad("1.25"), wad("20")],
  },
  {
    field: "targetRatio rounding",
    refused: { targetRatio: wad("1.5") + STEP - 1n },
    allowed: { targetRatio: wad("1.5") + STEP },
    args: [STEP - 1n, 0n, 0n],
  },
  {
    field: "minInterval",
    refused: { minInterval: 59n },
    allowed: { minInterval: 60n },
    args: [59n, 60n, 604_800n],
  },
  {
    field: "minInterval",
    refused: { minInterval: 604_801n },
    allowed: { minInterval: 604_800n },
    args: [604_801n, 60n, 604_800n],
  },
  {
    field: "maxKeeperFee",
    refused: { maxKeeperFee: wad("1") - STEP },
    allowed: { maxKeeperFee: wad("1") },
    args: [wad("1") - STEP, wad("1"), MAX_FEE],
  },
  {
    field: "maxKeeperFee",
    refused: { maxKeeperFee: MAX_FEE + STEP, cap: MAX_CAP },
    allowed: { maxKeeperFee: MAX_FEE, cap: MAX_CAP },
    args: [MAX_FEE + STEP, wad("1"), MAX_FEE],
  },
  {
    field: "maxKeeperFee rounding",
    refused: { maxKeeperFee: wad("2") + 1n },
    allowed: { maxKeeperFee: wad("2") + STEP },
    args: [1n, 0n, 0n],
  },
  {
    field: "cap",
    refused: { cap: wad("2") },
    allowed: { cap: wad("2") + 1n },
    args: [wad("2"), wad("2") + 1n, MAX_CAP],
  },
  {
    field: "cap",
    refused: { cap: MAX_CAP + 1n },
    allowed: { cap: MAX_CAP },
    args: [MAX_CAP + 1n, wad("2") + 1n, MAX_CAP],
  },
];

describe("MandateBook setMandate", () => {
  it("reverts when the position is not open", async () => {
    const { book } = await networkHelpers.loadFixture(marketFixture);
    await expect(book.setMandate(mandateRequest(9n)))
      .to.be.revertedWithCustomError(book, "PositionNotFound")
      .withArgs(9n);
  });

  it("reverts when the position was closed", async () => {
    const { market, book, positionId, accounts } = await networkHelpers.loadFixture(marketFixture);
    await change(market, { account: accounts.alice, positionId, sizeDelta: -wad("100") });
    await expect(book.setMandate(mandateRequest(positionId)))
      .to.be.revertedWithCustomError(book, "PositionNotFound")
      .withArgs(positionId);
  });

  it("reverts when the caller is not the owner, even as an operator who may trade", async () => {
    const { book, orderBook, positionId, accounts } =
      await networkHelpers.loadFixture(marketFixture);
    await orderBook.connect(accounts.alice).setOperator(accounts.bob, 2n, 4_000_000_000n);
    await expect(book.connect(accounts.bob).setMandate(mandateRequest(positionId)))
      .to.be.revertedWithCustomError(book, "NotAuthorized")
      .withArgs(accounts.bob.address);
  });

  for (const { field, refused, allowed, args } of BOUNDS) {
    it(`reverts when ${field} is ${args[0]}, and takes the next step inside`, async () => {
      const { book, positionId } = await networkHelpers.loadFixture(marketFixture);
      await expect(book.setMandate(mandateRequest(positionId, refused)))
        .to.be.revertedWithCustomError(book, "MandateOutOfBounds")
        .withArgs(encodeBytes32String(field), ...args);
      await expect(book.setMandate(mandateRequest(positionId, allowed))).to.emit(
        book,
        "MandateSet",
      );
    });
  }

  it("reverts when the expiry has passed, and takes the second of the call", async () => {
    const { market, book, positionId } = await networkHelpers.loadFixture(marketFixture);
    const at = (await now(market)) + 10n;
    await networkHelpers.time.setNextBlockTimestamp(at);
    await expect(book.setMandate(mandateRequest(positionId, { expiry: at - 1n })))
      .to.be.revertedWithCustomError(book, "MandateOutOfBounds")
      .withArgs(encodeBytes32String("expiry"), at - 1n, at, 2n ** 40n - 1n);
    await networkHelpers.time.setNextBlockTimestamp(at + 1n);
    await expect(book.setMandate(mandateRequest(positionId, { expiry: at + 1n }))).to.emit(
      book,
      "MandateSet",
    );
  });

  it("reverts when the expiry does not fit, and takes the last that does", async () => {
    const { market, book, positionId } = await networkHelpers.loadFixture(marketFixture);
    const at = (await now(market)) + 10n;
    await networkHelpers.time.setNextBlockTimestamp(at);
    await expect(book.setMandate(mandateRequest(positionId, { expiry: 2n ** 40n })))
      .to.be.revertedWithCustomError(book, "MandateOutOfBounds")
      .withArgs(encodeBytes32String("expiry"), 2n ** 40n, at, 2n ** 40n - 1n);
    await expect(book.setMandate(mandateRequest(positionId, { expiry: 2n ** 40n - 1n }))).to.emit(
      book,
      "MandateSet",
    );
  });

  describe("given an open position", () => {
    it("stores every field, and marks the position in the vault", async () => {
      const { book, marginVault, positionId, accounts } =
        await networkHelpers.loadFixture(marketFixture);
      await book.setMandate(mandateRequest(positionId));
      expect(plain(await book.mandateOf(positionId))).to.deep.equal({
        owner: accounts.alice.address,
        capLeft: wad("5000"),
        triggerRatioE6: 1_200_000n,
        targetRatioE6: 1_500_000n,
        minInterval: 3_600n,
        expiry: 4_000_000_000n,
        maxKeeperFeeE6: 2_000_000n,
        rescuedAt: 0n,
        round: 0n,
      });
      expect((await marginVault.position(positionId)).traits).to.equal(1n);
    });

    it("changes nothing else of the position", async () => {
      const { book, marginVault, positionId } = await networkHelpers.loadFixture(marketFixture);
      const before = plain(await marginVault.position(positionId));
      await book.setMandate(mandateRequest(positionId));
      const after = plain(await marginVault.position(positionId));
      expect({ ...after, traits: 0n }).to.deep.equal({ ...before, traits: 0n });
    });

    it("emits MandateSet with all that is stored and the next number", async () => {
      const { book, positionId, accounts } = await networkHelpers.loadFixture(marketFixture);
      await expect(book.setMandate(mandateRequest(positionId)))
        .to.emit(book, "MandateSet")
        .withArgs(positionId, accounts.alice.address, 1n, (mandate: readonly unknown[]) => {
          expect([...mandate]).to.deep.equal([
            accounts.alice.address,
            1_200_000n,
            1_500_000n,
            3_600n,
            wad("5000"),
            0n,
            4_000_000_000n,
            2_000_000n,
            0n,
          ]);
          return true;
        });
      expect(await book.sequence()).to.equal(1n);
    });
  });

  describe("given a mandate that was used", () => {
    it("replaces what was left of the cap, and keeps when it was used", async () => {
      const { market, book, marginVault, positionId, accounts } =
        await networkHelpers.loadFixture(marketFixture);
      await giveMandate(market, accounts.alice, positionId);
      await pushPrice(market, wad("1955"));
      await rescue(market, positionId);
      const rescuedAt = await now(market);
      // See rescue.test.ts: 1,932.750251 of 5,000.
      expect((await book.mandateOf(positionId)).capLeft).to.equal(wad("3067.249749"));

      await book.setMandate(mandateRequest(positionId, { cap: wad("4000") }));
      const mandate = await book.mandateOf(positionId);
      expect(mandate.capLeft).to.equal(wad("4000"));
      expect(mandate.rescuedAt).to.equal(rescuedAt);
      // So the pause goes on: giving it anew is no way around it.
      await pushPrice(market, wad("1930"));
      await expect(marginVault.rescue(positionId, "0x", accounts.keeper))
        .to.be.revertedWithCustomError(marginVault, "RescueRefused")
        .withArgs(positionId, 5n);
    });
  });
});

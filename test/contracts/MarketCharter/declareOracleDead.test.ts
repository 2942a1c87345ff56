import { expect } from "chai";
import { network } from "hardhat";

import { wad } from "../../fixtures/orderRequests.ts";
import { DEAD_DELAY, declareDead, freshRounds, NOTICE } from "../../fixtures/powers.ts";
import { plain } from "../../fixtures/structs.ts";
import { submitAndExecute, submitOrder } from "../../fixtures/trading.ts";
import { calmMarket, now, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();
const createEmptyMarket = calmMarket({ unseeded: true });

/** Alice's long of {@link openLong}, whose fill was the last price; `clock` is when that was observed. */
async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const { clock } = await market.marginVault.market();
  const anybody = market.charter.connect(market.accounts.stranger);
  return { ...market, market, ...opened, clock, anybody };
}

/** The same, declared dead. */
async function declaredFixture() {
  const fixture = await marketFixture();
  await declareDead(fixture.market);
  return { ...fixture, declaredAt: await now(fixture.market) };
}

/** A market that has never used a price. */
async function unusedFixture() {
  const market = await createEmptyMarket(connection);
  const block = await market.charter.queryFilter(market.charter.filters.TermsPublished());
  const created = await connection.ethers.provider.getBlock(block[0]?.blockNumber ?? 0);
  return { ...market, createdAt: BigInt(created?.timestamp ?? 0) };
}

describe("MarketCharter declareOracleDead (BH-206)", () => {
  it("reverts until no price was used for the whole delay, and works in that second", async () => {
    const { anybody, clock } = await networkHelpers.loadFixture(marketFixture);
    const notBefore = clock + DEAD_DELAY;
    await networkHelpers.time.setNextBlockTimestamp(notBefore - 1n);
    await expect(anybody.declareOracleDead())
      .to.be.revertedWithCustomError(anybody, "OracleNotDead")
      .withArgs(clock, notBefore);
    await networkHelpers.time.setNextBlockTimestamp(notBefore);
    await expect(anybody.declareOracleDead())
      .to.emit(anybody, "OracleDeclaredDead")
      .withArgs(clock, notBefore + NOTICE);
  });

  it("counts from the creation of a market that has never used a price", async () => {
    const { charter, createdAt } = await networkHelpers.loadFixture(unusedFixture);
    const notBefore = createdAt + DEAD_DELAY;
    await networkHelpers.time.setNextBlockTimestamp(notBefore - 1n);
    await expect(charter.declareOracleDead())
      .to.be.revertedWithCustomError(charter, "OracleNotDead")
      .withArgs(0n, notBefore);
    await networkHelpers.time.setNextBlockTimestamp(notBefore);
    await charter.declareOracleDead();
  });

  it("reverts while a notice stands", async () => {
    const { anybody, declaredAt } = await networkHelpers.loadFixture(declaredFixture);
    await expect(anybody.declareOracleDead())
      .to.be.revertedWithCustomError(anybody, "NoticeStands")
      .withArgs(declaredAt + NOTICE);
  });

  it("shows the notice", async () => {
    const { charter, clock, declaredAt } = await networkHelpers.loadFixture(declaredFixture);
    expect(plain(await charter.deadOracleNotice())).to.deep.equal({
      givenAt: declaredAt,
      settleableAt: declaredAt + NOTICE,
      clock,
      stands: true,
    });
  });
});

describe("Cancelling the notice (BH-207)", () => {
  /** The notice is void, the market cannot be settled, and must be dead for the whole delay again. */
  async function expectCancelled(fixture: Awaited<ReturnType<typeof declaredFixture>>) {
    const { anybody, marginVault, clock } = fixture;
    const used = (await marginVault.market()).clock;
    expect(used).to.be.greaterThan(clock);
    expect((await anybody.deadOracleNotice()).stands).to.equal(false);
    await networkHelpers.time.increase(2n * NOTICE);
    await expect(anybody.settle()).to.be.revertedWithCustomError(anybody, "NoNotice");
    await expect(anybody.declareOracleDead())
      .to.be.revertedWithCustomError(anybody, "OracleNotDead")
      .withArgs(used, used + DEAD_DELAY);
  }

  it("is not done by a poke that the oracle refuses", async () => {
    const { orderBook, oracle, accounts, charter } =
      await networkHelpers.loadFixture(declaredFixture);
    await expect(orderBook.connect(accounts.stranger).poke("0x")).to.be.revertedWithCustomError(
      oracle,
      "RoundStale",
    );
    expect((await charter.deadOracleNotice()).stands).to.equal(true);
  });

  it("is done by anybody's poke, which says what was shown", async () => {
    const fixture = await networkHelpers.loadFixture(declaredFixture);
    const { market, orderBook, accounts } = fixture;
    const round = await freshRounds(market, wad("2100"));
    const shown = orderBook.connect(accounts.stranger).poke("0x");
    const { updatedAt } = round;
    await expect(shown).to.emit(orderBook, "PriceShown").withArgs(2n, wad("2100"), updatedAt);
    const { lastPrice, clock } = await market.marginVault.market();
    expect(lastPrice).to.equal(wad("2100"));
    expect(clock).to.equal(updatedAt);
    await expectCancelled(fixture);
  });

  it("is done when the notice has run out too, as long as nobody has settled", async () => {
    const fixture = await networkHelpers.loadFixture(declaredFixture);
    await networkHelpers.time.increase(2n * NOTICE);
    await freshRounds(fixture.market, wad("2100"));
    await fixture.orderBook.poke("0x");
    await expectCancelled(fixture);
  });

  it("is done by a trigger order", async () => {
    const fixture = await networkHelpers.loadFixture(declaredFixture);
    const { market, accounts, orderBook, positionId } = fixture;
    const { orderId } = await submitOrder(market, accounts.alice, {
      positionId,
      kind: 2n,
      reduceOnly: true,
      sizeDelta: -wad("1"),
      triggerPrice: wad("2000"),
      expiry: 4_000_000_000n,
    });
    await networkHelpers.time.increase(60n);
    await freshRounds(market, wad("1990"));
    await orderBook.execute([orderId], "0x", accounts.keeper);
    await expectCancelled(fixture);
  });

  it("is done by a market order that fills", async () => {
    const fixture = await networkHelpers.loadFixture(declaredFixture);
    const { market, accounts, positionId } = fixture;
    await freshRounds(market, wad("2000"));
    await submitAndExecute(market, accounts.alice, { positionId, sizeDelta: -wad("1") });
    await expectCancelled(fixture);
  });

  it("is done by margin that is removed, and not by margin that is added", async () => {
    const fixture = await networkHelpers.loadFixture(declaredFixture);
    const { market, accounts, charter, positionId, marginVault } = fixture;
    await marginVault.connect(accounts.alice).addMargin(positionId, 1_000_000n);
    expect((await charter.deadOracleNotice()).stands).to.equal(true);
    await freshRounds(market, wad("2000"));
    await marginVault
      .connect(accounts.alice)
      .removeMargin(positionId, 1_000_000n, accounts.alice, "0x");
    await expectCancelled(fixture);
  });

  it("lets a new notice be given once the oracle has been dead for the whole delay again", async () => {
    const { market, anybody, orderBook } = await networkHelpers.loadFixture(declaredFixture);
    await freshRounds(market, wad("2100"));
    await orderBook.poke("0x");
    await declareDead(market);
    const { givenAt, stands } = await anybody.deadOracleNotice();
    expect(stands).to.equal(true);
    expect(givenAt).to.equal(await now(market));
  });
});

describe("MarketCharter settle (BH-206)", () => {
  it("reverts without a notice", async () => {
    const { anybody } = await networkHelpers.loadFixture(marketFixture);
    await expect(anybody.settle()).to.be.revertedWithCustomError(anybody, "NoNotice");
  });

  it("reverts while the notice runs, and works in its last second", async () => {
    const { anybody, marginVault, clock, declaredAt } =
      await networkHelpers.loadFixture(declaredFixture);
    const settleableAt = declaredAt + NOTICE;
    await networkHelpers.time.setNextBlockTimestamp(settleableAt - 1n);
    await expect(anybody.settle())
      .to.be.revertedWithCustomError(anybody, "NoticeRuns")
      .withArgs(settleableAt);
    const { sequence } = await marginVault.market();
    await networkHelpers.time.setNextBlockTimestamp(settleableAt);
    await expect(anybody.settle())
      .to.emit(marginVault, "MarketSettled")
      .withArgs(sequence + 1n, wad("2000"), clock);
    expect(await marginVault.isSettled()).to.equal(true);
  });

  it("happens once, and no notice can follow", async () => {
    const { anybody } = await networkHelpers.loadFixture(declaredFixture);
    await networkHelpers.time.increase(NOTICE);
    await anybody.settle();
    const settled = 2n ** 32n - 1n;
    await expect(anybody.settle()).to.be.revertedWithCustomError(anybody, "NoNotice");
    await expect(anybody.declareOracleDead())
      .to.be.revertedWithCustomError(anybody, "OracleNotDead")
      .withArgs(settled, settled + DEAD_DELAY);
  });

  it("closes nothing in a market that still runs", async () => {
    const { marginVault, orderBook, accounts, positionId } =
      await networkHelpers.loadFixture(declaredFixture);
    await expect(
      orderBook.connect(accounts.keeper).closeSettled([positionId], accounts.keeper),
    ).to.be.revertedWithCustomError(marginVault, "MarketNotSettled");
  });
});

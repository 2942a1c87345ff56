import { expect } from "chai";
import { network } from "hardhat";
import { stopSequencer } from "../../fixtures/feeds.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { plain, plainTree } from "../../fixtures/structs.ts";
import { calmMarket, now, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket();

/** Alice's long of {@link openLong} in market 1; markets 2 and 3 are empty. */
async function lensFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const lens = await ethers.deployContract("MarketLens");
  const { factory, token } = market;
  await token.approve(factory, 1_000_000n);
  const parameters = plainTree(await factory.parametersOf(1n));
  for (let i = 0; i < 2; ++i) await factory.createMarket(parameters as never);
  return { ...market, ...opened, market, lens };
}

describe("MarketLens snapshot", () => {
  it("reads one market at the present time", async () => {
    const { lens, factory, marginVault, market, openedAt } =
      await networkHelpers.loadFixture(lensFixture);
    const round = await pushPrice(market, wad("2010"));
    const stored = await marginVault.market();
    const read = await lens.snapshot(plain(await factory.marketOf(1n)));
    expect(read.price).to.equal(wad("2010"));
    expect(read.observedAt).to.equal(round.updatedAt);
    expect(read.oracleError).to.equal("0x");
    expect(read.cash).to.equal(wad("9999999.5"));
    expect(read.reserved).to.equal(wad("40000"));
    // 40,000 / 9,999,999.5, up.
    expect(read.utilization).to.equal(4_000_000_200_000_011n);
    expect(read.maxOpenInterest).to.equal(wad("19990"));
    expect(read.latestTermsId).to.equal(1n);
    expect(read.market.longOpenInterest).to.equal(wad("100"));
    // One wei a second since the position opened.
    const elapsed = (await now(market)) - openedAt;
    expect(read.market.borrowIndex).to.equal(stored.borrowIndex + elapsed);
    expect(read.market.accruedAt).to.equal(await now(market));
  });

  it("says why the oracle refuses, and still reads the rest", async () => {
    const { lens, factory, oracle, sequencer } = await networkHelpers.loadFixture(lensFixture);
    const downSince = await stopSequencer(sequencer);
    const addresses = plain(await factory.marketOf(2n));
    const read = await lens.snapshot(addresses);
    expect(read.price).to.equal(0n);
    expect(read.oracleError).to.equal(
      oracle.interface.encodeErrorResult("SequencerDown", [downSince]),
    );
    expect(read.maxOpenInterest).to.equal(wad("19990"));
  });
});

describe("MarketLens snapshots", () => {
  it("reads the markets asked for, and no more than there are", async () => {
    const { lens, factory } = await networkHelpers.loadFixture(lensFixture);
    for (const [first, count, length] of [
      [1n, 3n, 3],
      [2n, 10n, 2],
      [3n, 1n, 1],
      [4n, 1n, 0],
      [0n, 3n, 0],
      [1n, 0n, 0],
    ] as const) {
      expect(await lens.snapshots(factory, first, count)).to.have.lengthOf(length);
    }
  });

  it("reads every market that can be read", async () => {
    const { lens, factory, marginVault } = await networkHelpers.loadFixture(lensFixture);
    const items = await lens.snapshots(factory, 1n, 3n);
    expect(items.map((item) => item.readable)).to.deep.equal([true, true, true]);
    expect(items[0]?.snapshot.addresses.marginVault).to.equal(marginVault.target);
    expect(items.map((item) => item.snapshot.cash)).to.deep.equal([wad("9999999.5"), 0n, 0n]);
  });

  for (const [how, code] of [
    ["reverts", "0x60006000fd"],
    ["has no code", "0x"],
    ["burns all gas", "0x5b600056"],
    ["answers nonsense", "0x60206000f3"],
  ] as const) {
    it(`is not broken by a market whose vault ${how}`, async () => {
      const { lens, factory } = await networkHelpers.loadFixture(lensFixture);
      const { marginVault: broken } = await factory.marketOf(2n);
      await networkHelpers.setCode(broken, code);
      const items = await lens.snapshots(factory, 1n, 3n);
      expect(items.map((item) => item.readable)).to.deep.equal([true, false, true]);
      expect(items[1]?.snapshot.addresses.marginVault).to.equal(broken);
      expect(items[0]?.snapshot.cash).to.equal(wad("9999999.5"));
    });
  }
});

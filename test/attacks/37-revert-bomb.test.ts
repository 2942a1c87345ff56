import { expect } from "chai";
import { network } from "hardhat";
import { arm, deployAttacker, GREETING, profitOf, runSteps } from "../fixtures/attack.ts";
import { proofOf, pushPrice } from "../fixtures/market.ts";
import { wad } from "../fixtures/orderRequests.ts";
import { orderRequest } from "../fixtures/trading.ts";
import { calmMarket, mined } from "../fixtures/vault.ts";

// The owner of a position, or its token, is a bomb for whoever calls it: it reverts, burns all gas, or floods its caller
// with return data, so that no keeper can afford to liquidate. Owners are never called; the token has 300,000 gas and none
// of its return data is copied (BH-16, BH-17); and the keeper is paid all the same. See also
// test/contracts/tokens.test.ts and scenario 11.

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();
const createHostile = calmMarket({ token: "hostile" });

describe("attack 37: revert bombs, floods of return data, greedy fallbacks", () => {
  it("is never asked: liquidating a bomb takes the same gas as liquidating anybody, and pays the same", async () => {
    const market = await networkHelpers.loadFixture(marketFixture);
    const { marginVault, orderBook, accounts } = market;
    const { keeper } = accounts;
    const bomb = await deployAttacker(market, 100_000_000_000n);
    const opening = { sizeDelta: wad("100"), margin: wad("10000"), reserve: wad("40000") };
    const data = orderBook.interface.encodeFunctionData("submit", [
      await orderRequest(market, opening),
    ]);
    await runSteps(bomb, [{ target: orderBook, data }]);
    const submittedAt = BigInt(await networkHelpers.time.latest());
    const round = await pushPrice(market, wad("2000"), submittedAt + 3n);
    await orderBook.connect(keeper).execute([1n], await proofOf(market, round), keeper);
    await pushPrice(market, wad("1945"));
    const before = await networkHelpers.takeSnapshot();
    const seen = [];
    for (const greeting of Object.values(GREETING)) {
      await arm(bomb, greeting);
      await networkHelpers.time.setNextBlockTimestamp(submittedAt + 100n);
      let gas = 0n;
      const profit = await profitOf(market, [keeper], async () => {
        const vault = marginVault.connect(keeper);
        gas = (await mined(vault.liquidate(1n, "0x", keeper, { gasLimit: 2_000_000n }))).gasUsed;
      });
      expect(await bomb.greetings()).to.equal(0n);
      seen.push({ gas, profit });
      await before.restore();
    }
    for (const { gas, profit } of seen) {
      expect(profit).to.be.above(wad("300"));
      expect({ gas, profit }).to.deep.equal(seen[0]);
    }
  });

  for (const [name, mode] of [
    ["returns false", 1n],
    ["burns all gas", 3n],
    ["floods its caller", 4n],
  ] as const) {
    it(`holds up no liquidation with a token that ${name}: everybody's tokens wait to be claimed`, async () => {
      const market = await networkHelpers.loadFixture(hostileFixture);
      const { marginVault, orderBook, accounts, connection: chain } = market;
      const { alice, keeper } = accounts;
      const token = await chain.ethers.getContractAt("HostileToken", String(market.token.target));
      const opening = { sizeDelta: wad("100"), margin: wad("10000"), reserve: wad("40000") };
      await orderBook.connect(alice).submit(await orderRequest(market, opening));
      const submittedAt = BigInt(await networkHelpers.time.latest());
      const round = await pushPrice(market, wad("2000"), submittedAt + 3n);
      await orderBook.connect(keeper).execute([1n], await proofOf(market, round), keeper);
      await pushPrice(market, wad("1901.2"));
      await token.setMode(mode);
      const vault = marginVault.connect(keeper);
      const call = vault.liquidate(1n, "0x", keeper, { gasLimit: 3_000_000n });
      const { gasUsed } = await mined(call);
      // Two payouts of 300,000 at most.
      expect(gasUsed).to.be.below(1_100_000n);
      expect((await marginVault.position(1n)).size).to.equal(0n);
      const waiting = await marginVault.claimable(keeper);
      expect(waiting).to.be.above(0n);
      await token.setMode(0n);
      const profit = await profitOf(market, [keeper], () => vault.claim(keeper));
      expect(profit).to.equal(0n);
      expect(await marginVault.claimable(keeper)).to.equal(0n);
    });
  }
});

async function marketFixture() {
  return await createMarket(connection);
}

async function hostileFixture() {
  return await createHostile(connection);
}

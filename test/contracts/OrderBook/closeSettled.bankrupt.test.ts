import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { calmMarket, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const createMarket = calmMarket();

describe("OrderBook closeSettled of a bankrupt position", () => {
  it("closes the last position though it is bankrupt, so that the pool is not held up", async () => {
    const market = await createMarket(connection);
    const { positionId } = await openLong(market);
    const { charter, orderBook, marginVault, accounts } = market;
    await pushPrice(market, wad("1800"));
    await orderBook.poke("0x");
    await networkHelpers.time.increase(8n * 86_400n);
    await charter.declareOracleDead();
    await networkHelpers.time.increase(86_400n);
    await charter.settle();
    await orderBook.closeSettled([positionId], accounts.keeper);
    expect((await marginVault.position(positionId)).size).to.equal(0n);
    await expectConservation(market);
  });
});

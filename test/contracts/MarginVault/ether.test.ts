import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { calmMarket, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket();

/** As `Attacker` numbers what calling it comes to. */
const GREETING = { accepts: 0n, refuses: 1n } as const;
const NO_STEP = { target: ZeroAddress, value: 0n, data: "0x", mayFail: false };

/** Alice's long below its maintenance margin, and a contract that liquidates it with 5 wei, of which the oracle takes none. */
async function marketFixture() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  await pushPrice(market, wad("1949"));
  const caller = await ethers.deployContract("Attacker");
  const { marginVault, accounts } = market;
  const { keeper } = accounts;
  const abi = marginVault.interface;
  const data = abi.encodeFunctionData("liquidate", [positionId, "0x", keeper.address]);
  const step = { target: marginVault, value: 5n, data, mayFail: false };
  const liquidate = async (greeting: bigint) => {
    await caller.arm(greeting, NO_STEP);
    return await caller.connect(keeper).run([step], { value: 5n });
  };
  return { ...market, positionId, caller, keeper, liquidate };
}

describe("MarginVault called with ether", () => {
  it("returns what verification did not cost", async () => {
    const { marginVault, caller, keeper, liquidate } =
      await networkHelpers.loadFixture(marketFixture);
    await expect(liquidate(GREETING.accepts)).to.changeEtherBalances(
      ethers,
      [keeper, caller, marginVault],
      [-5n, 5n, 0n],
    );
  });

  it("refuses a caller that does not take it back, and liquidates nothing for it", async () => {
    const { marginVault, positionId, caller, liquidate } =
      await networkHelpers.loadFixture(marketFixture);
    const reason = marginVault.interface.encodeErrorResult("EtherNotAccepted", [caller.target, 5n]);
    await expect(liquidate(GREETING.refuses))
      .to.be.revertedWithCustomError(caller, "StepFailed")
      .withArgs(0n, reason);
    expect((await marginVault.position(positionId)).size).to.equal(wad("100"));
  });
});

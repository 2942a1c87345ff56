import { expect } from "chai";
import type { ContractTransactionReceipt } from "ethers";
import { network } from "hardhat";

import { NEWEST_ROUNDS } from "../../../scripts/core/priceProof.ts";
import type { Action } from "../../../scripts/keeper/action.ts";
import { gasCeiling } from "../../../scripts/keeper/executor.ts";
import { giveMandate } from "../../fixtures/mandates.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { calmMarket, mined } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });
const COUNT = 8;

/** Eight longs that 1,949 makes liquidatable; every second one has a mandate that could restore it. */
async function marketFixture() {
  const market = await createMarket(connection);
  const { alice, bob, keeper } = market.accounts;
  const ids: bigint[] = [];
  for (let index = 0; index < COUNT; index += 1) {
    const account = index % 2 === 0 ? alice : bob;
    const size = wad("10");
    ids.push(
      await openPosition(market, { account, size, margin: wad("1000"), price: wad("2000") }),
    );
  }
  const mandated = ids.filter((_, index) => index % 2 === 0);
  for (const id of mandated) await giveMandate(market, alice, id);
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  await pushPrice(market, wad("1949"));
  const vault = market.marginVault.connect(keeper);
  return { market, token, vault, keeper, alice, bob, ids, mandated };
}

function liquidation(positionIds: readonly bigint[], mandated: readonly bigint[]): Action {
  return { kind: "liquidate", positionIds, mandated, proof: NEWEST_ROUNDS, reason: "test" };
}

describe("gas ceilings", () => {
  function ends(
    { vault }: Awaited<ReturnType<typeof marketFixture>>,
    receipt: ContractTransactionReceipt,
  ) {
    const names = ["PositionRescued", "PositionLiquidated", "LiquidationSkipped"];
    return receipt.logs
      .flatMap((log) => vault.interface.parseLog(log) ?? [])
      .map(({ name }) => name)
      .filter((name) => names.includes(name));
  }

  it("let an honest batch of rescues and liquidations go through with room to spare", async () => {
    const fixture = await networkHelpers.loadFixture(marketFixture);
    const { vault, keeper, ids, mandated } = fixture;
    const gasLimit = gasCeiling(liquidation(ids, mandated));
    const receipt = await mined(vault.liquidateBatch(ids, "0x", keeper, { gasLimit }));
    expect(ends(fixture, receipt)).to.deep.equal(
      ids.map((_, index) => (index % 2 === 0 ? "PositionRescued" : "PositionLiquidated")),
    );
    // What must be left for each pull is not spent, so half of the ceiling is never needed.
    expect(receipt.gasUsed * 2n < gasLimit).to.equal(true);
  });

  it("let others be liquidated beside wallets whose token burns all the gas that a pull may have", async () => {
    const fixture = await networkHelpers.loadFixture(marketFixture);
    const { vault, keeper, token, ids, mandated } = fixture;
    await token.setMute(true);
    const gasLimit = gasCeiling(liquidation(ids, mandated));
    const receipt = await mined(vault.liquidateBatch(ids, "0x", keeper, { gasLimit }));
    await token.setMute(false);
    expect(ends(fixture, receipt)).to.deep.equal(ids.map(() => "PositionLiquidated"));
    // Four times what a pull may burn.
    expect(receipt.gasUsed > 1_600_000n).to.equal(true);
  });

  it("would be too low for that if mandates were not counted", async () => {
    const { vault, keeper, token, ids } = await networkHelpers.loadFixture(marketFixture);
    await token.setMute(true);
    const list = [0, 2, 4, 6].map((index) => ids[index] ?? 0n);
    const lower = gasCeiling(liquidation(list, []));
    await expect(
      vault.liquidateBatch(list, "0x", keeper, { gasLimit: lower }),
    ).to.be.revertedWithCustomError(vault, "InsufficientTransferGas");
  });

  it("let a single rescue go through", async () => {
    const { market, vault, keeper, mandated } = await networkHelpers.loadFixture(marketFixture);
    await pushPrice(market, wad("1952"));
    const [positionId = 0n] = mandated;
    const action: Action = { kind: "rescue", positionId, proof: NEWEST_ROUNDS, reason: "test" };
    const receipt = await mined(
      vault.rescue(positionId, "0x", keeper, { gasLimit: gasCeiling(action) }),
    );
    expect(receipt.gasUsed < 300_000n).to.equal(true);
  });
});

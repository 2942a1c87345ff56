import { expect } from "chai";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { plain } from "../../fixtures/structs.ts";
import { openPosition } from "../../fixtures/trading.ts";
import { calmMarket, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket();

/** Alice has two longs, of 100 and of 1. */
async function marketFixture() {
  const market = await createMarket(connection);
  const { positionId: first } = await openLong(market);
  const { alice } = market.accounts;
  const common = { margin: wad("500"), price: wad("2000") };
  const second = await openPosition(market, { account: alice, size: wad("1"), ...common });
  const vault = market.marginVault.connect(alice);
  const encode = vault.interface.encodeFunctionData.bind(vault.interface);
  return { ...market, market, alice, vault, encode, first, second };
}

describe("MarginVault multicall", () => {
  it("moves margin from one position to another in one transaction", async () => {
    const { market, vault, encode, alice, first, second, token } =
      await networkHelpers.loadFixture(marketFixture);
    await pushPrice(market, wad("2000"));
    const before = await vault.position(second);
    const moved = vault.multicall([
      encode("removeMargin", [first, 1_000_000_000n, alice.address, "0x"]),
      encode("addMargin", [second, 1_000_000_000n]),
    ]);
    await expect(moved).to.changeTokenBalances(ethers, token, [alice, vault], [0n, 0n]);
    expect((await vault.position(first)).margin).to.equal(wad("8899.99975"));
    expect((await vault.position(second)).margin).to.equal(before.margin + wad("1000"));
    await expectConservation(market);
  });

  it("keeps the caller: nobody's margin but one's own can be removed", async () => {
    const { vault, encode, accounts, first } = await networkHelpers.loadFixture(marketFixture);
    const call = encode("removeMargin", [first, 1n, accounts.bob.address, "0x"]);
    const reason = vault.interface.encodeErrorResult("NotAuthorized", [accounts.bob.address]);
    await expect(vault.connect(accounts.bob).multicall([call]))
      .to.be.revertedWithCustomError(vault, "CallFailed")
      .withArgs(0n, reason);
  });

  it("undoes all when one fails, and names it with its reason", async () => {
    const { vault, encode, first, second } = await networkHelpers.loadFixture(marketFixture);
    const before = plain(await vault.position(first));
    const calls = [
      encode("addMargin", [first, 1n]),
      encode("addMargin", [second, 1n]),
      encode("addMargin", [99n, 1n]),
    ];
    await expect(vault.multicall(calls))
      .to.be.revertedWithCustomError(vault, "CallFailed")
      .withArgs(2n, vault.interface.encodeErrorResult("PositionNotFound", [99n]));
    expect(plain(await vault.position(first))).to.deep.equal(before);
  });

  it("returns what each call returned", async () => {
    const { vault, encode } = await networkHelpers.loadFixture(marketFixture);
    const [swept, nothing] = await vault.multicall.staticCall([
      encode("sweepDues"),
      encode("accrue"),
    ]);
    // 90.000225 and nine tenths of the second fee: 1 × 2,000 × (1 + 100.5 / 20,000,000) × 0.05% = 1.000005025.
    expect(BigInt(String(swept))).to.equal(90_900_229n);
    expect(nothing).to.equal("0x");
  });

  it("takes no ether, so that no two calls can spend the same", async () => {
    const { alice, vault, encode } = await networkHelpers.loadFixture(marketFixture);
    const data = encode("multicall", [[encode("accrue")]]);
    await expect(alice.sendTransaction({ to: vault, data, value: 1n })).to.revert(ethers);
  });

  it("may be empty", async () => {
    const { vault } = await networkHelpers.loadFixture(marketFixture);
    expect(await vault.multicall.staticCall([])).to.deep.equal([]);
  });
});

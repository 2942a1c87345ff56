import { expect } from "chai";
import { MaxUint256, ZeroAddress } from "ethers";
import {
  claimShares,
  DEPOSIT_DELAY,
  fulfillDeposits,
  leave,
  OFFSET,
  open,
  type PoolWorld,
  pass,
  preparePool,
  provide,
  REQUEST_FEE,
  requestDeposit,
  requestRedeem,
  usd,
  wad,
} from "../fixtures/pool.ts";

/** Numbers as in docs/STANDARDS.md. Where ERC-7540 overrides a sentence, erc7540.test.ts has the test. */

const { emptyPool, fundedPool } = await preparePool();

const MAXIMA = ["maxDeposit", "maxMint", "maxWithdraw", "maxRedeem"] as const;
const SHARES = usd("100") * OFFSET;

/** Bob can claim 100 of shares, alice 99 of assets for 100 of shares. */
async function claimablePool(): Promise<PoolWorld> {
  const world = await fundedPool();
  await provide(world, world.bob, usd("101"));
  await leave(world, world.alice, SHARES);
  return world;
}

/** The same with positions that have taken up all free liquidity and whose price has moved. */
async function busyPool(): Promise<PoolWorld> {
  const world = await claimablePool();
  await open(world, { id: 1n, size: "100", margin: "20000", reserve: "100000" });
  await open(world, { id: 2n, size: "-200", margin: "60000", reserve: "390000" });
  await world.harness.setPrice(wad("2011.7"));
  return world;
}

describe("ERC-4626", () => {
  it("4626-2 has the metadata of its share token, after that of the asset", async () => {
    const { pool, token } = await emptyPool();
    expect(await pool.name()).to.equal("Bulkhead ETH/USDC");
    expect(await pool.symbol()).to.equal("bhETH/USDC");
    // Six virtual decimals on top of the asset's.
    expect(await pool.decimals()).to.equal((await token.decimals()) + 6n);
  });

  it("4626-3 asset is the ERC-20 token, and answers within a call too", async () => {
    const world = await claimablePool();
    const { pool, token, alice } = world;
    expect(await pool.asset()).to.equal(await token.getAddress());
    await token.setReentry(pool, pool.interface.encodeFunctionData("asset"));
    await pool.connect(alice).redeem(1_000_000n, alice, alice);
    expect(await token.succeeded()).to.equal(true);
  });

  it("4626-4 totalAssets is net of every fee that is charged against assets", async () => {
    const world = await fundedPool();
    const { pool, vault, alice, keeper } = world;
    // 2,000 × (1 + 50 / 1,000,000) = 2,000.1 a piece: 200,010 and a fee of 0.1%, 200.01, that is owed to the pool at
    // once. The loss of 10 and the premium of 2,000 × 100² / 2,000,000 = 10 cancel out.
    await open(world, { id: 1n, size: "100", margin: "20000", reserve: "20000" });
    expect(await pool.totalAssets()).to.equal(usd("1000200.01"));
    await vault.connect(keeper).sweepDues();
    expect(await pool.totalAssets()).to.equal(usd("1000200.01"));
    // A waiting deposit belongs to its controller; the keeper's fee of a redeem leaves with the assets.
    await requestDeposit(world, alice, usd("50"));
    expect(await pool.totalAssets()).to.equal(usd("1000200.01"));
    const before = await pool.totalAssets();
    await leave(world, alice, SHARES);
    const paid = (await pool.maxWithdraw(alice)) + REQUEST_FEE;
    expect(await pool.totalAssets()).to.equal(before - paid);
  });

  it("4626-5 totalAssets does not revert, whatever the oracle does", async () => {
    const world = await busyPool();
    const { pool, harness } = world;
    await harness.setDown(true);
    await pool.totalAssets();
    await harness.setDown(false);
    for (const price of [0n, 1n, 2n ** 96n - 1n, 2n ** 96n, MaxUint256]) {
      await harness.setPrice(price);
      await pool.totalAssets();
    }
  });

  it("4626-5 totalAssets and convert refuse in the middle of a call: the one departure, and meant", async () => {
    const world = await claimablePool();
    const { pool, token, alice } = world;
    const locked = pool.interface.encodeErrorResult("MarketLocked");
    for (const data of [
      pool.interface.encodeFunctionData("totalAssets"),
      pool.interface.encodeFunctionData("convertToShares", [1n]),
      pool.interface.encodeFunctionData("convertToAssets", [1n]),
    ]) {
      await token.setReentry(pool, data);
      await pool.connect(alice).redeem(1_000_000n, alice, alice);
      expect(await token.response()).to.equal(locked);
    }
  });

  for (const [state, load] of [
    ["without positions", claimablePool],
    ["with positions and no free liquidity", busyPool],
  ] as const) {
    describe(`given a pool ${state}`, () => {
      it("4626-6 convert leaves out the fees of a request", async () => {
        const { pool } = await load();
        const assets = (await pool.totalAssets()) + 1n;
        const supply = (await pool.totalSupply()) + OFFSET;
        // Less than the fee is still worth something.
        expect(REQUEST_FEE).to.be.greaterThan(1_000n);
        expect(await pool.convertToShares(1_000n)).to.equal((1_000n * supply) / assets);
        expect(await pool.convertToAssets(SHARES)).to.equal((SHARES * assets) / supply);
      });

      it("4626-8 convert reflects no slippage: any amount has the same price, also more than is free", async () => {
        const { pool } = await load();
        const one = await pool.convertToAssets(10n ** 24n);
        expect((await pool.convertToAssets(10n ** 34n)) / 10n ** 10n).to.be.at.least(one);
        expect((await pool.convertToAssets(10n ** 34n)) / 10n ** 10n).to.be.at.most(one + 1n);
      });

      it("4626-9 convert reverts for no reason but an overflow", async () => {
        const { pool } = await load();
        for (const amount of [0n, 1n, 2n ** 128n, 2n ** 190n]) {
          await pool.convertToShares(amount);
          await pool.convertToAssets(amount);
        }
        await expect(pool.convertToShares(MaxUint256)).to.be.revertedWithPanic(0x11);
      });

      it("4626-11, -15, -19, -23 max is all that can be claimed, by accounts that own nothing else", async () => {
        const world = await load();
        const { pool, token, alice, bob } = world;
        expect(await token.balanceOf(bob)).to.equal(0n);
        expect(await pool.balanceOf(bob)).to.equal(0n);
        expect(await pool.maxDeposit(bob)).to.equal(usd("100"));
        const shares = await pool.maxMint(bob);
        await pool.connect(bob)["mint(uint256,address)"](shares, bob);
        expect(await pool.maxDeposit(bob)).to.equal(0n);
        expect(await pool.maxMint(bob)).to.equal(0n);
        const assets = await pool.maxWithdraw(alice);
        expect(await pool.maxRedeem(alice)).to.equal(SHARES);
        await pool.connect(alice).withdraw(assets, alice, alice);
        expect(await pool.maxRedeem(alice)).to.equal(0n);
        expect(await pool.maxWithdraw(alice)).to.equal(0n);
      });

      it("4626-12 max is nothing while requests wait", async () => {
        const world = await load();
        await requestDeposit(world, world.carol, usd("50"));
        for (const maximum of MAXIMA) expect(await world.pool[maximum](world.carol)).to.equal(0n);
      });

      for (const maximum of MAXIMA) {
        it(`4626-12 ${maximum} is nothing within a call, where nothing can be claimed`, async () => {
          const world = await load();
          const { pool, token, alice, bob } = world;
          const account = maximum === "maxDeposit" || maximum === "maxMint" ? bob : alice;
          expect(await pool[maximum](account)).to.be.greaterThan(0n);
          const call = pool.interface.encodeFunctionData(maximum as "maxMint", [account.address]);
          await token.setReentry(pool, call);
          await pool.connect(alice).redeem(1_000_000n, alice, alice);
          expect(await token.succeeded()).to.equal(true);
          expect(BigInt(await token.response())).to.equal(0n);
        });
      }

      it("4626-14 max reverts for nobody", async () => {
        const { pool, harness, keeper } = await load();
        await harness.setDown(true);
        for (const maximum of MAXIMA) {
          for (const account of [ZeroAddress, await pool.getAddress(), keeper.address]) {
            expect(await pool[maximum](account)).to.equal(0n);
          }
        }
      });

      it("4626-17 deposit uses up exactly the assets, gives shares to the receiver and emits Deposit", async () => {
        const { pool, bob, carol, connection } = await load();
        const shares = (await pool.maxMint(bob)) / 4n;
        const claiming = pool.connect(bob)["deposit(uint256,address)"](usd("25"), carol);
        await expect(claiming).to.changeTokenBalance(connection.ethers, pool, carol, shares);
        await expect(claiming)
          .to.emit(pool, "Deposit")
          .withArgs(bob.address, carol.address, usd("25"), shares);
        expect(await pool.maxDeposit(bob)).to.equal(usd("75"));
      });

      it("4626-17 mint gives exactly the shares to the receiver and emits Deposit", async () => {
        const { pool, bob, carol, connection } = await load();
        // A quarter of 100 and one share more: 25 and a fraction of a unit, rounded up against the caller.
        const shares = (await pool.maxMint(bob)) / 4n + 1n;
        const claiming = pool.connect(bob)["mint(uint256,address)"](shares, carol);
        await expect(claiming).to.changeTokenBalance(connection.ethers, pool, carol, shares);
        await expect(claiming)
          .to.emit(pool, "Deposit")
          .withArgs(bob.address, carol.address, usd("25") + 1n, shares);
      });

      it("4626-25 withdraw sends exactly the assets and emits Withdraw", async () => {
        const { pool, token, alice, carol, connection } = await load();
        const claiming = pool.connect(alice).withdraw(usd("33"), carol, alice);
        await expect(claiming).to.changeTokenBalance(connection.ethers, token, carol, usd("33"));
        // 33 of 99 for 100 of shares: a third of 1e14 rounded up.
        const shares = (SHARES + 2n) / 3n;
        await expect(claiming)
          .to.emit(pool, "Withdraw")
          .withArgs(alice.address, carol.address, alice.address, usd("33"), shares);
        expect(await pool.maxRedeem(alice)).to.equal(SHARES - shares);
      });

      it("4626-25 redeem uses up exactly the shares, sends the assets and emits Withdraw", async () => {
        const { pool, token, alice, carol, connection } = await load();
        const claiming = pool.connect(alice).redeem(SHARES / 4n + 1n, carol, alice);
        // 99 / 4 and a fraction of a unit that the claim keeps.
        await expect(claiming).to.changeTokenBalance(connection.ethers, token, carol, usd("24.75"));
        await expect(claiming)
          .to.emit(pool, "Withdraw")
          .withArgs(alice.address, carol.address, alice.address, usd("24.75"), SHARES / 4n + 1n);
        expect(await pool.maxRedeem(alice)).to.equal(SHARES - SHARES / 4n - 1n);
      });

      it("4626-18, -26 each claim reverts when not all of it can be had, and changes nothing", async () => {
        const { pool, alice, bob } = await load();
        const [shares, assets] = [await pool.maxMint(bob), await pool.maxWithdraw(alice)];
        const refusals: [error: string, call: () => Promise<unknown>][] = [
          [
            "ERC4626ExceededMaxDeposit",
            () => pool.connect(bob)["deposit(uint256,address)"](usd("100") + 1n, bob),
          ],
          [
            "ERC4626ExceededMaxMint",
            () => pool.connect(bob)["mint(uint256,address)"](shares + 1n, bob),
          ],
          [
            "ERC4626ExceededMaxWithdraw",
            () => pool.connect(alice).withdraw(assets + 1n, alice, alice),
          ],
          ["ERC4626ExceededMaxRedeem", () => pool.connect(alice).redeem(SHARES + 1n, alice, alice)],
        ];
        for (const [error, call] of refusals) {
          await expect(call()).to.be.revertedWithCustomError(pool, error);
        }
        expect(await pool.maxMint(bob)).to.equal(shares);
        expect(await pool.maxWithdraw(alice)).to.equal(assets);
      });

      it("4626-28 rounds each claim against the one who claims, and the last one gets the rest", async () => {
        const { pool, alice, bob } = await load();
        const [shares, assets] = [await pool.maxMint(bob), await pool.maxWithdraw(alice)];
        // A share is a millionth of a unit: one share costs a whole unit, a share of a unit nothing.
        const one = pool.connect(bob)["mint(uint256,address)"];
        expect(await one.staticCall(1n, bob)).to.equal(1n);
        expect(await pool.connect(alice).redeem.staticCall(1n, alice, alice)).to.equal(0n);
        await pool.connect(bob)["deposit(uint256,address)"](7n, bob);
        await pool.connect(bob)["deposit(uint256,address)"](await pool.maxDeposit(bob), bob);
        expect(await pool.balanceOf(bob)).to.equal(shares);
        await pool.connect(alice).redeem(7n, alice, alice);
        expect(await pool.maxWithdraw(alice)).to.equal(assets);
        await pool.connect(alice).redeem(await pool.maxRedeem(alice), alice, alice);
        expect(await pool.maxWithdraw(alice)).to.equal(0n);
      });
    });
  }

  it("4626-28 a deposit is rounded down and what is cut off stays with the pool", async () => {
    const world = await fundedPool();
    const { pool, carol, bob } = world;
    await open(world, { id: 1n, size: "100", margin: "20000", reserve: "20000" });
    await requestDeposit(world, bob, usd("101"));
    await requestDeposit(world, carol, usd("101"));
    await pass(world, DEPOSIT_DELAY);
    const [assets, supply] = [(await pool.totalAssets()) + 1n, (await pool.totalSupply()) + OFFSET];
    await fulfillDeposits(world);
    expect(await pool.maxMint(bob)).to.equal((usd("100") * supply) / assets);
    expect(await claimShares(world, carol)).to.be.at.most((usd("100") * supply) / assets);
  });

  it("4626-18 a request for nothing, and a claim of nothing, are refused", async () => {
    const world = await fundedPool();
    const { pool, alice } = world;
    await expect(requestRedeem(world, alice, 0n)).to.be.revertedWithCustomError(
      pool,
      "RequestTooSmall",
    );
    await expect(
      pool.connect(alice)["deposit(uint256,address)"](0n, alice),
    ).to.be.revertedWithCustomError(pool, "ZeroAmount");
  });
});

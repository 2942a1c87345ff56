import { expect } from "chai";
import { MaxUint256, ZeroAddress } from "ethers";
import {
  claimShares,
  close,
  DEPOSIT_DELAY,
  fulfillDeposits,
  fulfillRedeems,
  leave,
  OFFSET,
  open,
  type PoolWorld,
  pass,
  preparePool,
  provide,
  REDEEM_DELAY,
  requestDeposit,
  requestRedeem,
  usd,
  wad,
} from "../fixtures/pool.ts";

/** Numbers as in docs/STANDARDS.md. */

const { fundedPool } = await preparePool();

const SHARES = usd("100") * OFFSET;
const PREVIEWS = ["previewDeposit", "previewMint", "previewWithdraw", "previewRedeem"] as const;

/** Bob has 100 pending and 100 claimable of deposits, alice 100 of shares pending and as many claimable. */
async function halfwayPool(): Promise<PoolWorld> {
  const world = await fundedPool();
  const { alice, bob } = world;
  await provide(world, bob, usd("101"));
  await leave(world, alice, SHARES);
  await requestDeposit(world, bob, usd("100"));
  await requestRedeem(world, alice, SHARES);
  return world;
}

/** What bob's and alice's requests look like: pending and claimable, deposits and redeems. */
async function states({ pool, alice, bob }: PoolWorld): Promise<readonly bigint[]> {
  return [
    await pool.pendingDepositRequest(0n, bob),
    await pool.claimableDepositRequest(0n, bob),
    await pool.pendingRedeemRequest(0n, alice),
    await pool.claimableRedeemRequest(0n, alice),
  ];
}

describe("ERC-7540 request flows", () => {
  it("7540-2 deposit and mint move no assets: requestDeposit did", async () => {
    const { pool, token, bob, connection } = await halfwayPool();
    const claim = pool.connect(bob);
    for (const claiming of [
      claim["deposit(uint256,address)"](usd("10"), bob),
      claim["mint(uint256,address)"](usd("10") * OFFSET, bob),
    ]) {
      await expect(claiming).to.changeTokenBalances(connection.ethers, token, [pool, bob], [0, 0]);
    }
  });

  it("7540-3, -6 every preview reverts, for all callers and inputs", async () => {
    const { pool, alice, bob, keeper } = await halfwayPool();
    for (const preview of PREVIEWS) {
      for (const caller of [alice, bob, keeper]) {
        for (const amount of [0n, 1n, usd("100"), SHARES, MaxUint256]) {
          await expect(pool.connect(caller)[preview](amount)).to.be.revertedWithCustomError(
            pool,
            "PreviewNotSupported",
          );
        }
      }
    }
  });

  it("7540-4 redeem and withdraw move no shares: requestRedeem did", async () => {
    const { pool, alice, connection } = await halfwayPool();
    const before = await pool.totalSupply();
    for (const claiming of [
      pool.connect(alice).withdraw(usd("10"), alice, alice),
      pool.connect(alice).redeem(SHARES / 10n, alice, alice),
    ]) {
      await expect(claiming).to.changeTokenBalances(connection.ethers, pool, [pool, alice], [0, 0]);
    }
    expect(await pool.totalSupply()).to.equal(before);
  });

  it("7540-5 redeem and withdraw are the controller's or its operator's alone; an allowance is not enough", async () => {
    const { pool, alice, keeper } = await halfwayPool();
    await pool.connect(alice).approve(keeper, MaxUint256);
    for (const claim of ["withdraw", "redeem"] as const) {
      const claiming = () => pool.connect(keeper)[claim](1_000_000n, keeper, alice);
      await expect(claiming())
        .to.be.revertedWithCustomError(pool, "NotAuthorized")
        .withArgs(keeper.address);
    }
    await pool.connect(alice).setOperator(keeper, true);
    for (const claim of ["withdraw", "redeem"] as const) {
      await expect(pool.connect(keeper)[claim](1_000_000n, keeper, alice)).to.emit(
        pool,
        "Withdraw",
      );
    }
  });

  it("7540-7 no request skips the claim: a fulfilment sends nobody anything but the keeper its fee", async () => {
    const world = await fundedPool();
    const { pool, token, alice, bob, carol, connection } = world;
    await requestDeposit(world, bob, usd("101"));
    await pool.connect(alice).requestRedeem(SHARES, carol, alice);
    await pass(world, REDEEM_DELAY);
    const accounts = [alice, bob, carol];
    for (const fulfil of [fulfillDeposits, fulfillRedeems]) {
      const fulfilment = fulfil(world);
      await expect(fulfilment).to.changeTokenBalances(
        connection.ethers,
        token,
        accounts,
        [0, 0, 0],
      );
      await expect(fulfilment).to.changeTokenBalances(connection.ethers, pool, accounts, [0, 0, 0]);
    }
    expect(await pool.claimableDepositRequest(0n, bob)).to.equal(usd("100"));
    expect(await pool.claimableRedeemRequest(0n, carol)).to.equal(SHARES);
  });

  it("7540-7 a redeem that lost its worth is fulfilled in nothing: its own shares go back, as from a cancel", async () => {
    const world = await fundedPool();
    const { pool, harness, alice } = world;
    const small = usd("10") * OFFSET;
    const held = await pool.balanceOf(alice);
    await requestRedeem(world, alice, small);
    // Two positions win 700,000 of the million, then 240,000 of what is left: ten of shares are worth less than the fee.
    await open(world, { id: 1n, size: "400", margin: "80000", reserve: "700000" });
    await harness.setPrice(wad("10000"));
    await close(world, 1n);
    await open(world, { id: 2n, size: "40", margin: "40000", reserve: "240000" });
    await harness.setPrice(wad("50000"));
    await close(world, 2n);
    await pass(world, REDEEM_DELAY);
    await fulfillRedeems(world);
    expect(await pool.balanceOf(alice)).to.equal(held);
    expect(await states(world)).to.deep.equal([0n, 0n, 0n, 0n]);
  });
});

describe("ERC-7540 request ids", () => {
  it("7540-8, -9 are 0 for all requests, whose states are told apart by controller alone and added up", async () => {
    const world = await fundedPool();
    const { pool, token, alice, bob, carol } = world;
    await token.mint(alice, usd("1000"));
    const request = pool.connect(alice);
    for (const controller of [bob, bob, carol]) {
      expect(await request.requestDeposit.staticCall(usd("11"), controller, alice)).to.equal(0n);
      expect(await request.requestRedeem.staticCall(SHARES, controller, alice)).to.equal(0n);
      await request.requestDeposit(usd("11"), controller, alice);
      await request.requestRedeem(SHARES, controller, alice);
    }
    expect(await pool.pendingDepositRequest(0n, bob)).to.equal(usd("22"));
    expect(await pool.pendingRedeemRequest(0n, bob)).to.equal(2n * SHARES);
    expect(await pool.pendingDepositRequest(0n, carol)).to.equal(usd("11"));
    await pass(world, REDEEM_DELAY);
    await fulfillDeposits(world);
    await fulfillRedeems(world);
    expect(await pool.claimableDepositRequest(0n, bob)).to.equal(usd("20"));
    expect(await pool.claimableRedeemRequest(0n, bob)).to.equal(2n * SHARES);
    expect(await pool.claimableRedeemRequest(0n, carol)).to.equal(SHARES);
  });

  it("7540-9 no other id has anything", async () => {
    const world = await halfwayPool();
    const { pool, alice, bob } = world;
    for (const id of [1n, 2n, MaxUint256]) {
      expect(await pool.pendingDepositRequest(id, bob)).to.equal(0n);
      expect(await pool.claimableDepositRequest(id, bob)).to.equal(0n);
      expect(await pool.pendingRedeemRequest(id, alice)).to.equal(0n);
      expect(await pool.claimableRedeemRequest(id, alice)).to.equal(0n);
    }
  });
});

describe("ERC-7540 requestDeposit", () => {
  it("7540-10, -13 takes the assets by transferFrom, makes them pending and emits DepositRequest", async () => {
    const { pool, token, alice, bob, carol, connection } = await fundedPool();
    await token.mint(alice, usd("50"));
    await token.connect(alice).approve(pool, usd("50"));
    await pool.connect(alice).setOperator(bob, true);
    const requesting = pool.connect(bob).requestDeposit(usd("50"), carol, alice);
    await expect(requesting).to.changeTokenBalances(
      connection.ethers,
      token,
      [alice, pool],
      [-usd("50"), usd("50")],
    );
    await expect(requesting)
      .to.emit(pool, "DepositRequest")
      .withArgs(carol.address, alice.address, 0n, bob.address, usd("50"));
    expect(await pool.pendingDepositRequest(0n, carol)).to.equal(usd("50"));
    expect(await token.allowance(alice, pool)).to.equal(0n);
  });

  it("7540-11 is the owner's or its operator's alone", async () => {
    const { pool, token, alice, bob } = await fundedPool();
    await token.mint(alice, usd("50"));
    await token.connect(alice).approve(bob, MaxUint256);
    await expect(pool.connect(bob).requestDeposit(usd("50"), bob, alice))
      .to.be.revertedWithCustomError(pool, "NotAuthorized")
      .withArgs(bob.address);
  });

  it("7540-12 reverts unless all of the assets arrive", async () => {
    const { pool, token, alice, bob } = await fundedPool();
    await token.mint(alice, usd("50"));
    const request = (assets: bigint) => pool.connect(alice).requestDeposit(assets, alice, alice);
    await expect(request(usd("50") + 1n)).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientBalance",
    );
    await token.connect(alice).approve(pool, usd("50") - 1n);
    await expect(request(usd("50"))).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientAllowance",
    );
    await token.connect(alice).approve(pool, MaxUint256);
    await token.setFeeBps(1n);
    await expect(request(usd("50"))).to.be.revertedWithCustomError(pool, "TokenTransferMismatch");
    await token.setFeeBps(0n);
    await expect(request(usd("10") - 1n)).to.be.revertedWithCustomError(pool, "RequestTooSmall");
    await token.mint(bob, 2n ** 96n);
    await expect(
      pool.connect(bob).requestDeposit(2n ** 96n / 10n ** 12n + 1n, bob, bob),
    ).to.be.revertedWithCustomError(pool, "SafeCastOverflowedUintDowncast");
    expect(await pool.pendingDepositRequest(0n, alice)).to.equal(0n);
  });
});

describe("ERC-7540 requestRedeem", () => {
  it("7540-15, -19 takes the shares from their owner, makes them pending and emits RedeemRequest", async () => {
    const { pool, alice, carol, connection } = await fundedPool();
    const requesting = pool.connect(alice).requestRedeem(SHARES, carol, alice);
    await expect(requesting).to.changeTokenBalance(connection.ethers, pool, alice, -SHARES);
    await expect(requesting)
      .to.emit(pool, "RedeemRequest")
      .withArgs(carol.address, alice.address, 0n, alice.address, SHARES);
    expect(await pool.pendingRedeemRequest(0n, carol)).to.equal(SHARES);
  });

  it("7540-16 the shares are burnt by the time they are claimed", async () => {
    const world = await fundedPool();
    const { pool, alice } = world;
    const supply = await pool.totalSupply();
    await leave(world, alice, SHARES);
    await pool.connect(alice).redeem(SHARES, alice, alice);
    expect(await pool.totalSupply()).to.equal(supply - SHARES);
    expect(await pool.balanceOf(pool)).to.equal(0n);
  });

  it("7540-17 needs an allowance of the shares, which it uses up, or an operator, whom none limits", async () => {
    const { pool, alice, bob } = await fundedPool();
    const request = () => pool.connect(bob).requestRedeem(SHARES, bob, alice);
    await pool.connect(alice).approve(bob, SHARES - 1n);
    await expect(request())
      .to.be.revertedWithCustomError(pool, "ERC20InsufficientAllowance")
      .withArgs(bob.address, SHARES - 1n, SHARES);
    await pool.connect(alice).approve(bob, SHARES + 1n);
    await request();
    expect(await pool.allowance(alice, bob)).to.equal(1n);
    await pool.connect(alice).approve(bob, MaxUint256);
    await request();
    expect(await pool.allowance(alice, bob)).to.equal(MaxUint256);
    await pool.connect(alice).approve(bob, 1n);
    await pool.connect(alice).setOperator(bob, true);
    await request();
    expect(await pool.allowance(alice, bob)).to.equal(1n);
  });

  it("7540-18 reverts unless all of the shares can be had", async () => {
    const world = await fundedPool();
    const { pool, alice } = world;
    const all = await pool.balanceOf(alice);
    await expect(requestRedeem(world, alice, all + 1n)).to.be.revertedWithCustomError(
      pool,
      "ERC20InsufficientBalance",
    );
    expect(await pool.pendingRedeemRequest(0n, alice)).to.equal(0n);
  });
});

describe("ERC-7540 views of requests", () => {
  it("7540-14, -20 pending leaves out what is claimable, claimable what is pending", async () => {
    const world = await halfwayPool();
    expect(await states(world)).to.deep.equal([usd("100"), usd("100"), SHARES, SHARES]);
    await pass(world, REDEEM_DELAY);
    // Due is not yet claimable: somebody must fulfil it.
    expect(await states(world)).to.deep.equal([usd("100"), usd("100"), SHARES, SHARES]);
    await fulfillDeposits(world);
    await fulfillRedeems(world);
    expect(await states(world)).to.deep.equal([0n, usd("199"), 0n, 2n * SHARES]);
  });

  it("7540-14, -20 say the same to every caller", async () => {
    const world = await halfwayPool();
    const expected = await states(world);
    for (const caller of [world.alice, world.bob, world.carol, world.keeper]) {
      const pool = world.pool.connect(caller);
      expect(await states({ ...world, pool })).to.deep.equal(expected);
    }
  });

  it("7540-14, -20 revert for no id, no controller and not within a call", async () => {
    const world = await halfwayPool();
    const { pool, token, alice } = world;
    for (const name of [
      "pendingDepositRequest",
      "claimableDepositRequest",
      "pendingRedeemRequest",
      "claimableRedeemRequest",
    ] as const) {
      expect(await pool[name](MaxUint256, ZeroAddress)).to.equal(0n);
      const data = pool.interface.encodeFunctionData(name as "pendingDepositRequest", [
        0n,
        alice.address,
      ]);
      await token.setReentry(pool, data);
      await pool.connect(alice).redeem(1_000_000n, alice, alice);
      expect(await token.succeeded()).to.equal(true);
    }
  });

  it("7540-25 maxDeposit and maxRedeem move with what is claimable", async () => {
    const world = await halfwayPool();
    const { pool, alice, bob } = world;
    const same = async () => {
      expect(await pool.maxDeposit(bob)).to.equal(await pool.claimableDepositRequest(0n, bob));
      expect(await pool.maxRedeem(alice)).to.equal(await pool.claimableRedeemRequest(0n, alice));
    };
    await same();
    await pool.connect(bob)["deposit(uint256,address)"](usd("40"), bob);
    await pool.connect(alice).withdraw(usd("40"), alice, alice);
    await same();
    await pass(world, DEPOSIT_DELAY);
    await fulfillDeposits(world);
    await claimShares(world, bob);
    await same();
    expect(await pool.maxDeposit(bob)).to.equal(0n);
  });
});

describe("ERC-7540 operators", () => {
  it("7540-21 setOperator sets what it is told, emits OperatorSet and returns true, each time", async () => {
    const { pool, alice, bob, carol } = await fundedPool();
    for (const approved of [true, true, false, false, true]) {
      const caller = pool.connect(alice);
      expect(await caller.setOperator.staticCall(bob, approved)).to.equal(true);
      await expect(caller.setOperator(bob, approved))
        .to.emit(pool, "OperatorSet")
        .withArgs(alice.address, bob.address, approved);
      expect(await pool.isOperator(alice, bob)).to.equal(approved);
    }
    expect(await pool.isOperator(bob, alice)).to.equal(false);
    expect(await pool.isOperator(alice, carol)).to.equal(false);
  });

  it("7540-22, -23 deposit and mint for a controller are its own or its operator's alone", async () => {
    const { pool, bob, keeper, carol } = await halfwayPool();
    const claims = {
      "deposit(uint256,address,address)": usd("10"),
      "mint(uint256,address,address)": usd("10") * OFFSET,
    } as const;
    const kinds = Object.keys(claims) as (keyof typeof claims)[];
    for (const kind of kinds) {
      await expect(pool.connect(keeper)[kind](claims[kind], keeper, bob))
        .to.be.revertedWithCustomError(pool, "NotAuthorized")
        .withArgs(keeper.address);
    }
    await pool.connect(bob).setOperator(keeper, true);
    for (const kind of kinds) {
      // First the controller, then the receiver: not the caller.
      await expect(pool.connect(keeper)[kind](claims[kind], carol, bob))
        .to.emit(pool, "Deposit")
        .withArgs(bob.address, carol.address, usd("10"), usd("10") * OFFSET);
    }
    await pool.connect(bob).setOperator(keeper, false);
    for (const kind of kinds) {
      await expect(
        pool.connect(keeper)[kind](claims[kind], keeper, bob),
      ).to.be.revertedWithCustomError(pool, "NotAuthorized");
    }
  });
});

import { expect } from "chai";
import fc from "fast-check";
import {
  fulfillDeposits,
  fulfillRedeems,
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
import { beginRun, histories, play, sharePrice, waiting } from "../fixtures/poolHistory.ts";

const { fundedPool } = await preparePool();

type Sums = Record<string, bigint>;

/** What requests, fulfilments and claims have added up to, from the logs alone, as `kind of controller`. */
async function sumsOfLogs({ pool }: PoolWorld): Promise<Sums> {
  const sums: Sums = {};
  const add = (kind: string, controller: string, amount: bigint) => {
    sums[`${kind} ${controller}`] = (sums[`${kind} ${controller}`] ?? 0n) + amount;
  };
  for (const { args } of await pool.queryFilter(pool.filters.DepositFulfilled())) {
    add("claimable assets", args.controller, args.assets);
  }
  for (const { args } of await pool.queryFilter(pool.filters.Deposit())) {
    add("claimable assets", args.sender, -args.assets);
  }
  for (const { args } of await pool.queryFilter(pool.filters.RedeemFulfilled())) {
    add("claimable shares", args.controller, args.shares);
  }
  for (const { args } of await pool.queryFilter(pool.filters.Withdraw())) {
    add("claimable shares", args.owner, -args.shares);
  }
  for (const queue of ["deposit", "redeem"] as const) {
    for (const { controller, amount } of await waiting({ pool } as PoolWorld, queue)) {
      add(`pending ${queue}`, controller, amount);
    }
  }
  return sums;
}

for (const withPositions of [false, true]) {
  describe(`ERC-7540 over any history ${withPositions ? "with" : "without"} positions`, () => {
    it("7540-9, -14, -20, -26: states are the sums of requests, oldest first, and what is due never waits for the other queue", async () => {
      await fc.assert(
        fc.asyncProperty(histories(withPositions), async (steps) => {
          const world = await fundedPool();
          const run = await beginRun(world, usd("1"));
          // Within: a fulfilment serves the oldest, a partial redeem stays first, nobody's shares lose worth.
          await play(run, steps);
          const { pool } = world;
          const sums = await sumsOfLogs(world);
          for (const { address } of run.accounts) {
            const of = (kind: string) => sums[`${kind} ${address}`] ?? 0n;
            expect(await pool.pendingDepositRequest(0n, address)).to.equal(of("pending deposit"));
            expect(await pool.pendingRedeemRequest(0n, address)).to.equal(of("pending redeem"));
            expect(await pool.claimableDepositRequest(0n, address)).to.equal(
              of("claimable assets"),
            );
            expect(await pool.claimableRedeemRequest(0n, address)).to.equal(of("claimable shares"));
          }
          // Whatever stands in the redeem queue: all deposits are served once they are due.
          await requestDeposit(world, world.bob, usd("11"));
          await pass(world, REDEEM_DELAY);
          await fulfillDeposits(world);
          expect(await pool.depositQueue().then(({ first }) => first)).to.equal(0n);
        }),
        { numRuns: 10, endOnFailure: true },
      );
    }).timeout(180_000);
  });
}

describe("ERC-7540 fairness of the queues", () => {
  /** Reserves of 700,000 need 875,000 of cash at 80%: 125,800.16 of 1,000,800.16 is free. */
  const WHALE = { id: 1n, size: "400", margin: "80000", reserve: "700000" };

  it("7540-26 a redeem that is filled in part keeps its place, and deposits do not wait for it", async () => {
    const world = await fundedPool();
    const { pool, alice, bob, carol } = world;
    await open(world, WHALE);
    await pool.connect(alice).requestRedeem(usd("200000") * OFFSET, bob, alice);
    await pool.connect(alice).requestRedeem(usd("50000") * OFFSET, carol, alice);
    await pass(world, REDEEM_DELAY);
    await fulfillRedeems(world);
    const left = await pool.pendingRedeemRequest(0n, bob);
    expect(left).to.be.greaterThan(0n);
    expect(await pool.maxRedeem(bob)).to.equal(usd("200000") * OFFSET - left);
    expect(await pool.maxRedeem(carol)).to.equal(0n);
    expect((await pool.redeemQueue()).first).to.equal(1n);
    // New money frees as much: first in, first out, the first is served before the second.
    await provide(world, alice, usd("100001"));
    expect(await pool.maxDeposit(alice)).to.equal(usd("100000"));
    await fulfillRedeems(world);
    expect(await pool.pendingRedeemRequest(0n, bob)).to.equal(0n);
    expect(await pool.maxRedeem(carol)).to.be.greaterThan(0n);
    expect((await pool.redeemQueue()).first).to.equal(2n);
  });

  /** Serves one request after the other; none may change what a share is worth but by its own rounding. */
  async function serveOneByOne(
    world: PoolWorld,
    fulfil: typeof fulfillDeposits,
    requests: readonly bigint[],
  ): Promise<void> {
    for (const _request of requests) {
      const [assets, supply] = await sharePrice(world);
      await fulfil(world, 1n);
      const [assetsAfter, supplyAfter] = await sharePrice(world);
      expect(assetsAfter * supply).to.be.at.least(assets * supplyAfter);
      // Less than a unit for what is paid out, and less than a share, a millionth of it, for what is minted.
      expect(assetsAfter * supply - assets * supplyAfter).to.be.at.most(2n * supply);
    }
  }

  it("7540-27 no request changes what the others' shares are worth, however it is split and whoever is before", async () => {
    const parts = fc.array(fc.bigInt({ min: usd("11"), max: usd("90000") }), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(parts, parts, async (deposits, redeems) => {
        const world = await fundedPool();
        const { alice, bob } = world;
        await open(world, { id: 1n, size: "100", margin: "20000", reserve: "20000" });
        await world.vault.sweepDues();
        await world.harness.setPrice(wad("2013"));
        for (const assets of deposits) await requestDeposit(world, bob, assets);
        for (const assets of redeems) await requestRedeem(world, alice, assets * OFFSET);
        await pass(world, REDEEM_DELAY);
        await serveOneByOne(world, fulfillDeposits, deposits);
        await serveOneByOne(world, fulfillRedeems, redeems);
      }),
      { numRuns: 12, endOnFailure: true },
    );
  }).timeout(120_000);
});

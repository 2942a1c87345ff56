import { expect } from "chai";
import fc from "fast-check";
import {
  type Account,
  asVault,
  close,
  expectLaw2,
  fulfillDeposits,
  fulfillRedeems,
  leave,
  OFFSET,
  open,
  type PoolWorld,
  pass,
  preparePool,
  provide,
  requestDeposit,
  requestRedeem,
  wad,
} from "../../fixtures/pool.ts";

/** One thing that happens to the pool; `part` is a share of what is possible, in percent. */
interface Step {
  readonly kind: keyof typeof STEPS;
  readonly who: number;
  readonly part: bigint;
}

/** What a run keeps beside the chain: the unit of its token and the ids of open positions. */
interface Run {
  readonly world: PoolWorld;
  readonly unit: bigint;
  readonly accounts: readonly Account[];
  readonly open: Set<bigint>;
  nextId: bigint;
}

type Happening = (run: Run, account: Account, part: bigint) => Promise<void>;

/** The pool's share price as a fraction, virtual shares included. */
async function sharePrice({ pool }: PoolWorld): Promise<[assets: bigint, supply: bigint]> {
  return [(await pool.totalAssets()) + 1n, (await pool.totalSupply()) + OFFSET];
}

/** Runs a fulfilment, if anything is due, and expects LAW-11: the share price does not fall, nor rise by a unit. */
async function fulfil({ world }: Run, fulfilment: () => Promise<unknown>): Promise<void> {
  const { vault } = world;
  await vault.sweepDues();
  const [assets, supply] = await sharePrice(world);
  try {
    await fulfilment();
  } catch (error) {
    expect(String(error)).to.contain("NothingFulfilled");
    return;
  }
  const [assetsAfter, supplyAfter] = await sharePrice(world);
  expect(assetsAfter * supply).to.be.at.least(assets * supplyAfter);
  // Rounding leaves less than a unit, or a share, with each request; accrual in between a little more.
  expect((assetsAfter * supply - assets * supplyAfter) / supply).to.be.at.most(
    10n + assets / 10n ** 9n,
  );
}

const STEPS = {
  requestDeposit: async ({ world, unit }, account, part) => {
    await requestDeposit(world, account, 10n * unit + 5_000n * unit * part + part);
  },
  requestRedeem: async ({ world, unit }, account, part) => {
    const shares = ((await world.pool.balanceOf(account)) * part) / 100n;
    if ((await world.pool.convertToAssets(shares)) < 10n * unit) return;
    await requestRedeem(world, account, shares);
  },
  fulfillDeposits: async (run, _account, part) => {
    await fulfil(run, () => fulfillDeposits(run.world, part / 20n + 1n));
  },
  fulfillRedeems: async (run, _account, part) => {
    await fulfil(run, () => fulfillRedeems(run.world, part / 20n + 1n));
  },
  claimShares: async ({ world }, account, part) => {
    const shares = ((await world.pool.maxMint(account)) * part) / 100n;
    if (shares !== 0n) await world.pool.connect(account)["mint(uint256,address)"](shares, account);
  },
  claimAssets: async ({ world }, account, part) => {
    const assets = ((await world.pool.maxWithdraw(account)) * part) / 100n;
    if (assets !== 0n) await world.pool.connect(account).withdraw(assets, account, account);
  },
  openPosition: async (run, _account, part) => {
    const { world } = run;
    const { pool } = world;
    const room = ((await pool.cash()) * 8n) / 10n - (await pool.reserved());
    const price = await world.harness.price();
    const notional = (wad("5000") * price) / wad("2000") + part * wad("1000");
    const size = (notional * wad("1")) / price;
    const reserve = notional / 2n < room ? notional / 2n : room;
    if (reserve * 50n < notional || run.open.size > 5) return;
    const id = run.nextId++;
    await open(world, {
      id,
      size: decimal(part % 2n === 0n ? size : -size),
      margin: decimal((notional / 5n / 10n ** 12n) * 10n ** 12n),
      reserve: decimal(reserve),
    });
    run.open.add(id);
  },
  closePosition: async ({ world, open: ids }) => {
    const [id] = ids;
    if (id === undefined) return;
    await close(world, id);
    ids.delete(id);
  },
  movePrice: async ({ world }, _account, part) => {
    await world.harness.setPrice((wad("2000") * (part + 50n)) / 100n);
  },
  wait: async ({ world }, _account, part) => {
    await pass(world, part * 60n);
  },
} satisfies Record<string, Happening>;

/** Writes a WAD as a decimal number. */
function decimal(value: bigint): string {
  const sign = value < 0n ? "-" : "";
  const digits = (value < 0n ? -value : value).toString().padStart(19, "0");
  return `${sign}${digits.slice(0, -18)}.${digits.slice(-18)}`;
}

/** Expects that every max can be claimed and not a unit more, and that previews never answer. */
async function expectHonestViews({ world, accounts }: Run): Promise<void> {
  const { pool } = world;
  for (const account of accounts) {
    const caller = pool.connect(account);
    const claims: [max: bigint, claim: (amount: bigint) => Promise<bigint>][] = [
      [
        await pool.maxDeposit(account),
        (amount) => caller["deposit(uint256,address)"].staticCall(amount, account),
      ],
      [
        await pool.maxMint(account),
        (amount) => caller["mint(uint256,address)"].staticCall(amount, account),
      ],
      [
        await pool.maxWithdraw(account),
        (amount) => caller.withdraw.staticCall(amount, account, account),
      ],
      [
        await pool.maxRedeem(account),
        (amount) => caller.redeem.staticCall(amount, account, account),
      ],
    ];
    for (const [max, claim] of claims) {
      if (max !== 0n) await claim(max);
      await expect(claim(max + 1n)).to.be.revert(world.connection.ethers);
    }
  }
  for (const preview of [
    "previewDeposit",
    "previewMint",
    "previewWithdraw",
    "previewRedeem",
  ] as const) {
    await expect(pool[preview](1n)).to.be.revertedWithCustomError(pool, "PreviewNotSupported");
  }
}

/** Expects that the pool holds just the shares that wait or can be claimed. */
async function expectSharesAccounted({ world, accounts }: Run): Promise<void> {
  const { pool } = world;
  let held = 0n;
  for (const account of accounts) {
    held += await pool.pendingRedeemRequest(0n, account);
    held += await pool.maxMint(account);
  }
  expect(await pool.balanceOf(pool)).to.equal(held);
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...(Object.keys(STEPS) as (keyof typeof STEPS)[])),
  who: fc.nat({ max: 2 }),
  part: fc.bigInt({ min: 1n, max: 100n }),
});

for (const decimals of [6, 8, 18]) {
  const unit = 10n ** BigInt(decimals);
  const { fundedPool } = await preparePool({
    decimals,
    pool: { requestFeeToken: unit, minRequestToken: 10n * unit },
  });

  describe(`LiquidityVault properties with ${decimals} decimals`, () => {
    it("LAW-2, LAW-11 and honest views hold through anything", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
          const world = await fundedPool();
          const accounts = [world.alice, world.bob, world.carol];
          const run: Run = { world, unit, accounts, open: new Set(), nextId: 1n };
          for (const { kind, who, part } of steps) {
            const account = accounts[who];
            if (account === undefined) throw new Error(`no account ${who}`);
            await STEPS[kind](run, account, part);
            await expectLaw2(world);
            await expectSharesAccounted(run);
          }
          await expectHonestViews(run);
        }),
        { numRuns: 12 },
      );
    }).timeout(120_000);

    it("a round trip never returns more than it brought, less two fees", async () => {
      const amounts = fc.bigInt({ min: 11n * unit, max: 3_000_000n * unit });
      await fc.assert(
        fc.asyncProperty(amounts, fc.bigInt({ min: 0n, max: 10n ** 30n }), async (assets, dues) => {
          const world = await fundedPool();
          const { pool, bob } = world;
          // Any share price: what the market handed over so far is arbitrary.
          await donateDues(world, dues % (10_000_000n * unit));
          await provide(world, bob, assets);
          const shares = await pool.maxMint(bob);
          await pool.connect(bob)["mint(uint256,address)"](shares, bob);
          if ((await pool.convertToAssets(shares)) < 10n * unit) return;
          await leave(world, bob, shares);
          expect(await pool.maxWithdraw(bob)).to.be.at.most(assets - 2n * unit);
          expect(await pool.maxWithdraw(bob)).to.be.at.least(assets - 2n * unit - 2n);
        }),
        { numRuns: 15 },
      );
    }).timeout(120_000);
  });
}

/** Hands dues to the pool as the market does. */
async function donateDues(world: PoolWorld, amountToken: bigint): Promise<void> {
  const { token, pool } = world;
  await token.mint(pool, amountToken);
  const vault = await asVault(world);
  await pool.connect(vault).receiveDues(amountToken * (await pool.tokenScale()));
}

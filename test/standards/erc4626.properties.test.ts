import { expect } from "chai";
import fc from "fast-check";
import {
  asVault,
  leave,
  OFFSET,
  open,
  type PoolWorld,
  preparePool,
  provide,
  usd,
  wad,
} from "../fixtures/pool.ts";
import { beginRun, histories, play, type Run } from "../fixtures/poolHistory.ts";

const PREVIEWS = ["previewDeposit", "previewMint", "previewWithdraw", "previewRedeem"] as const;
const MAXIMA = ["maxDeposit", "maxMint", "maxWithdraw", "maxRedeem"] as const;
const CONVERSIONS = ["convertToShares", "convertToAssets"] as const;

/** Expects of each account that every maximum can be claimed, and not a unit more. */
async function expectHonestMaxima({ world, accounts }: Run): Promise<void> {
  const { pool } = world;
  for (const account of accounts) {
    const caller = pool.connect(account);
    const claims: Record<(typeof MAXIMA)[number], (amount: bigint) => Promise<bigint>> = {
      maxDeposit: (amount) => caller["deposit(uint256,address)"].staticCall(amount, account),
      maxMint: (amount) => caller["mint(uint256,address)"].staticCall(amount, account),
      maxWithdraw: (amount) => caller.withdraw.staticCall(amount, account, account),
      maxRedeem: (amount) => caller.redeem.staticCall(amount, account, account),
    };
    for (const maximum of MAXIMA) {
      const most = await pool[maximum](account);
      if (most !== 0n) await claims[maximum](most);
      const refused = {
        maxDeposit: "Deposit",
        maxMint: "Mint",
        maxWithdraw: "Withdraw",
        maxRedeem: "Redeem",
      };
      await expect(claims[maximum](most + 1n))
        .to.be.revertedWithCustomError(pool, `ERC4626ExceededMax${refused[maximum]}`)
        .withArgs(account.address, most + 1n, most);
    }
  }
}

/** Expects the same answer for every caller, also for one that has nothing to do with the pool. */
async function expectNoVariationByCaller({ world, accounts }: Run): Promise<void> {
  const { pool, keeper, holder } = world;
  const amount = 123_456_789n;
  for (const caller of [...accounts, keeper, holder]) {
    for (const convert of CONVERSIONS) {
      expect(await pool.connect(caller)[convert](amount)).to.equal(await pool[convert](amount));
    }
    for (const maximum of MAXIMA) {
      for (const account of accounts) {
        expect(await pool.connect(caller)[maximum](account)).to.equal(await pool[maximum](account));
      }
    }
  }
}

/** Expects both conversions to be the exact fraction of the share price, cut off toward zero. */
async function expectRoundedDown({ pool }: PoolWorld, amount: bigint): Promise<void> {
  const blockTag = "latest";
  const assets = (await pool.totalAssets({ blockTag })) + 1n;
  const supply = (await pool.totalSupply({ blockTag })) + OFFSET;
  expect(await pool.convertToShares(amount, { blockTag })).to.equal((amount * supply) / assets);
  expect(await pool.convertToAssets(amount, { blockTag })).to.equal((amount * assets) / supply);
}

/** Hands dues to the pool as the market does. */
async function handOver(world: PoolWorld, amountToken: bigint): Promise<void> {
  const { token, pool } = world;
  await token.mint(pool, amountToken);
  const vault = await asVault(world);
  await pool.connect(vault).receiveDues(amountToken * (await pool.tokenScale()));
  // The ether that paid for the call would be in the way of the order book's double.
  await world.connection.networkHelpers.setBalance(vault.address, 0n);
}

for (const [withPositions, decimals] of [
  [false, 18],
  [true, 6],
] as const) {
  const unit = 10n ** BigInt(decimals);
  const loaders = await preparePool({
    decimals,
    pool: { requestFeeToken: unit, minRequestToken: 10n * unit },
  });

  describe(`ERC-4626 over any history ${withPositions ? "with" : "without"} positions, ${decimals} decimals`, () => {
    const after = async (check: (run: Run, amount: bigint) => Promise<void>) => {
      const amounts = fc.bigInt({ min: 0n, max: 2n ** 128n });
      await fc.assert(
        fc.asyncProperty(histories(withPositions), amounts, async (steps, amount) => {
          const run = await beginRun(await loaders.fundedPool(), unit);
          await play(run, steps);
          await check(run, amount);
        }),
        { numRuns: 10, endOnFailure: true },
      );
    };

    it("4626-7, -9, -10, -11, -15, -16, -19, -20, -23: max never lies, convert answers and rounds down, for any caller, previews revert", async () => {
      await after(async (run, amount) => {
        await expectHonestMaxima(run);
        await expectNoVariationByCaller(run);
        await expectRoundedDown(run.world, amount);
        const { pool } = run.world;
        for (const preview of PREVIEWS) {
          await expect(pool[preview](amount)).to.be.revertedWithCustomError(
            pool,
            "PreviewNotSupported",
          );
        }
      });
    }).timeout(180_000);

    it("4626-29 no round trip gains, at any share price", async () => {
      const amounts = fc.bigInt({ min: 11n * unit, max: 3_000_000n * unit });
      const handedOver = fc.bigInt({ min: 0n, max: 10_000_000n * unit });
      await fc.assert(
        fc.asyncProperty(amounts, handedOver, async (assets, dues) => {
          const world = await loaders.fundedPool();
          const { pool, bob } = world;
          await handOver(world, dues);
          if (withPositions) {
            await open(world, { id: 1n, size: "100", margin: "20000", reserve: "20000" });
            await world.harness.setPrice(wad("2050"));
          }
          await provide(world, bob, assets);
          const shares = await pool.maxMint(bob);
          await pool.connect(bob)["mint(uint256,address)"](shares, bob);
          if ((await pool.convertToAssets(shares)) < 10n * unit) return;
          await leave(world, bob, shares);
          // A reserve of 20,000 pays 1 wei a second and WAD for little more than the delay of a redeem.
          const borrowFees = withPositions ? (20_000n * 5_000n * unit) / 10n ** 18n + 1n : 0n;
          expect(await pool.maxWithdraw(bob)).to.be.at.most(assets - 2n * unit + borrowFees);
          expect(await pool.maxWithdraw(bob)).to.be.at.least(assets - 2n * unit - 2n);
        }),
        { numRuns: 10, endOnFailure: true },
      );
    }).timeout(180_000);
  });
}

const { emptyPool } = await preparePool();

describe("ERC-4626 inflation of the first deposit", () => {
  it("4626-30 costs the attacker more than it takes, for any first deposit, inflation and victim", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.bigInt({ min: usd("10"), max: usd("1000") }),
        fc.bigInt({ min: 0n, max: 10n ** 24n }),
        fc.bigInt({ min: usd("10"), max: usd("1000000") }),
        async (first, inflation, brought) => {
          const world = await emptyPool();
          const { pool, token, alice, bob } = world;
          const fee = (await pool.parameters()).requestFeeToken;
          // Bob is first and, by losing on the market he provides for alone, hands over what makes a share dear.
          await provide(world, bob, first);
          await token.mint(bob, inflation);
          await token.connect(bob).transfer(pool, inflation);
          await handOver(world, inflation);
          await provide(world, alice, brought);
          // A deposit that would be rounded to nothing is given back whole.
          const kept =
            (await pool.convertToAssets(await pool.maxMint(alice))) + (await pool.claimable(alice));
          const lost = brought - fee - kept;
          const spent =
            first - fee + inflation - (await pool.convertToAssets(await pool.maxMint(bob)));
          expect(lost).to.be.at.least(0n);
          // More than a unit is lost only where the attack cost a thousand times as much.
          if (lost > 1n) expect(spent).to.be.at.least(1_000n * lost);
        },
      ),
      { numRuns: 60, endOnFailure: true },
    );
  }).timeout(120_000);
});

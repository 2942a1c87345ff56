import { expect } from "chai";
import {
  close,
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
} from "../../fixtures/pool.ts";

const { fundedPool } = await preparePool();

const SHARES = usd("100") * OFFSET;

/** What moves a token, and so hands control to a token with a hook, while the market is locked. */
const MOVES: Record<string, (world: PoolWorld) => Promise<unknown>> = {
  requestDeposit: ({ pool, bob }) => pool.connect(bob).requestDeposit(usd("50"), bob, bob),
  cancelDeposit: ({ pool, bob }) => pool.connect(bob).cancelDeposit(4n),
  fulfillDeposits: (world) => fulfillDeposits(world),
  fulfillRedeems: (world) => fulfillRedeems(world),
  redeem: ({ pool, alice }) => pool.connect(alice).redeem(1_000_000n, alice, alice),
  withdraw: ({ pool, alice }) => pool.connect(alice).withdraw(1n, alice, alice),
  addMargin: ({ vault, holder }) => vault.connect(holder).addMargin(1n, 1n),
  sweepDues: ({ vault }) => vault.sweepDues(),
  close: (world) => close(world, 1n),
};

/** A world in which each of the moves above can be made, and everything can be claimed by the token itself. */
async function movableWorld(): Promise<PoolWorld> {
  const world = await fundedPool();
  const { token, pool, alice, bob, holder } = world;
  await provide(world, bob, usd("101"));
  await leave(world, alice, SHARES);
  await requestDeposit(world, bob, usd("101"));
  await requestRedeem(world, alice, SHARES);
  await pass(world, REDEEM_DELAY);
  await requestDeposit(world, bob, usd("101"));
  await token.mint(bob, usd("50"));
  await token.mint(holder, 1n);
  await open(world, { id: 1n, size: "100", margin: "20000", reserve: "100000" });
  // The token acts for both, so that nothing but the lock stands in its way.
  await pool.connect(alice).setOperator(token, true);
  await pool.connect(bob).setOperator(token, true);
  return world;
}

/** Calls that must fail with MarketLocked from inside a hook; `as` the token, operator of alice and bob. */
function entries({ pool, vault, alice, bob }: PoolWorld): [string, string, string][] {
  const poolCalls: [string, string][] = [
    ["totalAssets", pool.interface.encodeFunctionData("totalAssets")],
    ["convertToAssets", pool.interface.encodeFunctionData("convertToAssets", [SHARES])],
    ["convertToShares", pool.interface.encodeFunctionData("convertToShares", [1n])],
    [
      "requestDeposit",
      pool.interface.encodeFunctionData("requestDeposit", [usd("50"), bob.address, bob.address]),
    ],
    [
      "requestRedeem",
      pool.interface.encodeFunctionData("requestRedeem", [SHARES, alice.address, alice.address]),
    ],
    ["cancelDeposit", pool.interface.encodeFunctionData("cancelDeposit", [4n])],
    ["cancelRedeem", pool.interface.encodeFunctionData("cancelRedeem", [2n])],
    [
      "fulfillDeposits",
      pool.interface.encodeFunctionData("fulfillDeposits", [9n, "0x", bob.address]),
    ],
    [
      "fulfillRedeems",
      pool.interface.encodeFunctionData("fulfillRedeems", [9n, "0x", bob.address]),
    ],
    [
      "deposit",
      pool.interface.encodeFunctionData("deposit(uint256,address,address)", [
        1n,
        bob.address,
        bob.address,
      ]),
    ],
    [
      "mint",
      pool.interface.encodeFunctionData("mint(uint256,address,address)", [
        1n,
        bob.address,
        bob.address,
      ]),
    ],
    ["withdraw", pool.interface.encodeFunctionData("withdraw", [1n, alice.address, alice.address])],
    ["redeem", pool.interface.encodeFunctionData("redeem", [9n, alice.address, alice.address])],
    ["claim", pool.interface.encodeFunctionData("claim", [bob.address])],
  ];
  const vaultCalls: [string, string][] = [
    ["sweepDues", vault.interface.encodeFunctionData("sweepDues")],
    ["accrue", vault.interface.encodeFunctionData("accrue")],
  ];
  return [
    ...poolCalls.map(([name, data]): [string, string, string] => ["pool", name, data]),
    ...vaultCalls.map(([name, data]): [string, string, string] => ["vault", name, data]),
  ];
}

describe("LiquidityVault re-entrancy", () => {
  for (const [move, run] of Object.entries(MOVES)) {
    it(`refuses every entry from a hook in ${move}`, async () => {
      const world = await movableWorld();
      const { networkHelpers } = world.connection;
      const locked = world.pool.interface.encodeErrorResult("MarketLocked");
      const calls = entries(world);
      const snapshot = await networkHelpers.takeSnapshot();
      for (const [where, name, data] of calls) {
        const target = where === "pool" ? world.pool : world.vault;
        await world.token.setReentry(target, data);
        await run(world);
        expect(await world.token.response(), `${where}.${name} in ${move}`).to.equal(locked);
        expect(await world.token.succeeded()).to.equal(false);
        await snapshot.restore();
      }
    });

    it(`says 0 for every max in ${move}`, async () => {
      const world = await movableWorld();
      const { connection, token, pool, alice, bob } = world;
      const snapshot = await connection.networkHelpers.takeSnapshot();
      const views: [data: string, outside: bigint][] = [
        [
          pool.interface.encodeFunctionData("maxDeposit", [bob.address]),
          await pool.maxDeposit(bob),
        ],
        [pool.interface.encodeFunctionData("maxMint", [bob.address]), await pool.maxMint(bob)],
        [
          pool.interface.encodeFunctionData("maxWithdraw", [alice.address]),
          await pool.maxWithdraw(alice),
        ],
        [
          pool.interface.encodeFunctionData("maxRedeem", [alice.address]),
          await pool.maxRedeem(alice),
        ],
      ];
      for (const [data, outside] of views) {
        expect(outside).to.be.greaterThan(0n);
        await token.setReentry(pool, data);
        await run(world);
        expect(await token.succeeded()).to.equal(true);
        expect(BigInt(await token.response())).to.equal(0n);
        await snapshot.restore();
      }
    });
  }
});

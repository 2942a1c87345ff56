import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import {
  DEPOSIT_DELAY,
  MIN_REQUEST,
  marketParameters,
  type PoolParameters,
  preparePool,
  REDEEM_DELAY,
  REQUEST_FEE,
  SETTLE_GRACE,
  wad,
} from "../../fixtures/pool.ts";

const { emptyPool } = await preparePool();

/** Largest request of a token with 6 decimals: 96 bits of WAD. */
const MOST = (2n ** 96n - 1n) / 10n ** 12n;

type Refusal = [
  name: string,
  pool: Partial<PoolParameters>,
  value: bigint,
  lower: bigint,
  upper: bigint,
];

describe("LiquidityVault creation", () => {
  const REFUSED: Refusal[] = [
    [
      "maxUtilization",
      { maxUtilization: wad("0.1") - 1n },
      wad("0.1") - 1n,
      wad("0.1"),
      wad("0.9"),
    ],
    [
      "maxUtilization",
      { maxUtilization: wad("0.9") + 1n },
      wad("0.9") + 1n,
      wad("0.1"),
      wad("0.9"),
    ],
    ["minNavRatio", { minNavRatio: wad("0.01") - 1n }, wad("0.01") - 1n, wad("0.01"), wad("0.9")],
    ["minNavRatio", { minNavRatio: wad("0.9") + 1n }, wad("0.9") + 1n, wad("0.01"), wad("0.9")],
    ["depositDelay", { depositDelay: 59n }, 59n, 60n, 604_800n],
    ["depositDelay", { depositDelay: 604_801n }, 604_801n, 60n, 604_800n],
    ["redeemDelay", { redeemDelay: 59n }, 59n, 60n, 604_800n],
    ["redeemDelay", { redeemDelay: 604_801n }, 604_801n, 60n, 604_800n],
    ["settleGrace", { settleGrace: 29n }, 29n, 30n, 86_400n],
    ["settleGrace", { settleGrace: 86_401n }, 86_401n, 30n, 86_400n],
    ["requestFeeToken", { requestFeeToken: 0n }, 0n, 1n, MOST / 10n],
    [
      "minRequestToken",
      { minRequestToken: 10n * REQUEST_FEE - 1n },
      10n * REQUEST_FEE - 1n,
      10n * REQUEST_FEE,
      MOST,
    ],
    ["minRequestToken", { minRequestToken: MOST + 1n }, MOST + 1n, 10n * REQUEST_FEE, MOST],
  ];
  for (const [name, pool, value, lower, upper] of REFUSED) {
    it(`refuses ${name} of ${value}`, async () => {
      const { connection, token, carol } = await emptyPool();
      const { ethers } = connection;
      const refused = await ethers.deployContract("PoolHarness", [
        marketParameters(await token.getAddress(), carol.address, { pool }),
      ]);
      const bounds = await ethers.getContractFactory("LiquidityVault");
      await expect(refused.create("0x00", bounds.bytecode))
        .to.be.revertedWithCustomError(bounds, "ParameterOutOfBounds")
        .withArgs(encodeBytes32String(name), value, lower, upper);
    });
  }

  it("refuses a token with more than 18 decimals", async () => {
    const { connection, carol } = await emptyPool();
    const { ethers } = connection;
    const token = await ethers.deployContract("HostileToken", [19]);
    const refused = await ethers.deployContract("PoolHarness", [
      marketParameters(await token.getAddress(), carol.address),
    ]);
    const scale = await ethers.getContractFactory("LiquidityVault");
    await expect(refused.create("0x00", scale.bytecode))
      .to.be.revertedWithCustomError(scale, "TooManyDecimals")
      .withArgs(19n);
  });

  it("knows its market", async () => {
    const { token, harness, vault, pool } = await emptyPool();
    expect(await pool.asset()).to.equal(await token.getAddress());
    expect(await pool.marginVault()).to.equal(await vault.getAddress());
    expect(await pool.oracle()).to.equal(await harness.getAddress());
    expect(await pool.tokenScale()).to.equal(10n ** 12n);
    expect(await pool.parameters()).to.deep.equal([
      wad("0.8"),
      wad("0.5"),
      DEPOSIT_DELAY,
      REDEEM_DELAY,
      SETTLE_GRACE,
      MIN_REQUEST,
      REQUEST_FEE,
    ]);
  });

  it("names its share after the market, with six decimals more than the token", async () => {
    const { pool } = await emptyPool();
    expect(await pool.name()).to.equal("Bulkhead ETH/USDC");
    expect(await pool.symbol()).to.equal("bhETH/USDC");
    expect(await pool.decimals()).to.equal(12n);
  });

  it("begins with nothing", async () => {
    const { pool } = await emptyPool();
    expect(await pool.totalAssets()).to.equal(0n);
    expect(await pool.totalSupply()).to.equal(0n);
    expect(await pool.cash()).to.equal(0n);
    expect(await pool.reserved()).to.equal(0n);
    expect(await pool.owedToken()).to.equal(0n);
    expect(await pool.sequence()).to.equal(0n);
  });
});

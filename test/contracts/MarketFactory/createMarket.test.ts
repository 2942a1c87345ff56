import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { deployMarket, pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import type { ParameterTree, ParameterValue } from "../../fixtures/parameters.ts";
import { plain, plainTree } from "../../fixtures/structs.ts";
import { openPosition } from "../../fixtures/trading.ts";

/** The widest cap of the local market: 20,000,000 × 0.001 ÷ 1.0005, in steps of 20,000,000 wei. */
const LOCAL_BOUND = wad("19990.00499750124");
const connection = await network.create();
const { ethers, networkHelpers } = connection;
const MAX_UINT96 = (1n << 96n) - 1n;
/** 10 and 5 a year of 365 days, per second. */
const [MAX_FUNDING_RATE, MAX_BORROW_RATE] = [317_097_919_837n, 158_548_959_918n];

/** The local market, and its parameters as another market of the same factory would take them. */
async function factoryFixture() {
  const market = await deployMarket(connection);
  const { factory, token } = market;
  await token.approve(factory, 1n << 128n);
  const parameters = plainTree(await factory.parametersOf(1n));
  /** Creates a market with `changes` laid over the parameters. */
  const create = (changes: ParameterTree = {}) =>
    factory.createMarket(lay(parameters, changes) as never);
  /** As a call: nothing is mined, and no gas is estimated first. */
  const tryCreate = (changes: ParameterTree) =>
    factory.createMarket.staticCall(lay(parameters, changes) as never);
  return { ...market, market, parameters, create, tryCreate };
}

function lay(base: ParameterTree, changes: ParameterTree): ParameterTree {
  const laid: Record<string, ParameterValue> = { ...base };
  for (const [name, change] of Object.entries(changes)) {
    const old = laid[name];
    const both = typeof old === "object" && typeof change === "object";
    laid[name] = both ? lay(old, change) : change;
  }
  return laid;
}

type Refusal = readonly [
  name: string,
  changes: ParameterTree,
  value: bigint,
  lower: bigint,
  upper: bigint,
];

const terms = (changes: ParameterTree) => ({ terms: changes });
const curves = (changes: ParameterTree) => ({ curves: changes });
const orders = (changes: ParameterTree) => ({ orders: changes });
const pool = (changes: ParameterTree) => ({ pool: changes });
const powers = (changes: ParameterTree) => ({ powers: changes });

/**
 * Bounds that are the factory's own, one unit outside, and one of each kind that it asks the library for:
 * `test/contracts/libraries/ParameterBounds.test.ts` has all of those.
 */
const REFUSED: readonly Refusal[] = [
  ["sequencerGrace", { sequencerGrace: 86_401n }, 86_401n, 0n, 86_400n],
  ["protocolFeeShare", { protocolFeeShare: wad("0.2") + 1n }, wad("0.2") + 1n, 0n, wad("0.2")],
  ["changeDelay", powers({ changeDelay: 172_799n }), 172_799n, 172_800n, 2_592_000n],
  ["changeDelay", powers({ changeDelay: 2_592_001n }), 2_592_001n, 172_800n, 2_592_000n],
  ["deadOracleDelay", powers({ deadOracleDelay: 604_799n }), 604_799n, 604_800n, 7_776_000n],
  ["deadOracleDelay", powers({ deadOracleDelay: 7_776_001n }), 7_776_001n, 604_800n, 7_776_000n],
  ["deadOracleNotice", powers({ deadOracleNotice: 86_399n }), 86_399n, 86_400n, 2_592_000n],
  ["deadOracleNotice", powers({ deadOracleNotice: 2_592_001n }), 2_592_001n, 86_400n, 2_592_000n],
  [
    "positionFeeRatio",
    terms({ positionFeeRatio: wad("0.0001") - 1n }),
    wad("0.0001") - 1n,
    wad("0.0001"),
    wad("0.02"),
  ],
  // What a push feed demands.
  [
    "initialMarginRatio",
    terms({ initialMarginRatio: wad("0.04") - 1n }),
    wad("0.04") - 1n,
    wad("0.04"),
    wad("1"),
  ],
  // 1.25 × (3% + 0.5%).
  [
    "initialMarginRatio",
    terms({ maintenanceMarginRatio: wad("0.03"), initialMarginRatio: wad("0.04375") - 1n }),
    wad("0.04375") - 1n,
    wad("0.04375"),
    wad("1"),
  ],
  // 20,000,000 × min(2%, 2 × 0.05% ÷ 1.0005): above it a push of the skew could pay (59, 60).
  ["maxOpenInterest", { maxOpenInterest: LOCAL_BOUND + 1n }, LOCAL_BOUND + 1n, 1n, LOCAL_BOUND],
  ["maxOpenInterest", { maxOpenInterest: 0n }, 0n, 1n, LOCAL_BOUND],
  // 20,000,000 × 2 × 1% ÷ 1.01, a little less than the 2% of maintenance.
  [
    "maxOpenInterest",
    {
      maxOpenInterest: wad("396039.60396039602") + 1n,
      ...terms({ positionFeeRatio: wad("0.01") }),
      ...orders({ latencySpread: wad("0.02") }),
    },
    wad("396039.60396039602") + 1n,
    1n,
    wad("396039.60396039602"),
  ],
  ["skewScale", curves({ skewScale: 0n }), 0n, 1n, MAX_UINT96],
  // 10% a year are 3,170,979,198 a second. At 80%, a third of the way from the kink: 1 + 9,512,937,591 / 3 (58).
  [
    "borrowRate at maxUtilization",
    curves({ minBorrowRate: 1n, kinkBorrowRate: 1n, maxBorrowRate: 9_512_937_589n }),
    3_170_979_197n,
    3_170_979_198n,
    MAX_BORROW_RATE,
  ],
  ["executionDelay", orders({ executionDelay: 0n }), 0n, 1n, 600n],
  ["executionDelay", orders({ executionDelay: 601n }), 601n, 1n, 600n],
  ["maxRoundWait", orders({ maxRoundWait: 3_601n }), 3_601n, 1n, 3_600n],
  ["executionWindow", orders({ executionWindow: 9n }), 9n, 10n, 600n],
  // The feed's threshold of 0.6% and the fee of 0.05%.
  [
    "latencySpread",
    orders({ latencySpread: wad("0.0065") - 1n }),
    wad("0.0065") - 1n,
    wad("0.0065"),
    wad("0.1"),
  ],
  [
    "latencySpread",
    orders({ latencySpread: wad("0.1") + 1n }),
    wad("0.1") + 1n,
    wad("0.0065"),
    wad("0.1"),
  ],
  ["minKeeperFee", orders({ minKeeperFee: 0n }), 0n, 10n ** 12n, ((1n << 40n) - 1n) * 10n ** 12n],
  [
    "maxUtilization",
    pool({ maxUtilization: wad("0.9") + 1n }),
    wad("0.9") + 1n,
    wad("0.1"),
    wad("0.9"),
  ],
];

describe("MarketFactory createMarket", () => {
  describe("when a parameter is outside its hard bound", () => {
    for (const [name, changes, value, lower, upper] of REFUSED) {
      it(`refuses ${name} of ${value}`, async () => {
        const { tryCreate, charter } = await networkHelpers.loadFixture(factoryFixture);
        await expect(tryCreate(changes))
          .to.be.revertedWithCustomError(charter, "ParameterOutOfBounds")
          .withArgs(ethers.encodeBytes32String(name), value, lower, upper);
      });
    }

    it("leaves no market behind", async () => {
      const { create, factory } = await networkHelpers.loadFixture(factoryFixture);
      await expect(create({ maxOpenInterest: 0n })).to.revert(ethers);
      expect(await factory.marketCount()).to.equal(1n);
      await expect(factory.marketOf(2n))
        .to.be.revertedWithCustomError(factory, "MarketNotFound")
        .withArgs(2n);
    });
  });

  it("refuses a receiver of protocol fees of zero", async () => {
    const { create, factory } = await networkHelpers.loadFixture(factoryFixture);
    const changes = { protocolFeeReceiver: ZeroAddress };
    await expect(create(changes)).to.be.revertedWithCustomError(factory, "ZeroAddress");
  });

  it("accepts the bounds themselves", async () => {
    const { create, factory } = await networkHelpers.loadFixture(factoryFixture);
    await create({
      sequencerGrace: 0n,
      protocolFeeShare: wad("0.2"),
      // 20,000,000 × 2 × 0.5% ÷ 1.005.
      maxOpenInterest: wad("199004.9751243781"),
      terms: {
        maintenanceMarginRatio: wad("0.5"),
        liquidationFeeRatio: wad("0.1"),
        initialMarginRatio: wad("0.66"),
        liquidationTarget: wad("1.1"),
        positionFeeRatio: wad("0.005"),
        minReserveRatio: wad("1"),
        keeperFeeFloor: 10n ** 12n,
        keeperFeeCap: 10n ** 12n,
        minMaintenance: 2n * 10n ** 12n,
        minMargin: 2n * 10n ** 12n,
        minNotional: 2n * 10n ** 12n,
      },
      curves: {
        maxFundingRate: MAX_FUNDING_RATE - 1n,
        minBorrowRate: 3_170_979_198n,
        kinkBorrowRate: 3_170_979_198n,
        maxBorrowRate: 3_170_979_198n,
      },
      orders: { latencySpread: wad("0.011") },
      pool: { maxUtilization: wad("0.9") },
    });
    expect(await factory.marketCount()).to.equal(2n);
  });

  it("accepts an open interest of depth × maintenance where fees allow more", async () => {
    const { create, factory } = await networkHelpers.loadFixture(factoryFixture);
    // 20,000,000 × min(2%, 2 × 1.1% ÷ 1.011) = 400,000.
    await create({
      maxOpenInterest: wad("400000"),
      terms: { positionFeeRatio: wad("0.011") },
      orders: { latencySpread: wad("0.02") },
    });
    expect(await factory.marketCount()).to.equal(2n);
  });

  describe("when the collateral token is not what a market can hold", () => {
    /** A hostile token that the deployer has and has approved; `create` makes a market of it. */
    async function hostileFixture() {
      const world = await networkHelpers.loadFixture(factoryFixture);
      const deploy = async (decimals: bigint) => {
        const token = await ethers.deployContract("HostileToken", [decimals]);
        await token.mint(world.accounts.deployer, 1_000_000n);
        await token.approve(world.factory, 1_000_000n);
        return token;
      };
      const hostile = await deploy(6n);
      const create = () => world.create({ collateralToken: String(hostile.target) });
      return { ...world, deploy, hostile, create, createWith: world.create };
    }

    it("refuses more than 18 decimals", async () => {
      const { deploy, createWith, charter } = await hostileFixture();
      const token = await deploy(19n);
      await expect(createWith({ collateralToken: String(token.target) }))
        .to.be.revertedWithCustomError(charter, "TooManyDecimals")
        .withArgs(19n);
    });

    it("refuses a fee on transfer", async () => {
      const { hostile, create, factory } = await hostileFixture();
      await hostile.setFeeBps(1n);
      // A hundredth of a percent of 10,007 is 1.
      await expect(create())
        .to.be.revertedWithCustomError(factory, "TokenTransferMismatch")
        .withArgs(10_007n, 10_006n);
    });

    it("refuses balances that shrink by themselves", async () => {
      const { hostile, create, factory } = await hostileFixture();
      const seize = hostile.interface.encodeFunctionData("seize", [String(factory.target), 1n]);
      await hostile.setReentry(hostile, seize);
      await expect(create())
        .to.be.revertedWithCustomError(factory, "TokenTransferMismatch")
        .withArgs(10_007n, 10_006n);
    });

    it("refuses balances that grow by themselves", async () => {
      const { hostile, create, factory, accounts } = await hostileFixture();
      const gift = hostile.interface.encodeFunctionData("mint", [accounts.deployer.address, 1n]);
      await hostile.setReentry(hostile, gift);
      // Once on the way in, once on the way back.
      await expect(create())
        .to.be.revertedWithCustomError(factory, "TokenTransferMismatch")
        .withArgs(1_000_000n, 1_000_002n);
    });

    it("refuses one that answers false", async () => {
      const { hostile, create, factory } = await hostileFixture();
      await hostile.setMode(1n);
      await expect(create())
        .to.be.revertedWithCustomError(factory, "SafeERC20FailedOperation")
        .withArgs(hostile);
    });

    it("accepts one that returns nothing", async () => {
      const { hostile, create, factory } = await hostileFixture();
      await hostile.setMode(2n);
      await create();
      expect((await factory.parametersOf(2n)).collateralToken).to.equal(hostile.target);
    });

    it("cannot be entered while it probes: no second market, no parameters of the first", async () => {
      const { hostile, create, factory, parameters } = await hostileFixture();
      const again = factory.interface.encodeFunctionData("createMarket", [parameters as never]);
      await hostile.setReentry(factory, again);
      await create();
      expect(await hostile.response()).to.equal(
        factory.interface.encodeErrorResult("MarketLocked"),
      );
    });

    it("needs the probe's amount", async () => {
      const { hostile, create, accounts } = await hostileFixture();
      await hostile.seize(accounts.deployer, 990_000n);
      await expect(create()).to.be.revertedWithCustomError(hostile, "ERC20InsufficientBalance");
    });
  });

  describe("when it succeeds", () => {
    it("announces the market with all its parameters and returns the probe's amount", async () => {
      const { create, factory, token, accounts, parameters } =
        await networkHelpers.loadFixture(factoryFixture);
      const before = await token.balanceOf(accounts.deployer);
      const receipt = await (await create({ label: "SECOND" })).wait();
      const log = receipt?.logs
        .map((raw) => factory.interface.parseLog(raw))
        .find((parsed) => parsed?.name === "MarketCreated");
      expect(log?.args.marketId).to.equal(2n);
      expect(log?.args.creator).to.equal(accounts.deployer.address);
      expect(plainTree(log?.args.parameters)).to.deep.equal({ ...parameters, label: "SECOND" });
      expect(plainTree(await factory.parametersOf(2n))).to.deep.equal({
        ...parameters,
        label: "SECOND",
      });
      const addresses = await factory.marketOf(2n);
      expect(log?.args.marginVault).to.equal(addresses.marginVault);
      expect(await token.balanceOf(accounts.deployer)).to.equal(before);
    });

    it("makes five contracts that know each other", async () => {
      const { create, factory, token, oracle } = await networkHelpers.loadFixture(factoryFixture);
      await create();
      const addresses = await factory.marketOf(2n);
      const vault = await ethers.getContractAt("MarginVault", addresses.marginVault);
      const pool_ = await ethers.getContractAt("LiquidityVault", addresses.liquidityVault);
      const book = await ethers.getContractAt("OrderBook", addresses.orderBook);
      const charter = await ethers.getContractAt("MarketCharter", addresses.charter);
      expect(await vault.charter()).to.equal(addresses.charter);
      expect(plain(await charter.addresses())).to.deep.equal(plain(addresses));
      expect(await charter.oracle()).to.equal(oracle.target);
      expect(await charter.collateralToken()).to.equal(token.target);
      expect(await pool_.marginVault()).to.equal(addresses.marginVault);
      expect(await book.marginVault()).to.equal(addresses.marginVault);
      for (const address of Object.values(plain(addresses))) {
        expect(await ethers.provider.getCode(address)).not.to.equal("0x");
      }
    });

    it("offers terms and curves as given", async () => {
      const { charter, parameters } = await networkHelpers.loadFixture(factoryFixture);
      expect(await charter.latestTermsId()).to.equal(1n);
      expect(plainTree(await charter.terms(1n))).to.deep.equal(parameters.terms);
      expect(plainTree(await charter.curves())).to.deep.equal(parameters.curves);
      expect(plainTree(await charter.powers())).to.deep.equal(parameters.powers);
      expect(await charter.maxOpenInterest()).to.equal(wad("19990"));
      expect(await charter.tokenScale()).to.equal(10n ** 12n);
    });
  });

  it("answers for a deployment only while there is one", async () => {
    const { factory } = await networkHelpers.loadFixture(factoryFixture);
    await expect(factory.deployment()).to.be.revertedWithCustomError(
      factory,
      "NoDeploymentUnderWay",
    );
    for (const id of [0n, 2n]) {
      await expect(factory.parametersOf(id))
        .to.be.revertedWithCustomError(factory, "MarketNotFound")
        .withArgs(id);
    }
  });

  describe("given two markets", () => {
    it("keeps them apart: what happens to one changes no slot of the other", async () => {
      const { market, create, factory, marginVault, liquidityVault, accounts, token } =
        await networkHelpers.loadFixture(factoryFixture);
      await create();
      const addresses = await factory.marketOf(2n);
      const [vault, lender] = [addresses.marginVault, addresses.liquidityVault];
      const other = await ethers.getContractAt("MarginVault", vault);
      const otherPool = await ethers.getContractAt("LiquidityVault", lender);
      const state = async () => ({
        market: plain(await other.market()),
        cash: await otherPool.cash(),
        held: [await token.balanceOf(vault), await token.balanceOf(lender)],
      });
      const before = await state();
      const account = accounts.alice;
      const positionId = await openPosition(market, {
        account,
        size: wad("100"),
        margin: wad("10000"),
      });
      await pushPrice(market, wad("1500"));
      await marginVault.connect(accounts.keeper).liquidate(positionId, "0x", accounts.keeper);
      await marginVault.sweepDues();
      expect(await state()).to.deep.equal(before);
      await expectConservation(market);

      // Nor is one the pool or the order book of the other.
      const pool_ = await ethers.getImpersonatedSigner(String(liquidityVault.target));
      await networkHelpers.setBalance(pool_.address, wad("1"));
      await expect(other.connect(pool_).lock())
        .to.be.revertedWithCustomError(other, "NotAuthorized")
        .withArgs(pool_);
    });
  });
});

import { expect } from "chai";
import { network } from "hardhat";
import { DEVIATION, FEE_RATIO, ORDERS, ROOMY } from "../../fixtures/orderBook.ts";
import { wad } from "../../fixtures/orderRequests.ts";

const { ethers } = await network.create(ROOMY);

/** Fees are stored in 40 bits of 1e-6. */
const MOST_FEE = (2n ** 40n - 1n) * 10n ** 12n;

async function surroundings(orders: Partial<typeof ORDERS>, decimals = 6n) {
  return ethers.deployContract("OrderBookHarness", [
    decimals,
    DEVIATION,
    FEE_RATIO,
    { ...ORDERS, ...orders },
  ]);
}

type Refusal = [
  name: string,
  orders: Partial<typeof ORDERS>,
  value: bigint,
  lower: bigint,
  upper: bigint,
];

describe("OrderBook creation", () => {
  const REFUSED: Refusal[] = [
    ["executionDelay", { executionDelay: 0n }, 0n, 1n, 600n],
    ["executionDelay", { executionDelay: 601n }, 601n, 1n, 600n],
    ["maxRoundWait", { maxRoundWait: 0n }, 0n, 1n, 3_600n],
    ["maxRoundWait", { maxRoundWait: 3_601n }, 3_601n, 1n, 3_600n],
    ["executionWindow", { executionWindow: 9n }, 9n, 10n, 600n],
    ["executionWindow", { executionWindow: 601n }, 601n, 10n, 600n],
    [
      "latencySpread",
      { latencySpread: wad("0.006") - 1n },
      wad("0.006") - 1n,
      wad("0.006"),
      wad("0.1"),
    ],
    [
      "latencySpread",
      { latencySpread: wad("0.1") + 1n },
      wad("0.1") + 1n,
      wad("0.006"),
      wad("0.1"),
    ],
    ["minKeeperFee", { minKeeperFee: 0n }, 0n, 10n ** 12n, MOST_FEE],
    [
      "minKeeperFee",
      { minKeeperFee: MOST_FEE + 10n ** 12n },
      MOST_FEE + 10n ** 12n,
      10n ** 12n,
      MOST_FEE,
    ],
    ["minKeeperFee rounding", { minKeeperFee: wad("0.5") + 1n }, 1n, 0n, 0n],
  ];
  for (const [name, orders, value, lower, upper] of REFUSED) {
    it(`refuses ${name} of ${value}`, async () => {
      const harness = await surroundings(orders);
      const bounds = await ethers.getContractFactory("OrderBook");
      await expect(harness.createBook())
        .to.be.revertedWithCustomError(bounds, "ParameterOutOfBounds")
        .withArgs(ethers.encodeBytes32String(name), value, lower, upper);
    });
  }

  it("accepts each parameter at its lower bound", async () => {
    const least = {
      executionDelay: 1n,
      maxRoundWait: 1n,
      executionWindow: 10n,
      latencySpread: wad("0.006"),
      minKeeperFee: 10n ** 12n,
    };
    const harness = await surroundings(least);
    await harness.createBook();
    const book = await ethers.getContractAt("OrderBook", await harness.book());
    expect(await book.executionDelay()).to.equal(1n);
    expect(await book.maxRoundWait()).to.equal(1n);
    expect(await book.executionWindow()).to.equal(10n);
    expect(await book.latencySpread()).to.equal(wad("0.006"));
    expect(await book.minKeeperFee()).to.equal(10n ** 12n);
    expect(await book.marginVault()).to.equal(await harness.getAddress());
    expect(await book.orderCount()).to.equal(0n);
  });

  it("accepts each parameter at its upper bound", async () => {
    const most = {
      executionDelay: 600n,
      maxRoundWait: 3_600n,
      executionWindow: 600n,
      latencySpread: wad("0.1"),
      minKeeperFee: MOST_FEE,
    };
    const harness = await surroundings(most);
    await harness.createBook();
    const book = await ethers.getContractAt("OrderBook", await harness.book());
    expect(await book.executionDelay()).to.equal(600n);
    expect(await book.maxRoundWait()).to.equal(3_600n);
    expect(await book.executionWindow()).to.equal(600n);
    expect(await book.latencySpread()).to.equal(wad("0.1"));
    expect(await book.minKeeperFee()).to.equal(MOST_FEE);
  });

  it("counts fees in whole units of a token with 2 decimals", async () => {
    const bounds = await ethers.getContractFactory("OrderBook");
    const fine = await surroundings({ minKeeperFee: wad("0.001") }, 2n);
    // 0.01 is the least that two decimals can pay.
    await expect(fine.createBook())
      .to.be.revertedWithCustomError(bounds, "ParameterOutOfBounds")
      .withArgs(ethers.encodeBytes32String("minKeeperFee"), wad("0.001"), wad("0.01"), MOST_FEE);
    const odd = await surroundings({ minKeeperFee: wad("0.505") }, 2n);
    await expect(odd.createBook())
      .to.be.revertedWithCustomError(bounds, "ParameterOutOfBounds")
      .withArgs(ethers.encodeBytes32String("minKeeperFee rounding"), wad("0.005"), 0n, 0n);
  });

  it("refuses a token with more than 18 decimals", async () => {
    const harness = await surroundings({}, 19n);
    const bounds = await ethers.getContractFactory("OrderBook");
    await expect(harness.createBook())
      .to.be.revertedWithCustomError(bounds, "TooManyDecimals")
      .withArgs(19n);
  });
});

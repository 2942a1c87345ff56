import { expect } from "chai";
import { network } from "hardhat";
import {
  deployStreamMarket,
  executeStreamOrder,
  openStreamPosition,
  orderProof,
  type StreamMarket,
  spotProof,
  submitStreamOrder,
} from "../../fixtures/streamMarket.ts";
import { chargeFees, NATIVE_FEE, proofFor, reportAt, sign } from "../../fixtures/streams.ts";
import { plain } from "../../fixtures/structs.ts";
import { orderRequest } from "../../fixtures/trading.ts";
import { WRONG_REPORTS } from "../../fixtures/wrongReports.ts";

const WAD = 10n ** 18n;

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

/** How often Chainlink's verifier checked signatures in a transaction: it logs each time. */
async function verifications(market: StreamMarket, hash: string): Promise<number> {
  const receipt = await ethers.provider.getTransactionReceipt(hash);
  const verifier = String(market.streams.verifier.target).toLowerCase();
  return (receipt?.logs ?? []).filter(({ address }) => address.toLowerCase() === verifier).length;
}

const ORDER = { sizeDelta: 2n * WAD, margin: 500n * WAD, reserve: 800n * WAD };

describe("A market on reports", () => {
  it("fills a market order at the report that covers its T, whatever else is shown", async () => {
    const market = await loadFixture(deployStreamMarket);
    const { orderBook, accounts, streams } = market;
    const submitted = await submitStreamOrder(market, accounts.alice, ORDER);
    const at = submitted.submittedAt + (await orderBook.executionDelay());
    await time.increaseTo(at + 10n);
    for (const second of [at - 1n, at + 1n, at + 5n]) {
      const proof = proofFor(streams, reportAt(second, { price: 1_000n * WAD }));
      await expect(orderBook.execute([submitted.orderId], proof, accounts.keeper))
        .to.be.revertedWithCustomError(orderBook, "PriceDoesNotCover")
        .withArgs(submitted.orderId, at, second, second, second);
    }
    await executeStreamOrder(market, submitted);
    expect((await market.marginVault.position(submitted.orderId)).size).to.equal(2n * WAD);
  });

  it("never fills one late: after its window it can only be cancelled", async () => {
    const market = await loadFixture(deployStreamMarket);
    const { orderBook, accounts, streams } = market;
    const { orderId, submittedAt } = await submitStreamOrder(market, accounts.alice, ORDER);
    const at = submittedAt + (await orderBook.executionDelay());
    const end = at + (await orderBook.maxRoundWait());
    await time.increaseTo(end + 1n);
    const late = proofFor(streams, reportAt(end));
    await expect(orderBook.execute([orderId], late, accounts.keeper))
      .to.be.revertedWithCustomError(orderBook, "PriceDoesNotCover")
      .withArgs(orderId, at, end, end, end);
  });

  it("gives the keeper's fee back where a recorded report shows that there was no price", async () => {
    const market = await loadFixture(deployStreamMarket);
    const { orderBook, accounts, oracle, streams, token } = market;
    const { orderId, submittedAt } = await submitStreamOrder(market, accounts.alice, ORDER);
    const at = submittedAt + (await orderBook.executionDelay());
    const window = (await orderBook.maxRoundWait()) + (await orderBook.executionWindow());
    await time.increaseTo(at + window + 1n);
    // A thin minute: bid and ask too far apart.
    await oracle.recordReport(sign(streams, reportAt(at, { bid: WAD })));
    const proof = ethers.AbiCoder.defaultAbiCoder().encode(["uint64", "uint256"], [at, 0n]);
    // 500 of margin and 0.5 for the keeper.
    await expect(orderBook.cancel(orderId, proof)).to.changeTokenBalance(
      ethers,
      token,
      accounts.alice,
      500_500_000n,
    );
  });

  it("verifies one report for a batch of orders", async () => {
    const market = await loadFixture(deployStreamMarket);
    const { orderBook, accounts } = market;
    const request = await orderRequest(market, ORDER);
    const submit = orderBook.interface.encodeFunctionData("submit", [request]);
    await orderBook.connect(accounts.alice).multicall([submit, submit, submit]);
    const submittedAt = BigInt(await time.latest());
    const proof = await orderProof(market, { orderId: 1n, submittedAt });
    const sent = await orderBook
      .connect(accounts.keeper)
      .execute([1n, 2n, 3n], proof, accounts.keeper);
    expect(await verifications(market, sent.hash)).to.equal(1);
    for (const id of [1n, 2n, 3n]) {
      expect((await market.marginVault.position(id)).size).to.equal(2n * WAD);
    }
  });

  it("verifies one report for a batch of liquidations, and liquidates at it", async () => {
    const market = await loadFixture(deployStreamMarket);
    const { marginVault, accounts } = market;
    const ids: bigint[] = [];
    for (let count = 0; count < 3; count += 1) {
      const input = { account: accounts.alice, size: 10n * WAD, margin: 1_000n * WAD };
      ids.push(await openStreamPosition(market, input));
    }
    // 2,000 − 9.2%: a loss of 1,840 on each, above the margin.
    const proof = await spotProof(market, 1_816n * WAD);
    const sent = await marginVault
      .connect(accounts.keeper)
      .liquidateBatch(ids, proof, accounts.keeper);
    expect(await verifications(market, sent.hash)).to.equal(1);
    for (const id of ids) expect((await marginVault.position(id)).size).to.equal(0n);
  });

  it("does not liquidate at a report whose spread is too wide, or that is older than the clock", async () => {
    const market = await loadFixture(deployStreamMarket);
    const { marginVault, accounts, streams, oracle } = market;
    const input = { account: accounts.alice, size: 10n * WAD, margin: 1_000n * WAD };
    const id = await openStreamPosition(market, input);
    const at = BigInt(await time.latest());
    const price = 1_816n * WAD;
    const thin = proofFor(streams, reportAt(at, { price, bid: 1_800n * WAD }));
    await expect(marginVault.liquidate(id, thin, accounts.keeper)).to.be.revertedWithCustomError(
      oracle,
      "SpreadTooWide",
    );
    const clock = (await marginVault.market()).clock;
    const old = proofFor(streams, reportAt(clock - 1n, { price }));
    await expect(marginVault.liquidate(id, old, accounts.keeper))
      .to.be.revertedWithCustomError(marginVault, "PriceNotNewEnough")
      .withArgs(clock - 1n, clock);
  });

  it("returns what verification did not need through vault and order book", async () => {
    const market = await loadFixture(deployStreamMarket);
    const { orderBook, marginVault, oracle, accounts, streams } = market;
    const submitted = await submitStreamOrder(market, accounts.alice, ORDER);
    const proof = await orderProof(market, submitted);
    const book = orderBook.connect(accounts.keeper);
    await expect(
      book.execute([submitted.orderId], proof, accounts.keeper, { value: 1_000n }),
    ).to.changeEtherBalances(
      ethers,
      [accounts.keeper, orderBook, marginVault, oracle, streams.verifierProxy],
      [0n, 0n, 0n, 0n, 0n],
    );
  });

  it("pays the verifier's fee out of the keeper's ether, and returns the rest through both contracts", async () => {
    const market = await loadFixture(deployStreamMarket);
    const { orderBook, marginVault, oracle, accounts, streams } = market;
    const { feeManager } = await chargeFees(streams);
    const id = await openStreamPositionPaid(market);
    const { keeper } = accounts;
    const parties = [keeper, orderBook, marginVault, oracle, streams.verifierProxy, feeManager];
    const close = { positionId: id, sizeDelta: -WAD, reduceOnly: true };
    const submitted = await submitStreamOrder(market, accounts.alice, close);
    const proof = await orderProof(market, submitted);
    await expect(
      orderBook.connect(keeper).execute([submitted.orderId], proof, keeper, { value: WAD }),
    ).to.changeEtherBalances(ethers, parties, [-NATIVE_FEE, 0n, 0n, 0n, 0n, 0n]);

    const fallen = await spotProof(market, 1_000n * WAD);
    await expect(
      marginVault.connect(keeper).liquidate(id, fallen, keeper, { value: WAD }),
    ).to.changeEtherBalances(ethers, parties, [-NATIVE_FEE, 0n, 0n, 0n, 0n, 0n]);
  });

  describe("given a wrong report", () => {
    it("would liquidate at a sound one", async () => {
      const market = await loadFixture(liquidatableMarket);
      const { marginVault, accounts } = market;
      await expect(marginVault.liquidate(1n, await spotProof(market), accounts.keeper)).to.emit(
        marginVault,
        "PositionLiquidated",
      );
    });

    for (const row of WRONG_REPORTS.filter(({ use }) => use !== "verify")) {
      it(`liquidates nothing at ${row.input}: ${row.error}`, async () => {
        const market = await loadFixture(liquidatableMarket);
        const { marginVault, oracle, accounts, streams } = market;
        const at = BigInt(await time.latest());
        const proof = row.proof(streams, at);
        const before = await stateOf(market);
        await time.setNextBlockTimestamp(at + 1n);
        const thrower = { oracle, ...streams }[row.by ?? "oracle"];
        const options = { value: 1n, gasLimit: 3_000_000n };
        await expect(
          marginVault.connect(accounts.keeper).liquidate(1n, proof, accounts.keeper, options),
        ).to.be.revertedWithCustomError(thrower, row.error);
        expect(await stateOf(market)).to.deep.equal(before);
      });
    }
  });
});

/** A market whose only position every report of 2,000 or less liquidates. */
async function liquidatableMarket(): Promise<StreamMarket> {
  const market = await deployStreamMarket(connection);
  const input = { account: market.accounts.alice, size: 10n * WAD, margin: 1_400n * WAD };
  await openStreamPosition(market, { ...input, price: 2_120n * WAD });
  return market;
}

/** All that the market keeps of its position, its clock, and what its contracts hold. */
async function stateOf({ marginVault, liquidityVault, token, streams }: StreamMarket) {
  const holders = [marginVault, liquidityVault, streams.verifierProxy];
  return [
    plain(await marginVault.position(1n)),
    plain(await marginVault.market()),
    await liquidityVault.cash(),
    ...(await Promise.all(holders.map((holder) => token.balanceOf(holder)))),
    ...(await Promise.all(holders.map((holder) => ethers.provider.getBalance(holder)))),
  ];
}

/** Opens a position where verification has its price. */
async function openStreamPositionPaid(market: StreamMarket): Promise<bigint> {
  const { orderBook, accounts } = market;
  const submitted = await submitStreamOrder(market, accounts.alice, ORDER);
  const proof = await orderProof(market, submitted);
  await orderBook.execute([submitted.orderId], proof, accounts.keeper, { value: NATIVE_FEE });
  return submitted.orderId;
}

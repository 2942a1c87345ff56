import { expect } from "chai";
import { keccak256, MaxUint256, type TransactionLike, Wallet } from "ethers";
import { network } from "hardhat";
import {
  checkSigned,
  type Expected,
  signOffline,
  WrongTransactionError,
} from "../fixtures/airGap.ts";
import { expectConservation } from "../fixtures/conservation.ts";
import { deployMarket, pushPrice } from "../fixtures/market.ts";
import { closeRequest, openRequest, stopRequest, wad } from "../fixtures/orderRequests.ts";
import { giveMandate, ledgerOf, mandateRequest } from "../fixtures/scenario.ts";
import { executeOrder, openPosition } from "../fixtures/trading.ts";
import { now } from "../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** An account whose key never meets this network, with tokens and an allowance, and an order that it wants to send. */
async function coldAccount() {
  const market = await deployMarket(connection);
  const cold = Wallet.createRandom();
  await networkHelpers.setBalance(cold.address, wad("1"));
  await market.token.mint(cold.address, 1_000_000_000n);
  await networkHelpers.impersonateAccount(cold.address);
  const proxy = await ethers.getSigner(cold.address);
  await market.token.connect(proxy).approve(market.marginVault, MaxUint256);
  const { chainId } = await ethers.provider.getNetwork();
  const data = market.orderBook.interface.encodeFunctionData("submit", [openRequest()]);
  const transaction: TransactionLike = {
    type: 2,
    chainId,
    nonce: await ethers.provider.getTransactionCount(cold.address),
    to: await market.orderBook.getAddress(),
    data,
    gasLimit: 400_000n,
    maxFeePerGas: 10_000_000_000n,
    maxPriorityFeePerGas: 0n,
  };
  const expected: Expected = {
    chainId,
    nonce: transaction.nonce ?? 0,
    to: transaction.to ?? "",
    dataHash: keccak256(data),
    from: cold.address,
  };
  return { market, ...market, cold, transaction, expected };
}

describe("scenario 13: air-gapped keys", () => {
  describe("given a transaction that is built here and signed by a process without network", () => {
    it("is sent as built, and opens the position", async () => {
      const { market, cold, transaction, expected } = await networkHelpers.loadFixture(coldAccount);
      const signed = await signOffline(transaction, cold.privateKey);
      const checked = checkSigned(signed, expected);
      await ethers.provider.broadcastTransaction(checked.serialized);
      const orderId = await market.orderBook.orderCount();
      expect(await market.orderBook.accountOf(orderId)).to.equal(cold.address);
      await executeOrder(market, { orderId, submittedAt: await now(market) });
      expect((await market.marginVault.position(orderId)).owner).to.equal(cold.address);
    });

    const wrong: readonly [keyof Expected, (transaction: TransactionLike) => TransactionLike][] = [
      ["chainId", (transaction) => ({ ...transaction, chainId: 1n })],
      ["nonce", (transaction) => ({ ...transaction, nonce: (transaction.nonce ?? 0) + 1 })],
      ["to", (transaction) => ({ ...transaction, to: Wallet.createRandom().address })],
      ["dataHash", (transaction) => ({ ...transaction, data: `${transaction.data}00` })],
    ];
    for (const [field, change] of wrong) {
      it(`is not sent when its ${field} is not what was built`, async () => {
        const { cold, transaction, expected } = await networkHelpers.loadFixture(coldAccount);
        const signed = await cold.signTransaction(change(transaction));
        expect(() => checkSigned(signed, expected))
          .to.throw(WrongTransactionError)
          .with.property("field", field);
      });
    }

    it("is not sent when another key signed it", async () => {
      const { transaction, expected } = await networkHelpers.loadFixture(coldAccount);
      const signed = await Wallet.createRandom().signTransaction(transaction);
      expect(() => checkSigned(signed, expected))
        .to.throw(WrongTransactionError)
        .with.property("field", "from");
    });
  });

  it("given a keeper's key in the wrong hands, moves nobody's funds", async () => {
    const market = await networkHelpers.loadFixture(keptMarket);
    const { marginVault, liquidityVault, orderBook, mandateBook, charter, accounts, orderId } =
      market;
    const { alice, provider, keeper } = accounts;
    const me = keeper.address;
    const tries = [
      [marginVault, "removeMargin", [1n, 1n, me, "0x"]],
      [orderBook, "submit", [closeRequest(1n)]],
      [orderBook, "submitFor", [alice.address, closeRequest(1n)]],
      [orderBook, "cancel", [orderId, "0x"]],
      [orderBook, "transferPosition", [1n, me]],
      [orderBook, "labelPosition", [1n, `0x${"00".repeat(32)}`]],
      [mandateBook, "setMandate", [mandateRequest({ positionId: 1n, cap: wad("100") })]],
      [mandateBook, "revokeMandate", [1n]],
      [mandateBook, "addMarginFor", [1n, 1_000_000n]],
      [mandateBook, "pull", [1n, alice.address, 1n, 2n, 0n, false]],
      [liquidityVault, "requestDeposit", [1_000_000_000n, me, provider.address]],
      [charter, "announceMaxOpenInterest", [1n]],
      [charter, "stopIncreases", []],
      [marginVault, "assignPosition", [1n, me]],
      [marginVault, "releaseProtocolFees", [me]],
      [marginVault, "release", [me, 1n, 0n, 0n, false]],
    ] as const;
    const before = await ledgerOf(market.market);
    for (const [contract, name, args] of tries) {
      const call = contract.connect(keeper).getFunction(name);
      await expect(call(...args), name).to.be.revertedWithCustomError(contract, "NotAuthorized");
    }
    const shares = liquidityVault.connect(keeper).requestRedeem(1_000_000n, me, provider);
    await expect(shares).to.be.revertedWithCustomError(
      liquidityVault,
      "ERC20InsufficientAllowance",
    );
    for (const vault of [marginVault, liquidityVault]) {
      await expect(vault.connect(keeper).claim(me)).to.be.revertedWithCustomError(
        vault,
        "NothingToClaim",
      );
    }
    expect(await ledgerOf(market.market)).to.deep.equal(before);
    await expectConservation(market.market);
  });
});

/** A market with a position, a mandate, an order that waits and a provider, all of whom the keeper serves. */
async function keptMarket() {
  const market = await deployMarket(connection);
  const { alice } = market.accounts;
  await openPosition(market, { account: alice, size: wad("1"), margin: wad("500") });
  await giveMandate(market, alice, { positionId: 1n, cap: wad("100") });
  await market.orderBook.connect(alice).submit(stopRequest(1n));
  await pushPrice(market, wad("2000"));
  return { market, ...market, orderId: await market.orderBook.orderCount() };
}

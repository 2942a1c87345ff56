import { expect } from "chai";
import { MaxUint256, Signature } from "ethers";
import { network } from "hardhat";
import { expectConservation } from "../../fixtures/conservation.ts";
import { deployMarket } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { NOBODY, SCOPE } from "../../fixtures/powers.ts";
import { executeOrder, orderRequest } from "../../fixtures/trading.ts";
import { now } from "../../fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers, ethers } = connection;

/** What a long of 1 takes: a margin of 500 and a keeper's fee of 0.5 [token]. */
const ESCROW = 500_500_000n;

/** Alice has allowed nothing, and signs a permit over just what her order takes. */
async function marketFixture() {
  const market = await deployMarket(connection);
  const { orderBook, marginVault, mandateBook, token, accounts } = market;
  const { alice } = accounts;
  await token.connect(alice).approve(marginVault, 0n);
  const request = await orderRequest(market, {
    sizeDelta: wad("1"),
    margin: wad("500"),
    reserve: wad("400"),
  });
  const deadline = (await now(market)) + 3_600n;
  const sign = async (spender: unknown, value: bigint) => {
    const { chainId } = await ethers.provider.getNetwork();
    const domain = { name: "USDC", version: "1", chainId, verifyingContract: String(token.target) };
    const types = {
      Permit: [
        { name: "owner", type: "address" },
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
      ],
    };
    const nonce = await token.nonces(alice);
    const message = { owner: alice.address, spender, value, nonce, deadline };
    const { v, r, s } = Signature.from(await alice.signTypedData(domain, types, message));
    return [value, deadline, v, r, s] as const;
  };
  const owner = orderBook.connect(alice);
  const submit = owner.interface.encodeFunctionData("submit", [request]);
  return { ...market, market, mandateBook, owner, request, submit, sign };
}

describe("OrderBook permit (BH-218)", () => {
  it("allows and submits in one multicall", async () => {
    const { market, owner, marginVault, token, accounts, submit, sign } =
      await networkHelpers.loadFixture(marketFixture);
    const signed = await sign(marginVault.target, ESCROW);
    const permit = owner.interface.encodeFunctionData("permit", [...signed]);
    await expect(owner.multicall([permit, submit])).to.changeTokenBalance(
      ethers,
      token,
      accounts.alice,
      -ESCROW,
    );
    expect(await token.allowance(accounts.alice, marginVault)).to.equal(0n);
    await expectConservation(market);
  });

  it("submits all the same when somebody showed the signature first", async () => {
    const { owner, marginVault, token, accounts, submit, sign } =
      await networkHelpers.loadFixture(marketFixture);
    const [value, deadline, v, r, s] = await sign(marginVault.target, ESCROW);
    await token
      .connect(accounts.stranger)
      .permit(accounts.alice, marginVault, value, deadline, v, r, s);
    const permit = owner.interface.encodeFunctionData("permit", [value, deadline, v, r, s]);
    await expect(owner.multicall([permit, submit])).to.changeTokenBalance(
      ethers,
      token,
      accounts.alice,
      -ESCROW,
    );
  });

  it("gives nothing to one who shows another's signature as its own", async () => {
    const { orderBook, marginVault, token, accounts, sign } =
      await networkHelpers.loadFixture(marketFixture);
    const signed = await sign(marginVault.target, ESCROW);
    await orderBook.connect(accounts.stranger).permit(...signed);
    expect(await token.allowance(accounts.alice, marginVault)).to.equal(0n);
    expect(await token.allowance(accounts.stranger, marginVault)).to.equal(0n);
  });

  it("leaves the order to fail where the signature allows too little", async () => {
    const { owner, marginVault, submit, sign } = await networkHelpers.loadFixture(marketFixture);
    const signed = await sign(marginVault.target, ESCROW - 1n);
    const permit = owner.interface.encodeFunctionData("permit", [...signed]);
    await expect(owner.multicall([permit, submit])).to.be.revertedWithCustomError(
      owner,
      "CallFailed",
    );
  });

  it("does the same for the mandate book", async () => {
    const { mandateBook, token, accounts, sign } = await networkHelpers.loadFixture(marketFixture);
    const signed = await sign(mandateBook.target, 7n);
    await mandateBook.connect(accounts.alice).permit(...signed);
    expect(await token.allowance(accounts.alice, mandateBook)).to.equal(7n);
  });
});

describe("Accounts that are contracts (BH-219)", () => {
  /** A wallet that Alice owns, with 1,000 of the token, which has allowed the vault all of it. */
  async function walletFixture() {
    const fixture = await marketFixture();
    const { market, token, marginVault, accounts } = fixture;
    const deployed = await ethers.deployContract("ContractAccount", [accounts.alice]);
    const wallet = deployed.connect(accounts.alice);
    await token.connect(accounts.alice).transfer(wallet, 1_000_000_000n);
    const perform = async (
      target: { readonly target: unknown; readonly interface: unknown },
      data: string,
    ) => await wallet.perform(String(target.target), data);
    await perform(
      token,
      token.interface.encodeFunctionData("approve", [String(marginVault.target), MaxUint256]),
    );
    return { ...fixture, market, wallet, perform };
  }

  /** The same, with its long of 1 open as position 1. */
  async function openedFixture() {
    const fixture = await walletFixture();
    await fixture.perform(fixture.orderBook, fixture.submit);
    await executeOrder(fixture.market, {
      orderId: 1n,
      submittedAt: await now(fixture.market),
    });
    return fixture;
  }

  it("open, label and add margin", async () => {
    const { marginVault, orderBook, wallet, perform } =
      await networkHelpers.loadFixture(openedFixture);
    const opened = await marginVault.position(1n);
    expect(opened.owner).to.equal(wallet);
    const label = ethers.encodeBytes32String("treasury");
    await perform(orderBook, orderBook.interface.encodeFunctionData("labelPosition", [1n, label]));
    await perform(
      marginVault,
      marginVault.interface.encodeFunctionData("addMargin", [1n, 1_000_000n]),
    );
    expect((await marginVault.position(1n)).margin).to.equal(opened.margin + wad("1"));
  });

  it("name operators, remove margin, transfer, and are paid", async () => {
    const { market, marginVault, orderBook, token, wallet, perform, accounts } =
      await networkHelpers.loadFixture(openedFixture);
    const { bob, carol } = accounts;
    const wallets = await wallet.getAddress();
    const remove = [1n, 1_000_000n, wallets, "0x"] as const;
    await expect(
      perform(marginVault, marginVault.interface.encodeFunctionData("removeMargin", [...remove])),
    ).to.changeTokenBalance(ethers, token, wallet, 1_000_000n);
    const grant = [bob.address, SCOPE.trade, (await now(market)) + 3_600n] as const;
    await perform(orderBook, orderBook.interface.encodeFunctionData("setOperator", [...grant]));
    const half = await orderRequest(market, { positionId: 1n, sizeDelta: -wad("1") });
    await orderBook.connect(bob).submitFor(wallets, half);
    const before = await token.balanceOf(wallet);
    await executeOrder(market, { orderId: 2n, submittedAt: await now(market) });
    // 500 − 1 removed − two fees of 1.00000005, less what accrued.
    expect((await token.balanceOf(wallet)) - before).to.be.within(496_999_000n, 497_000_000n);
    expect(await orderBook.accountOf(2n)).to.equal(NOBODY);
    expect(await marginVault.claimable(carol)).to.equal(0n);
  });

  it("hand their position to another account", async () => {
    const { marginVault, orderBook, perform, accounts } =
      await networkHelpers.loadFixture(openedFixture);
    const data = orderBook.interface.encodeFunctionData("transferPosition", [
      1n,
      accounts.carol.address,
    ]);
    await perform(orderBook, data);
    expect((await marginVault.position(1n)).owner).to.equal(accounts.carol);
  });
});

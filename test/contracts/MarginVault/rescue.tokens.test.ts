import { expect } from "chai";
import { network } from "hardhat";
import type { HostileToken } from "../../../types/ethers-contracts/index.ts";
import { expectConservation } from "../../fixtures/conservation.ts";
import {
  giveMandate,
  liquidate,
  mandateRequest,
  OUTCOME,
  vaultLogs,
} from "../../fixtures/mandates.ts";
import { pushPrice } from "../../fixtures/market.ts";
import { wad } from "../../fixtures/orderRequests.ts";
import { calmMarket, logOf, openLong } from "../../fixtures/vault.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const createMarket = calmMarket({ token: "hostile" });
const MODE = {
  Honest: 0n,
  ReturnsFalse: 1n,
  ReturnsNothing: 2n,
  BurnsGas: 3n,
  Floods: 4n,
} as const;

/** Alice's long of {@link openLong} with a mandate, below maintenance at a price of 1,949. */
async function marketFixture() {
  const market = await createMarket(connection);
  const opened = await openLong(market);
  const { alice, keeper } = market.accounts;
  await giveMandate(market, alice, opened.positionId);
  const token = await ethers.getContractAt("HostileToken", String(market.token.target));
  await pushPrice(market, wad("1949"));
  const vault = market.marginVault.connect(keeper);
  return { ...market, ...opened, market, token, vault, alice, keeper };
}

/** What the token does, and how it is told to stop. */
interface Misdeed {
  readonly name: string;
  readonly begin: (token: HostileToken, owner: string) => Promise<unknown>;
  readonly end: (token: HostileToken, owner: string) => Promise<unknown>;
}

const MISDEEDS: readonly Misdeed[] = [
  {
    name: "blocks the owner",
    begin: (token, owner) => token.setFrozen(owner, true),
    end: (token, owner) => token.setFrozen(owner, false),
  },
  {
    name: "is paused",
    begin: (token) => token.setPaused(true),
    end: (token) => token.setPaused(false),
  },
  {
    name: "returns false",
    begin: (token) => token.setMode(MODE.ReturnsFalse),
    end: (token) => token.setMode(MODE.Honest),
  },
  {
    name: "burns all gas",
    begin: (token) => token.setMode(MODE.BurnsGas),
    end: (token) => token.setMode(MODE.Honest),
  },
  {
    name: "floods with return data",
    begin: (token) => token.setMode(MODE.Floods),
    end: (token) => token.setMode(MODE.Honest),
  },
  {
    name: "moves less than it says",
    begin: (token) => token.setFeeBps(1n),
    end: (token) => token.setFeeBps(0n),
  },
  {
    name: "burns all gas when asked for a balance",
    begin: (token) => token.setMute(true),
    end: (token) => token.setMute(false),
  },
];

describe("MarginVault liquidate with a mandate and a hostile token", () => {
  for (const { name, begin, end } of MISDEEDS) {
    it(`liquidates all the same where the token ${name}`, async () => {
      const { market, vault, mandateBook, token, alice, keeper, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      const wallet = await token.balanceOf(alice);
      const paid = await token.balanceOf(keeper);
      await begin(token, alice.address);
      const receipt = await liquidate(market, positionId);
      await end(token, alice.address);
      const logged = logOf(market, receipt, "PositionLiquidated");
      expect(logged.rescue).to.equal(OUTCOME.TransferFailed);
      // Closed in part, as without a mandate: see liquidate.partial.test.ts.
      expect(logged.size).to.be.closeTo(wad("74.763610134623372181"), 10n ** 10n);
      expect(await token.balanceOf(alice)).to.equal(wallet);
      expect((await mandateBook.mandateOf(positionId)).capLeft).to.equal(wad("5000"));
      // What the keeper could not be sent is booked for it; a fee on transfer is the token's affair.
      const claimable = await vault.claimable(keeper);
      const got = (await token.balanceOf(keeper)) - paid + claimable;
      expect(got).to.be.closeTo(logged.keeperFee / 10n ** 12n, 30_000n);
      await expectConservation(market);
    });
  }

  it("rescues where the token returns nothing", async () => {
    const { market, vault, token, alice, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    await token.setMode(MODE.ReturnsNothing);
    const before = await token.balanceOf(alice);
    const receipt = await liquidate(market, positionId);
    expect(vaultLogs(market, receipt)).to.deep.equal(["PositionRescued"]);
    expect(before - (await token.balanceOf(alice))).to.equal(2_510_250_251n);
    expect((await vault.position(positionId)).margin).to.equal(wad("12409.250001"));
    await expectConservation(market);
  });

  it("says what the wallet lacks only as far as the token tells", async () => {
    const { market, mandateBook, token, alice, positionId } =
      await networkHelpers.loadFixture(marketFixture);
    await token.connect(alice).approve(mandateBook, 0n);
    await token.setMute(true);
    const receipt = await liquidate(market, positionId);
    await token.setMute(false);
    const logged = logOf(market, receipt, "PositionLiquidated");
    expect(logged.rescue).to.equal(OUTCOME.TransferFailed);
  });

  it("foresees a failure where the token tells nothing", async () => {
    const { mandateBook, token, positionId } = await networkHelpers.loadFixture(marketFixture);
    await token.setMute(true);
    // Equity and maintenance margin at 1,949, as the vault would tell them.
    const told = [positionId, wad("4799.49975"), wad("4872.5"), wad("1"), false] as const;
    const [pulled, outcome] = await mandateBook.preview(...told);
    expect(pulled).to.equal(0n);
    expect(outcome).to.equal(OUTCOME.TransferFailed);
  });

  describe("given a token that calls back while it moves", () => {
    for (const name of ["liquidate", "rescue", "addMargin", "accrue", "sweepDues"] as const) {
      it(`keeps ${name} out, and rescues as ever`, async () => {
        const { market, vault, token, alice, keeper, positionId } =
          await networkHelpers.loadFixture(marketFixture);
        const args = {
          liquidate: [positionId, "0x", keeper.address],
          rescue: [positionId, "0x", keeper.address],
          addMargin: [positionId, 1n],
          accrue: [],
          sweepDues: [],
        }[name];
        const call = ethers.Interface.from(vault.interface.fragments);
        await token.setReentry(vault, call.encodeFunctionData(name, args));
        const before = await token.balanceOf(alice);
        const receipt = await liquidate(market, positionId);
        expect(vaultLogs(market, receipt)).to.deep.equal(["PositionRescued"]);
        expect(await token.succeeded()).to.equal(false);
        expect(await token.response()).to.equal(vault.interface.encodeErrorResult("MarketLocked"));
        expect(before - (await token.balanceOf(alice))).to.equal(2_510_250_251n);
        await expectConservation(market);
      });
    }
  });

  describe("given an owner that acts from within the pull", () => {
    /** The position belongs to a wallet that does what the token tells it. */
    async function puppetFixture() {
      const world = await marketFixture();
      const { token, mandateBook, orderBook, alice, accounts, positionId } = world;
      const wallet = await ethers.deployContract("ContractWallet", [token]);
      await token.mint(wallet, 10_000_000_000n);
      /** The next transfer makes the wallet call; `wake` is such a transfer. */
      const tell = async (target: { target: unknown }, payload: string) => {
        const outer = wallet.interface.encodeFunctionData("perform", [
          String(target.target),
          payload,
        ]);
        await token.setReentry(wallet, outer);
      };
      const wake = async () => {
        await token.connect(accounts.bob).transfer(accounts.carol, 1n);
        expect(await token.succeeded()).to.equal(true);
      };
      await orderBook.connect(alice).transferPosition(positionId, wallet);
      const approval = token.interface.encodeFunctionData("approve", [
        String(mandateBook.target),
        2n ** 256n - 1n,
      ]);
      await tell(token, approval);
      await wake();
      const mandate = mandateBook.interface.encodeFunctionData("setMandate", [
        mandateRequest(positionId),
      ]);
      await tell(mandateBook, mandate);
      await wake();
      return { ...world, wallet, tell };
    }

    for (const name of ["setMandate", "revokeMandate", "transferPosition"] as const) {
      it(`cannot ${name} there`, async () => {
        const { market, mandateBook, orderBook, token, vault, wallet, accounts, tell, positionId } =
          await networkHelpers.loadFixture(puppetFixture);
        const payload = {
          setMandate: mandateBook.interface.encodeFunctionData("setMandate", [
            mandateRequest(positionId, { cap: wad("90000") }),
          ]),
          revokeMandate: mandateBook.interface.encodeFunctionData("revokeMandate", [positionId]),
          transferPosition: orderBook.interface.encodeFunctionData("transferPosition", [
            positionId,
            accounts.bob.address,
          ]),
        }[name];
        await tell(name === "transferPosition" ? orderBook : mandateBook, payload);
        const receipt = await liquidate(market, positionId);
        expect(vaultLogs(market, receipt)).to.deep.equal(["PositionRescued"]);
        expect(await token.succeeded()).to.equal(false);
        const stored = await vault.position(positionId);
        expect(stored.owner).to.equal(wallet.target);
        expect(stored.margin).to.equal(wad("12409.250001"));
        expect((await mandateBook.mandateOf(positionId)).capLeft).to.equal(wad("2489.749749"));
      });
    }

    it("is rescued all the same when it moves tokens without end, which the lock ends", async () => {
      const { market, mandateBook, tell, positionId } =
        await networkHelpers.loadFixture(puppetFixture);
      await tell(
        mandateBook,
        mandateBook.interface.encodeFunctionData("addMarginFor", [positionId, 5n]),
      );
      const receipt = await liquidate(market, positionId);
      expect(vaultLogs(market, receipt)).to.deep.equal(["PositionRescued"]);
    });

    it("may revoke all its mandates there, which counts from the next on", async () => {
      const { market, mandateBook, token, vault, tell, positionId } =
        await networkHelpers.loadFixture(puppetFixture);
      await tell(mandateBook, mandateBook.interface.encodeFunctionData("revokeAllMandates"));
      const receipt = await liquidate(market, positionId);
      expect(vaultLogs(market, receipt)).to.deep.equal(["PositionRescued"]);
      expect(await token.succeeded()).to.equal(true);
      await token.setReentry(ethers.ZeroAddress, "0x");
      await networkHelpers.time.increase(3_600n);
      await pushPrice(market, wad("1915"));
      const next = await liquidate(market, positionId);
      const { rescue } = logOf(market, next, "PositionLiquidated");
      expect(rescue).to.equal(OUTCOME.NoMandate);
      expect((await vault.position(positionId)).size).to.be.below(wad("100"));
    });
  });

  describe("given a keeper who sends too little gas", () => {
    it("can never turn a rescue into a liquidation", async () => {
      const { vault, keeper, positionId } = await networkHelpers.loadFixture(marketFixture);
      const fees = new Set<bigint | null>();
      for (let gasLimit = 100_000n; gasLimit <= 900_000n; gasLimit += 5_000n) {
        const sent = vault.liquidate.staticCall(positionId, "0x", keeper, { gasLimit });
        fees.add(await sent.catch(() => null));
      }
      // Refused, or rescued for the floor; a liquidation would pay 245.93.
      expect(fees).to.deep.equal(new Set([null, wad("1")]));
    });

    it("is told what was missing, and nothing has changed", async () => {
      const { market, vault, mandateBook, keeper, positionId } =
        await networkHelpers.loadFixture(marketFixture);
      const before = [...(await vault.position(positionId))];
      const refused = vault.liquidate(positionId, "0x", keeper, { gasLimit: 450_000n });
      await expect(refused)
        .to.be.revertedWithCustomError(mandateBook, "InsufficientTransferGas")
        .withArgs((left: bigint) => left <= 415_000n, 415_000n);
      expect([...(await vault.position(positionId))]).to.deep.equal(before);
      await expectConservation(market);
    });
  });
});

import { readFileSync } from "node:fs";
import { expect } from "chai";
import { type BaseContract, type FunctionFragment, ZeroHash } from "ethers";
import { network } from "hardhat";
import { wad } from "./fixtures/orderRequests.ts";
import { CURATOR, SCOPE, stopLoss, termsWith } from "./fixtures/powers.ts";
import { orderRequest, submitOrder } from "./fixtures/trading.ts";
import { calmMarket, openLong } from "./fixtures/vault.ts";

const connection = await network.create();
const { networkHelpers, ethers } = connection;
const createMarket = calmMarket();

const SPEC = readFileSync(new URL("../docs/SPEC.md", import.meta.url), "utf8");
const ROW = /^\| `(\w+)` \| ([^|]+) \|/gm;
const NAME = /`(\w+)`/g;
/** Errors that say in another way that the caller has no business here. */
const OTHER_REFUSALS: Readonly<Record<string, string>> = {
  "MandateBook.setMandateBySignature": "SignatureInvalid",
  "LiquidityVault.requestRedeem": "ERC20InsufficientAllowance",
};

/** Functions that a table of the specification names, as `Contract.function`. */
function tableAfter(heading: string): readonly string[] {
  const start = SPEC.indexOf(`### ${heading}`);
  expect(start, heading).to.be.greaterThan(0);
  const end = SPEC.indexOf("\n#", start + 1);
  const section = SPEC.slice(start, end === -1 ? undefined : end);
  const found: string[] = [];
  for (const [, contract, functions] of section.matchAll(ROW)) {
    for (const [, name] of (functions ?? "").matchAll(NAME)) found.push(`${contract}.${name}`);
  }
  return found;
}

const privileged = tableAfter("Every privileged function");
const open = tableAfter("Functions open to everybody");

/** Alice's long of {@link openLong}, her waiting stop-loss as order 2, the provider's pending requests. */
async function marketFixture() {
  const market = await createMarket(connection);
  const { positionId } = await openLong(market);
  const { accounts, liquidityVault, orderBook } = market;
  const { alice, provider, bob } = accounts;
  await submitOrder(market, alice, stopLoss(positionId, wad("1900")));
  await liquidityVault.connect(provider).requestDeposit(200_000_000n, provider, provider);
  await liquidityVault.connect(provider).requestRedeem(10n ** 15n, provider, provider);
  await orderBook.connect(alice).setOperator(bob, SCOPE.trade, 4_000_000_000n);
  const contracts: Readonly<Record<string, BaseContract>> = {
    MarketFactory: market.factory,
    MarketCharter: market.charter,
    MarginVault: market.marginVault,
    LiquidityVault: liquidityVault,
    OrderBook: orderBook,
    MandateBook: market.mandateBook,
  };
  return { ...market, market, positionId, contracts };
}

type Fixture = Awaited<ReturnType<typeof marketFixture>>;

/** Arguments with which each privileged function would do something if it let the caller. */
async function attempts(fixture: Fixture): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const { market, positionId, accounts } = fixture;
  const { alice, provider, stranger } = accounts;
  const order = await orderRequest(market, { positionId, sizeDelta: -wad("1") });
  const terms = await termsWith(market, {});
  const mandate = {
    positionId,
    cap: wad("100"),
    triggerRatio: wad("1.2"),
    targetRatio: wad("1.5"),
    minInterval: 60n,
    expiry: 4_000_000_000n,
    maxKeeperFee: wad("1"),
  };
  const trade = {
    kind: 0n,
    positionId,
    opener: ethers.ZeroAddress,
    sizeDelta: -wad("1"),
    reduceOnly: true,
    counted: false,
    margin: 0n,
    reserve: 0n,
    acceptablePrice: 0n,
    termsId: 1n,
    spread: 0n,
    keeperFeeFromMargin: 0n,
    transfers: 0n,
  };
  return {
    "MarketCharter.announceTerms": [terms],
    "MarketCharter.announceMaxOpenInterest": [1n],
    "MarketCharter.announceProtocolFeeReceiver": [stranger],
    "MarketCharter.withdraw": [1n],
    "MarketCharter.stopIncreases": [],
    "MarketCharter.resumeIncreases": [],
    "MarketCharter.offerRole": [CURATOR, stranger],
    "MarketCharter.acceptRole": [CURATOR],
    "MarginVault.publishTerms": [{ margins: 1n, trades: 1n }],
    "MarginVault.setLimits": [1n, 1n],
    "MarginVault.settleMarket": [],
    "MarginVault.releaseProtocolFees": [stranger],
    "MarginVault.beginBatch": ["0x", 1n],
    "MarginVault.endBatch": [stranger, 1n],
    "MarginVault.trade": [trade],
    "MarginVault.escrow": [alice, 1n, 0n],
    "MarginVault.release": [stranger, wad("1"), 0n, 0n, false],
    "MarginVault.assignPosition": [positionId, stranger],
    "MarginVault.lock": [],
    "MarginVault.unlock": [],
    "MarginVault.beginFulfilment": ["0x", 60n],
    "MarginVault.endFulfilment": [1n, 1n],
    "MarginVault.setMandated": [positionId, true],
    "MarginVault.removeMargin": [positionId, 1n, stranger, "0x"],
    "LiquidityVault.lockReserve": [1n],
    "LiquidityVault.releaseReserve": [1n, 1n, stranger],
    "LiquidityVault.receiveDues": [1n],
    "LiquidityVault.requestDeposit": [200_000_000n, stranger, provider],
    "LiquidityVault.requestRedeem": [10n ** 15n, stranger, provider],
    "LiquidityVault.cancelDeposit": [2n],
    "LiquidityVault.cancelRedeem": [1n],
    "LiquidityVault.deposit": [1n, stranger, provider],
    "LiquidityVault.mint": [1n, stranger, provider],
    "LiquidityVault.redeem": [1n, stranger, provider],
    "LiquidityVault.withdraw": [1n, stranger, provider],
    "OrderBook.submitFor": [alice, order],
    "OrderBook.transferPosition": [positionId, stranger],
    "OrderBook.labelPosition": [positionId, ZeroHash],
    "OrderBook.cancel": [2n, "0x"],
    "MandateBook.setMandate": [mandate],
    "MandateBook.revokeMandate": [positionId],
    "MandateBook.setMandateBySignature": [mandate, 0n, 4_000_000_000n, `0x${"11".repeat(65)}`],
    "MandateBook.addMarginFor": [positionId, 1n],
    "MandateBook.pull": [positionId, alice, 1n, 1n, 1n, true],
    "MandateBook.pullExactly": [market.token, alice, stranger, 1n],
  };
}

/** The fragment of a name; of overloads the one with the most parameters, which names whom it acts for. */
function fragmentOf(contract: BaseContract, name: string): FunctionFragment | undefined {
  const found = contract.interface.fragments.filter(
    (fragment): fragment is FunctionFragment =>
      fragment.type === "function" && (fragment as FunctionFragment).name === name,
  );
  return found.sort((a, b) => b.inputs.length - a.inputs.length)[0];
}

describe("Who may call what (BH-220)", () => {
  it("has every function that writes in one of the two tables of the specification, and in one only", async () => {
    const { contracts } = await networkHelpers.loadFixture(marketFixture);
    const writing = new Set<string>();
    for (const [contract, { interface: abi }] of Object.entries(contracts)) {
      abi.forEachFunction((fragment) => {
        if (!fragment.constant) writing.add(`${contract}.${fragment.name}`);
      });
    }
    expect([...privileged, ...open].sort()).to.deep.equal([...writing].sort());
  });

  for (const name of privileged) {
    it(`refuses ${name} to a stranger`, async () => {
      const fixture = await networkHelpers.loadFixture(marketFixture);
      const [contractName = "", functionName = ""] = name.split(".");
      const contract = fixture.contracts[contractName];
      const args = (await attempts(fixture))[name];
      const fragment = contract && fragmentOf(contract, functionName);
      if (!contract || !args || !fragment) throw new Error(`"${name}" has no attempt. Add one.`);
      const { stranger } = fixture.accounts;
      const call = contract.connect(stranger).getFunction(fragment)(...args);
      const refusal = OTHER_REFUSALS[name];
      if (refusal) await expect(call).to.be.revertedWithCustomError(contract, refusal);
      else {
        await expect(call)
          .to.be.revertedWithCustomError(contract, "NotAuthorized")
          .withArgs(stranger);
      }
    });
  }
});

import { expect } from "chai";
import { BrowserProvider } from "ethers";
import { network } from "hardhat";

import { WrongContractError } from "../../../scripts/chain/failures.ts";
import { encodeProof, verificationFee } from "../../../scripts/chain/priceProofs.ts";
import { discoverSource, provingSource } from "../../../scripts/chain/priceSource.ts";
import type { PriceProof } from "../../../scripts/core/priceProof.ts";
import { deployComposite } from "../../fixtures/feedOracle.ts";
import {
  deployBounded,
  deployPaidOracle,
  deployStreamComposite,
  deployStreamOracle,
  MAX_SPREAD,
  type StreamOracleFixture,
} from "../../fixtures/streamOracle.ts";
import { FEED_ID, NATIVE_FEE, reportAt, sign } from "../../fixtures/streams.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;
/** As over JSON-RPC: Hardhat's own provider fails with errors of its own. */
const provider = new BrowserProvider(connection.provider, undefined, { cacheTimeout: -1 });

const onFeeds = () => deployComposite(connection);
const onReports = () => deployStreamOracle(connection);
const onBoth = () => deployStreamComposite(connection);
const bounded = () => deployBounded(connection);
const paid = () => deployPaidOracle(connection);

/** The report of the newest block's second, as a proof of the price of now. */
async function newestProof({ streams }: StreamOracleFixture): Promise<PriceProof> {
  const report = reportAt(BigInt(await time.latest()));
  const served = { ...report, fullReport: sign(streams, report) };
  return { kind: "report", report: served, quoteRoundId: 0n };
}

describe("discoverSource", () => {
  it("knows push feeds", async () => {
    const { oracle, index, quote } = await loadFixture(onFeeds);
    expect(await discoverSource(provider, String(oracle.target))).to.deep.equal({
      kind: "push",
      indexFeed: index.proxy.target,
      quoteFeed: quote.proxy.target,
    });
  });

  it("knows reports, alone and with a quote feed", async () => {
    const { oracle, streams } = await loadFixture(onReports);
    const alone = {
      kind: "stream",
      oracle: oracle.target,
      verifierProxy: streams.verifierProxy.target,
      feedId: FEED_ID,
      maxSpread: MAX_SPREAD,
      quoteFeed: undefined,
    };
    expect(await discoverSource(provider, String(oracle.target))).to.deep.equal(alone);
    const { oracle: composite, quote } = await loadFixture(onBoth);
    expect(await discoverSource(provider, String(composite.target))).to.include({
      kind: "stream",
      quoteFeed: quote.proxy.target,
    });
  });

  it("knows reports that feeds bound, whose proofs are the reports", async () => {
    const fixture = await loadFixture(bounded);
    const source = await discoverSource(provider, String(fixture.bounded.target));
    expect(source.kind).to.equal("bounded");
    expect(provingSource(source)).to.include({ kind: "stream", oracle: fixture.oracle.target });
  });

  it("refuses what is no oracle", async () => {
    const { streams } = await loadFixture(onReports);
    const failure = await discoverSource(provider, String(streams.verifierProxy.target)).catch(
      (cause: unknown) => cause,
    );
    expect(failure).to.be.instanceOf(WrongContractError);
  });
});

describe("verificationFee", () => {
  it("is nothing for rounds, and where there is no fee manager", async () => {
    const fixture = await loadFixture(onReports);
    const source = await discoverSource(provider, String(fixture.oracle.target));
    const rounds: PriceProof = { kind: "rounds", index: 1n, quote: 0n };
    expect(await verificationFee(provider, source, rounds)).to.equal(0n);
    const proof = await newestProof(fixture);
    expect(await verificationFee(provider, source, proof)).to.equal(0n);
  });

  describe("given a fee manager", () => {
    async function feeOf(fixture: StreamOracleFixture, proof: PriceProof): Promise<bigint> {
      const source = await discoverSource(provider, String(fixture.oracle.target));
      return verificationFee(provider, source, proof);
    }

    it("is what the report says, and no wei less verifies", async () => {
      const fixture = await loadFixture(paid);
      const proof = await newestProof(fixture);
      const fee = await feeOf(fixture, proof);
      expect(fee).to.equal(NATIVE_FEE);
      const data = encodeProof(proof);
      await expect(fixture.oracle.spot(data, { value: fee - 1n })).to.be.revert(ethers);
      await expect(fixture.oracle.spot(data, { value: fee })).to.changeEtherBalance(
        ethers,
        (await ethers.getSigners())[0],
        -NATIVE_FEE,
      );
    });

    it("follows the oracle's own discount and the surcharge for ether", async () => {
      const fixture = await loadFixture(paid);
      const { feeManager, oracle, weth } = fixture;
      // A surcharge of 10% and a discount of a quarter: 96e12 × 1.1 × 0.75 = 79.2e12.
      await feeManager.setNativeSurcharge(10n ** 17n);
      await feeManager.updateSubscriberDiscount(oracle, FEED_ID, weth, 25n * 10n ** 16n);
      expect(await feeOf(fixture, await newestProof(fixture))).to.equal(79_200_000_000_000n);
    });
  });
});

describe("encodeProof", () => {
  it("is empty for the newest rounds, two words for rounds", () => {
    expect(encodeProof({ kind: "newestRounds" })).to.equal("0x");
    expect(encodeProof({ kind: "rounds", index: 5n, quote: 6n })).to.equal(
      `0x${"5".padStart(64, "0")}${"6".padStart(64, "0")}`,
    );
  });
});

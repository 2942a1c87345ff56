import { expect } from "chai";
import { network } from "hardhat";
import { deployPaidOracle, deployStreamOracle } from "../../fixtures/streamOracle.ts";
import { LINK_FEE, NATIVE_FEE, proofFor, reportAt, sign } from "../../fixtures/streams.ts";

const WAD = 10n ** 18n;
const SENT = 10n ** 16n;

const { ethers, networkHelpers } = await network.create();
const { loadFixture, time } = networkHelpers;

async function now(): Promise<bigint> {
  return BigInt(await time.latest());
}

async function caller() {
  const [signer] = await ethers.getSigners();
  if (signer === undefined) throw new Error("The network has no account.");
  return signer;
}

describe("ChainlinkStreamOracle fees", () => {
  describe("given no fee manager", () => {
    for (const use of ["verify", "spot"] as const) {
      it(`forwards nothing and returns all in ${use}`, async () => {
        const { oracle, streams } = await loadFixture(deployStreamOracle);
        const proof = proofFor(streams, reportAt(await now()));
        const parties = [await caller(), oracle, streams.verifierProxy, streams.verifier];
        await expect(oracle[use](proof, { value: SENT })).to.changeEtherBalances(ethers, parties, [
          0n,
          0n,
          0n,
          0n,
        ]);
      });
    }

    it("takes ether from nobody", async () => {
      const { oracle } = await loadFixture(deployStreamOracle);
      const from = await caller();
      await expect(from.sendTransaction({ to: oracle, value: 1n }))
        .to.be.revertedWithCustomError(oracle, "NotAuthorized")
        .withArgs(from.address);
    });
  });

  describe("given a fee manager", () => {
    for (const use of ["verify", "spot"] as const) {
      it(`pays the fee in ${use} and returns the rest to the wei`, async () => {
        const { oracle, streams, feeManager, rewardManager, weth, link } =
          await loadFixture(deployPaidOracle);
        const proof = proofFor(streams, reportAt(await now()));
        const parties = [await caller(), oracle, streams.verifierProxy, feeManager, weth];
        await expect(oracle[use](proof, { value: SENT })).to.changeEtherBalances(ethers, parties, [
          -NATIVE_FEE,
          0n,
          0n,
          0n,
          NATIVE_FEE,
        ]);
        expect(await weth.balanceOf(feeManager)).to.equal(NATIVE_FEE);
        expect(await link.balanceOf(rewardManager)).to.equal(LINK_FEE);
      });

      it(`takes the exact fee in ${use}`, async () => {
        const { oracle, streams } = await loadFixture(deployPaidOracle);
        const proof = proofFor(streams, reportAt(await now()));
        await expect(oracle[use](proof, { value: NATIVE_FEE })).to.changeEtherBalances(
          ethers,
          [await caller(), oracle, streams.verifierProxy],
          [-NATIVE_FEE, 0n, 0n],
        );
      });
    }

    it("pays for evidence as well", async () => {
      const { oracle, streams } = await loadFixture(deployPaidOracle);
      const report = sign(streams, reportAt(await now()));
      await expect(oracle.recordReport(report, { value: SENT })).to.changeEtherBalances(
        ethers,
        [await caller(), oracle, streams.verifierProxy],
        [-NATIVE_FEE, 0n, 0n],
      );
    });

    it("counts surcharge and discount as the fee manager does", async () => {
      const { oracle, streams, feeManager, weth } = await loadFixture(deployPaidOracle);
      // A fifth more, then half of that: 60% of the fee.
      await feeManager.setNativeSurcharge(WAD / 5n);
      await feeManager.updateSubscriberGlobalDiscount(oracle, weth, WAD / 2n);
      const proof = proofFor(streams, reportAt(await now()));
      await expect(oracle.spot(proof, { value: SENT })).to.changeEtherBalances(
        ethers,
        [await caller(), oracle],
        [(-NATIVE_FEE * 6n) / 10n, 0n],
      );
    });

    it("needs no ether where all of the fee is discounted", async () => {
      const { oracle, streams, feeManager, weth } = await loadFixture(deployPaidOracle);
      await feeManager.updateSubscriberGlobalDiscount(oracle, weth, WAD);
      await oracle.spot(proofFor(streams, reportAt(await now())));
      await expect(
        oracle.spot(proofFor(streams, reportAt(await now())), { value: SENT }),
      ).to.changeEtherBalances(ethers, [await caller(), oracle], [0n, 0n]);
    });

    it("reverts when a wei of the fee is missing", async () => {
      const { oracle, streams, feeManager } = await loadFixture(deployPaidOracle);
      const proof = proofFor(streams, reportAt(await now()));
      await expect(oracle.verify(proof, { value: NATIVE_FEE - 1n })).to.be.revertedWithCustomError(
        feeManager,
        "InvalidDeposit",
      );
    });

    it("never pays with anything but the ether sent along", async () => {
      const { oracle, streams, weth } = await loadFixture(deployPaidOracle);
      await weth.deposit({ value: WAD });
      await weth.transfer(oracle, WAD);
      await expect(oracle.verify(proofFor(streams, reportAt(await now())))).to.revert(ethers);
      expect(await weth.balanceOf(oracle)).to.equal(WAD);
    });

    it("says itself that a report has expired, before it pays", async () => {
      const { oracle, streams } = await loadFixture(deployPaidOracle);
      const report = reportAt(await now(), { expiresAt: 1n });
      await time.setNextBlockTimestamp(report.observedAt + 1n);
      await expect(oracle.verify(proofFor(streams, report), { value: SENT }))
        .to.be.revertedWithCustomError(oracle, "ReportExpired")
        .withArgs(1n, report.observedAt + 1n);
    });

    it("reverts when the caller refuses what is left", async () => {
      const { oracle, streams, weth } = await loadFixture(deployPaidOracle);
      // A contract without a way to receive ether calls.
      const refuser = String(weth.target);
      await networkHelpers.impersonateAccount(refuser);
      await networkHelpers.setBalance(refuser, WAD);
      const signer = await ethers.getSigner(refuser);
      const proof = proofFor(streams, reportAt(await now()));
      await expect(oracle.connect(signer).verify(proof, { value: SENT, gasPrice: 0n }))
        .to.be.revertedWithCustomError(oracle, "EtherNotAccepted")
        .withArgs(refuser, SENT - NATIVE_FEE);
    });
  });
});

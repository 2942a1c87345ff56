import { expect } from "chai";
import { AbiCoder, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { INDEX_MAX_AGE } from "../../fixtures/feedOracle.ts";
import { pushRound, stopSequencer } from "../../fixtures/feeds.ts";
import {
  type BoundedOracleFixture,
  deployBounded,
  MAX_DEVIATION,
  SPOT_MAX_AGE,
} from "../../fixtures/streamOracle.ts";
import { chargeFees, NATIVE_FEE, proofFor, reportAt } from "../../fixtures/streams.ts";

const WAD = 10n ** 18n;
/** 2,000 USD [E8] and [WAD]. */
const ANSWER = 200_000_000_000n;
const REFERENCE = 2_000n * WAD;
/** 2% of the reference. */
const FARTHEST = 40n * WAD;

/** What calling a contract of tests comes to. */
const GREETING = { refuses: 1n } as const;
const NO_STEP = { target: ZeroAddress, value: 0n, data: "0x", mayFail: false };

const { ethers, networkHelpers } = await network.create();
const { loadFixture, time } = networkHelpers;

type Use = "verify" | "spot";
type Thrower = "bounded" | "oracle" | "reference" | "verifier";

/** What becomes of a price: given, given for closing alone, or refused. */
type Outcome =
  | { readonly closingOnly: boolean }
  | { readonly error: string; readonly by: Thrower; readonly args?: readonly unknown[] };

interface Row {
  readonly primary: keyof typeof PRIMARY;
  readonly reference: keyof typeof STATES;
  readonly outcome: (at: bigint, use: Use) => Outcome;
}

/** Proofs of the primary, made in the second `at`. */
const PRIMARY = {
  sound: ({ streams }: BoundedOracleFixture, at: bigint) => proofFor(streams, reportAt(at)),
  "as far above as allowed": ({ streams }: BoundedOracleFixture, at: bigint) =>
    proofFor(streams, reportAt(at, { price: REFERENCE + FARTHEST })),
  "a wei too far above": ({ streams }: BoundedOracleFixture, at: bigint) =>
    proofFor(streams, reportAt(at, { price: REFERENCE + FARTHEST + 1n })),
  "as far below as allowed": ({ streams }: BoundedOracleFixture, at: bigint) =>
    proofFor(streams, reportAt(at, { price: REFERENCE - FARTHEST })),
  "a wei too far below": ({ streams }: BoundedOracleFixture, at: bigint) =>
    proofFor(streams, reportAt(at, { price: REFERENCE - FARTHEST - 1n })),
  "of too wide a spread": ({ streams }: BoundedOracleFixture, at: bigint) =>
    proofFor(streams, reportAt(at, { bid: 1n })),
  expired: ({ streams }: BoundedOracleFixture, at: bigint) =>
    proofFor(streams, reportAt(at, { expiresAt: at })),
};

/** What the push feed does before the proof is made. */
const STATES = {
  fresh: async (fixture: BoundedOracleFixture) => {
    await pushRound(fixture.index, { answer: ANSWER });
  },
  stale: async (fixture: BoundedOracleFixture) => {
    const { updatedAt } = await pushRound(fixture.index, { answer: ANSWER });
    await time.increaseTo(updatedAt + INDEX_MAX_AGE + 1n);
  },
  "without a round": async () => {},
  "at its bound": async (fixture: BoundedOracleFixture) => {
    await pushRound(fixture.index, { answer: 1n });
  },
};

const given = (): Outcome => ({ closingOnly: false });
const closing = (): Outcome => ({ closingOnly: true });
const beyond = (price: bigint) => (): Outcome => ({
  error: "PriceBeyondReference",
  by: "bounded",
  args: [price, REFERENCE, MAX_DEVIATION],
});
const expired = (at: bigint): Outcome => ({
  error: "ReportExpired",
  by: "oracle",
  args: [at, at + 1n],
});
const wide = (): Outcome => ({ error: "SpreadTooWide", by: "oracle" });

/** The state table of docs/SPEC.md, row by row. */
const ROWS: readonly Row[] = [
  { primary: "sound", reference: "fresh", outcome: given },
  { primary: "as far above as allowed", reference: "fresh", outcome: given },
  { primary: "as far below as allowed", reference: "fresh", outcome: given },
  {
    primary: "a wei too far above",
    reference: "fresh",
    outcome: beyond(REFERENCE + FARTHEST + 1n),
  },
  {
    primary: "a wei too far below",
    reference: "fresh",
    outcome: beyond(REFERENCE - FARTHEST - 1n),
  },
  { primary: "sound", reference: "stale", outcome: closing },
  { primary: "sound", reference: "without a round", outcome: closing },
  { primary: "sound", reference: "at its bound", outcome: closing },
  { primary: "a wei too far above", reference: "stale", outcome: closing },
  { primary: "of too wide a spread", reference: "fresh", outcome: wide },
  { primary: "of too wide a spread", reference: "stale", outcome: wide },
  { primary: "expired", reference: "fresh", outcome: expired },
  { primary: "expired", reference: "stale", outcome: expired },
];

describe("BoundedOracle", () => {
  for (const use of ["verify", "spot"] as const) {
    describe(`in ${use}`, () => {
      for (const { primary, reference, outcome } of ROWS) {
        it(`given a report ${primary} and a reference ${reference}`, async () => {
          const fixture = await loadFixture(deployBounded);
          await STATES[reference](fixture);
          const at = BigInt(await time.latest());
          const proof = PRIMARY[primary](fixture, at);
          await time.setNextBlockTimestamp(at + 1n);
          await networkHelpers.mine();
          const call = fixture.bounded[use].staticCall(proof);

          const expected = outcome(at, use);
          if ("closingOnly" in expected) {
            const price = await call;
            expect([price.closingOnly, price.observedAt]).to.deep.equal([expected.closingOnly, at]);
            return;
          }
          const thrower = { ...fixture, ...fixture.streams }[expected.by];
          const refusal = expect(call).to.be.revertedWithCustomError(thrower, expected.error);
          await (expected.args === undefined ? refusal : refusal.withArgs(...expected.args));
        });
      }

      it("given that the sequencer is down", async () => {
        const fixture = await loadFixture(deployBounded);
        await STATES.fresh(fixture);
        const since = await stopSequencer(fixture.sequencer);
        const proof = proofFor(fixture.streams, reportAt(since));
        await expect(fixture.bounded[use].staticCall(proof))
          .to.be.revertedWithCustomError(fixture.oracle, "SequencerDown")
          .withArgs(since);
      });
    });
  }

  it("in spot, given a report too old, whatever the reference", async () => {
    for (const state of ["fresh", "stale"] as const) {
      const fixture = await loadFixture(deployBounded);
      await STATES[state](fixture);
      const at = BigInt(await time.latest());
      const proof = proofFor(fixture.streams, reportAt(at - SPOT_MAX_AGE - 1n));
      await expect(fixture.bounded.spot.staticCall(proof)).to.be.revertedWithCustomError(
        fixture.oracle,
        "ReportTooOld",
      );
    }
  });

  it("refuses to read the reference with too little gas, or the caller could undo the bound", async () => {
    const fixture = await loadFixture(deployBounded);
    await STATES.fresh(fixture);
    const at = BigInt(await time.latest());
    const proof = PRIMARY["a wei too far above"](fixture, at);
    const errors = new Set<string>();
    // From too little for the report's verification to plenty.
    for (let gasLimit = 150_000n; gasLimit <= 900_000n; gasLimit += 5_000n) {
      const error = await fixture.bounded.verify
        .staticCall(proof, { gasLimit })
        .then(() => "given")
        .catch(({ data }: { data?: unknown }) => String(data).slice(0, 10));
      errors.add(error);
    }
    const selector = (name: string) => fixture.bounded.interface.getError(name)?.selector ?? "";
    expect(errors).not.to.include("given");
    expect(errors).to.include(selector("InsufficientReferenceGas"));
    expect(errors).to.include(selector("PriceBeyondReference"));
  });

  describe("latest", () => {
    it("is the reference's", async () => {
      const fixture = await loadFixture(deployBounded);
      const { updatedAt } = await pushRound(fixture.index, { answer: ANSWER });
      expect([...(await fixture.bounded.latest())]).to.deep.equal([REFERENCE, updatedAt]);
    });

    it("is the primary's while the reference cannot be read", async () => {
      const fixture = await loadFixture(deployBounded);
      await expect(fixture.bounded.latest()).to.be.revertedWithCustomError(
        fixture.oracle,
        "ReportTooOld",
      );
      const at = BigInt(await time.latest());
      await time.setNextBlockTimestamp(at + 1n);
      await fixture.bounded.spot(proofFor(fixture.streams, reportAt(at)));
      expect([...(await fixture.bounded.latest())]).to.deep.equal([REFERENCE, at]);
    });
  });

  it("leaves the rest to the primary", async () => {
    const fixture = await loadFixture(deployBounded);
    const { bounded, oracle } = fixture;
    expect(await bounded.upSince()).to.equal(await oracle.upSince());
    expect(await bounded.minInitialMarginRatio()).to.equal(WAD / 100n);
    expect(await bounded.deviationThreshold()).to.equal(0n);
    const at = BigInt(await time.latest());
    await pushRound(fixture.index, { answer: ANSWER });
    expect(await bounded.hadNoPrice(at, at, "0x")).to.equal(false);
    const evidence = AbiCoder.defaultAbiCoder().encode(["uint64", "uint256"], [at, 0n]);
    expect(await bounded.hadNoPrice(at, at, evidence)).to.equal(false);
  });

  it("returns all ether", async () => {
    const fixture = await loadFixture(deployBounded);
    const { bounded, oracle, streams } = fixture;
    const [caller] = await ethers.getSigners();
    if (caller === undefined) throw new Error("The network has no account.");
    const proof = proofFor(streams, reportAt(BigInt(await time.latest())));
    await expect(bounded.verify(proof, { value: 5n })).to.changeEtherBalances(
      ethers,
      [caller, bounded, oracle, streams.verifierProxy],
      [0n, 0n, 0n, 0n],
    );
    await expect(caller.sendTransaction({ to: bounded, value: 1n }))
      .to.be.revertedWithCustomError(bounded, "NotAuthorized")
      .withArgs(caller.address);
  });
});

describe("BoundedOracle called with ether by a contract that takes none back", () => {
  for (const use of ["verify", "spot"] as const) {
    it(`refuses ${use}, and names both`, async () => {
      const fixture = await loadFixture(deployBounded);
      const { bounded, streams } = fixture;
      await STATES.fresh(fixture);
      const caller = await ethers.deployContract("Attacker");
      await caller.arm(GREETING.refuses, NO_STEP);
      const proof = proofFor(streams, reportAt(BigInt(await time.latest())));
      const { data } = await bounded[use].populateTransaction(proof);
      const step = { target: bounded, value: 5n, data, mayFail: false };
      const reason = bounded.interface.encodeErrorResult("EtherNotAccepted", [caller.target, 5n]);
      await expect(caller.run([step], { value: 5n }))
        .to.be.revertedWithCustomError(caller, "StepFailed")
        .withArgs(0n, reason);
    });
  }
});

describe("BoundedOracle on a verifier that takes fees", () => {
  it("passes the ether on and returns the rest to the wei", async () => {
    const fixture = await loadFixture(deployBounded);
    const { bounded, oracle, streams } = fixture;
    await chargeFees(streams);
    await STATES.fresh(fixture);
    const [caller] = await ethers.getSigners();
    if (caller === undefined) throw new Error("The network has no account.");
    for (const use of ["verify", "spot"] as const) {
      const proof = proofFor(streams, reportAt(BigInt(await time.latest())));
      await expect(bounded[use](proof, { value: WAD })).to.changeEtherBalances(
        ethers,
        [caller, bounded, oracle, streams.verifierProxy],
        [-NATIVE_FEE, 0n, 0n, 0n],
      );
    }
  });
});

describe("BoundedOracle constructor", () => {
  it("reverts without either oracle", async () => {
    const { oracle } = await loadFixture(deployBounded);
    const factory = await ethers.getContractFactory("BoundedOracle");
    const { ZeroAddress } = ethers;
    for (const [primary, reference] of [
      [oracle, ZeroAddress],
      [ZeroAddress, oracle],
    ] as const) {
      await expect(factory.deploy(primary, reference, MAX_DEVIATION)).to.be.revertedWithCustomError(
        factory,
        "ZeroAddress",
      );
    }
  });

  it("reverts when the bound is below the reference's own threshold, or above 20%", async () => {
    const { oracle, reference } = await loadFixture(deployBounded);
    const factory = await ethers.getContractFactory("BoundedOracle");
    const least = await reference.deviationThreshold();
    for (const value of [least - 1n, WAD / 5n + 1n]) {
      await expect(factory.deploy(oracle, reference, value))
        .to.be.revertedWithCustomError(factory, "ParameterOutOfBounds")
        .withArgs(ethers.encodeBytes32String("maxDeviation"), value, least, WAD / 5n);
    }
    const bounded = await factory.deploy(oracle, reference, least);
    expect(await bounded.primaryOracle()).to.equal(oracle.target);
    expect(await bounded.referenceOracle()).to.equal(reference.target);
    expect(await bounded.maxDeviation()).to.equal(least);
  });
});

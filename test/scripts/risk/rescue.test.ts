import { expect } from "chai";
import fc from "fast-check";
import { lastingMandate, previewRescue } from "../../../scripts/core/rescue.ts";

const WAD = 10n ** 18n;
/** A token with 6 decimals. */
const SCALE = 10n ** 12n;

const MANDATE = lastingMandate({
  capLeft: 1_000n * WAD,
  targetRatio: 2n * WAD,
  triggerRatio: (12n * WAD) / 10n,
});
const NOW = 1_000n;
/** Equity 40 below a maintenance of 50; the keeper's fee is 1. */
const INPUT = {
  mandate: MANDATE,
  equity: 40n * WAD,
  maintenanceMargin: 50n * WAD,
  keeperFee: WAD,
  early: true,
  now: NOW,
  scale: SCALE,
};

describe("previewRescue", () => {
  const refused = (reason: string) => ({ kind: "refused", reason });

  it("pulls nothing once the mandate has expired", () => {
    const ending = { ...INPUT, mandate: { ...MANDATE, expiry: NOW } };
    expect(previewRescue(ending).kind).to.equal("rescued");
    expect(previewRescue({ ...ending, now: NOW + 1n })).to.deep.equal(refused("Expired"));
  });

  it("pulls nothing early at or above the trigger of 1.2 × 50 = 60", () => {
    expect(previewRescue({ ...INPUT, equity: 60n * WAD })).to.deep.equal(refused("NotTriggered"));
    expect(previewRescue({ ...INPUT, equity: 60n * WAD - 1n }).kind).to.equal("rescued");
    expect(previewRescue({ ...INPUT, equity: 60n * WAD, early: false }).kind).to.equal("rescued");
  });

  it("pulls nothing before its pause has passed", () => {
    const used = { ...INPUT, mandate: { ...MANDATE, rescuedAt: NOW - 60n } };
    expect(previewRescue(used).kind).to.equal("rescued");
    expect(previewRescue({ ...used, now: NOW - 1n })).to.deep.equal(refused("TooSoon"));
  });

  it("pulls nothing where the keeper costs more than the owner allows", () => {
    const mean = { ...INPUT, mandate: { ...MANDATE, maxKeeperFee: WAD - 1n } };
    expect(previewRescue(mean)).to.deep.equal(refused("FeeTooHigh"));
  });

  it("pulls nothing where equity is used up: the box forgives that debt", () => {
    const forgiven = refused("Insolvent");
    expect(previewRescue({ ...INPUT, equity: 0n })).to.deep.equal(forgiven);
    expect(previewRescue({ ...INPUT, equity: -5n * WAD })).to.deep.equal(forgiven);
  });

  it("pulls all that is missing or nothing at all", () => {
    // 2 × 50 − 40 + 1 = 61.
    const withCap = (capLeft: bigint) =>
      previewRescue({ ...INPUT, mandate: { ...MANDATE, capLeft } });
    expect(withCap(61n * WAD - 1n)).to.deep.equal(refused("CapTooSmall"));
    expect(withCap(61n * WAD)).to.deep.equal({
      kind: "rescued",
      pulled: 61n * WAD,
      keeperFee: WAD,
      added: 60n * WAD,
      mandate: { ...MANDATE, capLeft: 0n, rescuedAt: NOW },
    });
  });

  it("rounds up to whole token units", () => {
    // 61 less a wei is 60.999999999999999999: 61.000000 in units of a millionth.
    const found = previewRescue({ ...INPUT, equity: 40n * WAD + 1n });
    expect(found).to.deep.include({ pulled: 61n * WAD });
  });

  it("brings equity to the target and not a token unit beyond, for any numbers", () => {
    const amount = fc.bigInt({ min: 1n, max: 10n ** 30n });
    fc.assert(
      fc.property(
        amount,
        amount,
        fc.bigInt({ min: WAD, max: 3n * WAD }),
        (equity, maintenance, target) => {
          const limits = { capLeft: 10n ** 40n, targetRatio: target, triggerRatio: WAD };
          const mandate = lastingMandate(limits);
          const found = previewRescue({
            ...INPUT,
            mandate,
            equity,
            maintenanceMargin: maintenance,
          });
          if (found.kind === "refused") return equity >= maintenance;
          const reached = (equity + found.added) * WAD - maintenance * target;
          return reached >= 0n && reached < SCALE * WAD + WAD && found.pulled % SCALE === 0n;
        },
      ),
    );
  });
});

import { expect } from "chai";
import fc from "fast-check";
import { previewRescue } from "../../../scripts/core/rescue.ts";

const WAD = 10n ** 18n;
/** A token with 6 decimals. */
const SCALE = 10n ** 12n;

const MANDATE = { capLeft: 1_000n * WAD, targetRatio: 2n * WAD, triggerRatio: (12n * WAD) / 10n };
/** Equity 40 below a maintenance of 50; the keeper's fee is 1. */
const INPUT = {
  mandate: MANDATE,
  equity: 40n * WAD,
  maintenanceMargin: 50n * WAD,
  keeperFee: WAD,
  trigger: WAD,
  scale: SCALE,
};

describe("previewRescue", () => {
  it("pulls nothing at or above the trigger", () => {
    const healthy = { kind: "refused", reason: "healthy" };
    expect(previewRescue({ ...INPUT, equity: 50n * WAD })).to.deep.equal(healthy);
    const early = { ...INPUT, trigger: MANDATE.triggerRatio };
    expect(previewRescue({ ...early, equity: 60n * WAD })).to.deep.equal(healthy);
    expect(previewRescue({ ...early, equity: 60n * WAD - 1n }).kind).to.equal("rescued");
  });

  it("pulls nothing where equity is used up: the box forgives that debt", () => {
    const forgiven = { kind: "refused", reason: "debtForgiven" };
    expect(previewRescue({ ...INPUT, equity: 0n })).to.deep.equal(forgiven);
    expect(previewRescue({ ...INPUT, equity: -5n * WAD })).to.deep.equal(forgiven);
  });

  it("pulls all that is missing or nothing at all", () => {
    // 2 × 50 − 40 + 1 = 61.
    const withCap = (capLeft: bigint) =>
      previewRescue({ ...INPUT, mandate: { ...MANDATE, capLeft } });
    expect(withCap(61n * WAD - 1n)).to.deep.equal({ kind: "refused", reason: "capTooSmall" });
    expect(withCap(61n * WAD)).to.deep.equal({
      kind: "rescued",
      pulled: 61n * WAD,
      keeperFee: WAD,
      added: 60n * WAD,
      capLeft: 0n,
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
          const mandate = { capLeft: 10n ** 40n, targetRatio: target, triggerRatio: WAD };
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

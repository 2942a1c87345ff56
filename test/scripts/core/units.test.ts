import { expect } from "chai";
import fc from "fast-check";
import {
  AmountTooPreciseError,
  ArithmeticOverflowError,
  MalformedAmountError,
  NegativeAmountError,
} from "../../../scripts/core/errors.ts";
import {
  formatToken,
  formatWad,
  parseDecimal,
  parseToken,
  parseUnsignedWad,
  parseWad,
} from "../../../scripts/core/units.ts";

const WAD = 10n ** 18n;

describe("units", () => {
  describe("parseWad", () => {
    const garbage = [
      "",
      " ",
      "-",
      "+",
      "+1",
      "--1",
      ".",
      ".5",
      "5.",
      "1.2.3",
      "1e5",
      "1E-3",
      "0x10",
      "1,000",
      "1_000",
      "1 000",
      " 1",
      "1 ",
      "1\n",
      "01",
      "-01.5",
      "−1",
      "１",
      "NaN",
      "Infinity",
      "null",
      "1n",
      "9".repeat(200),
    ];
    for (const text of garbage) {
      it(`refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
        expect(() => parseWad(text))
          .to.throw(MalformedAmountError)
          .with.property("text", text);
      });
    }

    it("refuses more than 18 digits after the point, unless they are zeros", () => {
      expect(() => parseWad("0.1234567890123456789")).to.throw(AmountTooPreciseError);
      expect(parseWad("0.1234567890123456780")).to.equal(123_456_789_012_345_678n);
    });

    it("refuses what 256 bits cannot hold", () => {
      // 2^255 − 1 is 5.78…e76.
      expect(() => parseDecimal(`6${"0".repeat(76)}`, 0)).to.throw(ArithmeticOverflowError);
      expect(parseDecimal(`5${"0".repeat(76)}`, 0)).to.equal(5n * 10n ** 76n);
    });

    it("reads whole, fractional and negative numbers", () => {
      expect(parseWad("0")).to.equal(0n);
      expect(parseWad("-0")).to.equal(0n);
      expect(parseWad("1250.5")).to.equal(12_505n * 10n ** 17n);
      expect(parseWad("-0.000000000000000001")).to.equal(-1n);
    });
  });

  describe("parseUnsignedWad", () => {
    it("refuses negative numbers", () => {
      expect(() => parseUnsignedWad("-0.1"))
        .to.throw(NegativeAmountError)
        .with.property("text", "-0.1");
    });

    it("reads what is not negative", () => {
      expect(parseUnsignedWad("2")).to.equal(2n * WAD);
    });
  });

  describe("parseToken", () => {
    it("refuses more digits than the token has", () => {
      expect(() => parseToken("1.2345678", 6))
        .to.throw(AmountTooPreciseError)
        .with.property("decimals", 6);
      expect(() => parseToken("0.5", 0)).to.throw(AmountTooPreciseError);
    });

    it("refuses negative amounts", () => {
      expect(() => parseToken("-1", 6)).to.throw(NegativeAmountError);
    });

    it("reads amounts in token units", () => {
      expect(parseToken("1250.5", 6)).to.equal(1_250_500_000n);
      expect(parseToken("7", 0)).to.equal(7n);
    });
  });

  describe("formatWad", () => {
    it("writes the shortest exact text", () => {
      expect(formatWad(0n)).to.equal("0");
      expect(formatWad(-1n)).to.equal("-0.000000000000000001");
      expect(formatWad(12_505n * 10n ** 17n)).to.equal("1250.5");
    });

    it("cuts toward zero to the digits asked for", () => {
      expect(formatWad(1_999_999_999_999_999_999n, 2)).to.equal("1.99");
      expect(formatWad(-1_999_999_999_999_999_999n, 2)).to.equal("-1.99");
      expect(formatWad(1_999_999_999_999_999_999n, 0)).to.equal("1");
    });

    it("writes no minus before nothing", () => {
      expect(formatWad(-1n, 6)).to.equal("0");
    });
  });

  describe("formatToken", () => {
    it("writes whole and fractional tokens", () => {
      expect(formatToken(1_250_500_000n, 6)).to.equal("1250.5");
      expect(formatToken(7n, 0)).to.equal("7");
    });
  });

  it("reads back what it writes", () => {
    const amounts = fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n });
    fc.assert(
      fc.property(amounts, (amount) => {
        expect(parseWad(formatWad(amount))).to.equal(amount);
      }),
    );
  });
});

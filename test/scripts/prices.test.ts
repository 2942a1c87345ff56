import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { FatalError } from "../../scripts/core/errors.ts";
import {
  MomentMalformedError,
  PriceFileUnreadableError,
  PriceFormatUnknownError,
  PriceGapError,
  PriceLineError,
  PriceLineMalformedError,
  PriceNotPositiveError,
  PriceSpanEmptyError,
  PriceTimeNotAscendingError,
} from "../../scripts/localnet/errors.ts";
import { parseMoment, readPriceFile, readPrices } from "../../scripts/localnet/prices.ts";

const data = (name: string) => fileURLToPath(new URL(`../fixtures/data/${name}`, import.meta.url));

const BARS = "timestamp,open,high,low,close,volume";
const ROUNDS = "roundId,phaseId,aggregatorRoundId,answer,startedAt,updatedAt,answeredInRound";

/** Bars of one minute from 1,700,000,000 on, each a line of `open,high,low,close`. */
const barText = (...prices: string[]) =>
  [BARS, ...prices.map((line, index) => `${1_700_000_000 + index * 60},${line},1`)].join("\n");

/** Rounds of phase 1, each `number,answer,updatedAt`. */
const roundText = (...rounds: string[]) =>
  [
    ROUNDS,
    ...rounds.map((round) => {
      const [own, answer, at] = round.split(",");
      return `18446744073709551617,1,${own},${answer},${at},${at},18446744073709551617`;
    }),
  ].join("\n");

/** The failure of reading `text`. */
function failureOf(text: string): Error {
  try {
    readPrices(text);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("The text was read.");
}

describe("readPrices", () => {
  describe("given a file that is no price file", () => {
    it("throws when it is empty", () => {
      expect(failureOf("")).to.be.instanceOf(PriceFormatUnknownError);
    });

    it("throws with the header when that is unknown", () => {
      const failure = failureOf("timestamp,funding_rate\n1,2");
      expect(failure).to.be.instanceOf(PriceFormatUnknownError).and.instanceOf(FatalError);
      expect(failure.message).to.include('"timestamp,funding_rate"');
    });

    it("throws when it holds nothing but a header", () => {
      expect(failureOf(BARS)).to.be.instanceOf(PriceSpanEmptyError);
    });
  });

  describe("given a bad line", () => {
    const good = "2000,2010,1990,2005";
    const bad: readonly (readonly [string, string, new (...args: never[]) => Error, number])[] = [
      ["has too few fields", `${barText(good)}\n1700000060,2000`, PriceLineMalformedError, 3],
      ["has too many fields", `${barText(good, `${good},7`)}`, PriceLineMalformedError, 3],
      ["opens a quote", `${barText(good)}\n"1700000060,1,1,1,1,1`, PriceLineMalformedError, 3],
      ["has a word for a price", barText(good, "2000,2010,low,2005"), PriceLineMalformedError, 3],
      ["has an empty price", barText(good, "2000,2010,,2005"), PriceLineMalformedError, 3],
      ["has an exponent", barText("2000,2010,199e1,2005"), PriceLineMalformedError, 2],
      ["has nine decimals", barText("2000,2010,1990.123456789,2005"), PriceLineMalformedError, 2],
      ["has a word for a time", `${BARS}\nnoon,1,1,1,1,1`, PriceLineMalformedError, 2],
      ["has a low above its open", barText("2000,2010,2001,2005"), PriceLineMalformedError, 2],
      ["has a high below its close", barText("2000,2004,1990,2005"), PriceLineMalformedError, 2],
      ["has a price of zero", barText(good, good, "2000,2010,0,2005"), PriceNotPositiveError, 4],
      ["has a negative price", barText(good, "2000,2010,-1,2005"), PriceNotPositiveError, 3],
      ["has a round of zero", roundText("1,2000,100", "2,0,200"), PriceNotPositiveError, 3],
      ["has a negative round", roundText("1,-2000,100"), PriceNotPositiveError, 2],
      ["has half an answer", roundText("1,2000.5,100"), PriceLineMalformedError, 2],
    ];
    for (const [what, text, type, line] of bad) {
      it(`throws with its number when it ${what}`, () => {
        const failure = failureOf(text);
        expect(failure).to.be.instanceOf(type).and.instanceOf(PriceLineError);
        expect(failure.message).to.match(new RegExp(`^Line ${line}: `));
      });
    }

    it("counts empty lines", () => {
      const failure = failureOf(`${BARS}\n\n1700000000,1,1,1,1,1\n\n1700000060,0,1,1,1,1`);
      expect(failure).to.be.instanceOf(PriceNotPositiveError);
      expect((failure as PriceNotPositiveError).line).to.equal(5);
    });
  });

  describe("given lines out of order", () => {
    it("throws when a bar repeats the time of the one before", () => {
      const failure = failureOf(`${BARS}\n1700000000,1,1,1,1,1\n1700000000,1,1,1,1,1`);
      expect(failure).to.be.instanceOf(PriceTimeNotAscendingError);
      expect((failure as PriceTimeNotAscendingError).line).to.equal(3);
    });

    it("throws when a bar is missing", () => {
      const lines = [0, 60, 180].map((shift) => `${1_700_000_000 + shift},1,1,1,1,1`);
      const failure = failureOf([BARS, ...lines].join("\n"));
      expect(failure).to.be.instanceOf(PriceGapError);
      const { line, expected, found } = failure as PriceGapError;
      expect([line, expected, found]).to.deep.equal([4, 1_700_000_120n, 1_700_000_180n]);
    });

    it("throws when a round is missing", () => {
      const failure = failureOf(roundText("1,2000,100", "3,2000,200"));
      expect(failure).to.be.instanceOf(PriceGapError);
      const { line, expected, found } = failure as PriceGapError;
      expect([line, expected, found]).to.deep.equal([3, 2n, 3n]);
    });

    it("throws when a round is older than the one before", () => {
      const failure = failureOf(roundText("1,2000,100", "2,2000,99"));
      expect(failure).to.be.instanceOf(PriceTimeNotAscendingError);
      const { line, time, previous } = failure as PriceTimeNotAscendingError;
      expect([line, time, previous]).to.deep.equal([3, 99n, 100n]);
    });

    it("throws when a phase follows a newer one", () => {
      const old = "1,1,1,2000,500,500,1";
      const failure = failureOf(`${ROUNDS}\n1,2,1,2000,100,100,1\n${old}`);
      expect(failure).to.be.instanceOf(PriceTimeNotAscendingError);
    });
  });

  describe("given rounds", () => {
    it("replays them as they are, without the zero round", async () => {
      const { format, rounds } = await readPriceFile(data("rounds-small.csv"), {
        to: 1_700_000_600n,
      });
      expect(format).to.equal("rounds");
      expect(rounds).to.deep.equal([
        { line: 3, answer: 200_000_000_000n, updatedAt: 1_700_000_005n },
        { line: 4, answer: 201_000_000_000n, updatedAt: 1_700_000_600n },
        { line: 5, answer: 201_500_000_000n, updatedAt: 1_700_000_600n },
      ]);
    });

    it("ends a phase where the next begins", async () => {
      const { rounds } = await readPriceFile(data("rounds-small.csv"));
      // Line 6 of phase 5 came 1,000 s after phase 6 had begun.
      expect(rounds.map(({ line }) => line)).to.deep.equal([3, 4, 5, 7, 8]);
    });

    it("cuts them to the span, both ends included", async () => {
      const { rounds } = await readPriceFile(data("rounds-small.csv"), {
        from: 1_700_000_600n,
        to: 1_700_003_000n,
      });
      expect(rounds.map(({ line }) => line)).to.deep.equal([4, 5, 7]);
    });

    it("throws when nothing lies in the span", async () => {
      const read = () => readPriceFile(data("rounds-small.csv"), { from: 1_800_000_000n });
      expect(await read().catch((error: unknown) => error)).to.be.instanceOf(PriceSpanEmptyError);
    });
  });

  describe("given bars", () => {
    it("writes a round at each look at which the price has moved by 0.5%", () => {
      // Up: open 2000 at 0, low 1985 at 20 s, high 2015 at 40 s, close 2000 at 59 s. Looks every 10 s:
      // 0 → 2000 first; 10 → 1992.5, 0.375% away; 20 → 1985, 0.75% → round; 30 → 2000, 0.756% of 1985 → round;
      // 40 → 2015, 0.75% → round; 50 → 2015 − 15 × 10 ÷ 19 = 2007.10526315|78, 0.39% away.
      const { format, rounds } = readPrices(barText("2000,2015,1985,2000"));
      expect(format).to.equal("bars");
      expect(rounds).to.deep.equal([
        { line: 2, answer: 200_000_000_000n, updatedAt: 1_700_000_000n },
        { line: 2, answer: 198_500_000_000n, updatedAt: 1_700_000_020n },
        { line: 2, answer: 200_000_000_000n, updatedAt: 1_700_000_030n },
        { line: 2, answer: 201_500_000_000n, updatedAt: 1_700_000_040n },
      ]);
    });

    it("passes over the high first when the bar closes below its open", () => {
      // 20 s → 2015, 0.75% → round; 30 → 2000 is 0.744% of 2015 → round; 40 → 1985, 0.75% → round;
      // 50 → 1985 + 14 × 10 ÷ 19 = 1992.37, 0.371% away.
      const { rounds } = readPrices(barText("2000,2015,1985,1999"));
      expect(rounds.map(({ answer }) => answer)).to.deep.equal([
        200_000_000_000n,
        201_500_000_000n,
        200_000_000_000n,
        198_500_000_000n,
      ]);
    });

    it("writes a heartbeat when nothing moves", () => {
      const { rounds } = readPrices(barText(...Array<string>(121).fill("2000,2000,2000,2000")));
      expect(rounds.map(({ updatedAt }) => updatedAt - 1_700_000_000n)).to.deep.equal([
        0n,
        3_600n,
        7_200n,
      ]);
      // The second hour begins with the 60th bar after the first, in line 62.
      expect(rounds[1]?.line).to.equal(62);
    });

    it("moves by exactly the deviation: 0.5% counts, a hundred-millionth less does not", () => {
      // 2000 × 0.5% = 10.
      const at = readPrices(barText("2000,2010,2000,2010"));
      expect(at.rounds.map(({ answer }) => answer)).to.deep.equal([
        200_000_000_000n,
        201_000_000_000n,
      ]);
      const below = readPrices(barText("2000,2009.99999999,2000,2009.99999999"));
      expect(below.rounds).to.have.lengthOf(1);
    });

    it("follows the rules it is given", () => {
      const rules = { deviation: 100_000_000_000_000_000n, heartbeat: 30n, cadence: 5n };
      const { rounds } = readPrices(barText("2000,2015,1985,2000"), { rules });
      // 10% never moves; every 30 s a heartbeat: 30 s → 2000 on the way up.
      expect(rounds.map(({ answer, updatedAt }) => [answer, updatedAt])).to.deep.equal([
        [200_000_000_000n, 1_700_000_000n],
        [200_000_000_000n, 1_700_000_030n],
      ]);
    });

    it("tells the crash of March 2020 from 195 to 86 at 02:15 UTC and part of the way back", async () => {
      const { rounds } = await readPriceFile(data("crash-2020-03.csv"));
      const answers = rounds.map(({ answer }) => answer);
      const bottom = rounds.find(({ answer }) => answer === 8_600_000_000n);

      expect(rounds[0]).to.deep.include({ answer: 19_500_000_000n, updatedAt: 1_583_971_200n });
      expect(answers.every((answer) => answer >= 8_600_000_000n)).to.equal(true);
      // Within the ten minutes from 02:10.
      expect(Number(bottom?.updatedAt)).to.be.within(1_584_065_400, 1_584_065_999);
      expect(Number(answers.at(-1))).to.be.within(12_500_000_000, 14_000_000_000);
      for (const [index, round] of rounds.entries()) {
        const previous = rounds[index - 1];
        if (previous) expect(round.updatedAt - previous.updatedAt <= 3_600n).to.equal(true);
      }
    });
  });
});

describe("readPriceFile", () => {
  it("throws with the path when there is no such file", async () => {
    const failure = await readPriceFile("no/such/file.csv").catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(PriceFileUnreadableError);
    expect((failure as PriceFileUnreadableError).message).to.include("no/such/file.csv");
  });
});

describe("parseMoment", () => {
  const moments: readonly (readonly [string, bigint])[] = [
    ["2020-03-13", 1_584_057_600n],
    ["2020-03-13T02:15Z", 1_584_065_700n],
    ["2020-03-13T02:15", 1_584_065_700n],
    ["2020-03-13 02:15:30", 1_584_065_730n],
    ["2020-03-13T03:15+01:00", 1_584_065_700n],
  ];
  for (const [text, seconds] of moments) {
    it(`reads ${text}`, () => {
      expect(parseMoment(text)).to.equal(seconds);
    });
  }

  for (const text of ["", "yesterday", "1584065700", "2020-13-01", "2020-03-13T25:00Z"]) {
    it(`throws for "${text}"`, () => {
      expect(() => parseMoment(text)).to.throw(MomentMalformedError);
    });
  }
});

import { expect } from "chai";
import {
  HistoryDefectsError,
  HistoryFormatError,
  HistoryTooShortError,
} from "../../../scripts/risk/errors.ts";
import { type History, readHistory } from "../../../scripts/risk/history.ts";

const read = (...lines: string[]) => readHistory(lines.join("\n"), "prices.csv");

/** The defects that reading tells. */
function defectsOf(...lines: string[]) {
  try {
    read(...lines);
  } catch (error) {
    if (error instanceof HistoryDefectsError) return error.defects;
    throw error;
  }
  throw new Error("The text was read.");
}

/** What every format below says: two hours, 100 to 102 to 101. */
function expectTwoHours(history: History): void {
  expect([...history.times]).to.deep.equal([1_700_003_600, 1_700_007_200]);
  expect([...history.open]).to.deep.equal([100, 102]);
  expect([...history.high]).to.deep.equal([103, 102.5]);
  expect([...history.low]).to.deep.equal([99, 100.5]);
  expect([...history.close]).to.deep.equal([102, 101]);
  expect(history.period).to.equal(3_600);
  expect(history.gaps).to.deep.equal([]);
}

describe("readHistory", () => {
  describe("given a known format", () => {
    it("reads the bars of this project", () => {
      const history = read(
        "timestamp,open,high,low,close,volume",
        "1700000000,100,103,99,102,5",
        "1700003600,102,102.5,100.5,101,5",
      );
      expectTwoHours(history);
      expect(history.format).to.equal("bars");
    });

    it("reads Binance's lines without a header, in milliseconds", () => {
      const history = read(
        "1700000000000,100,103,99,102,5,1700003599999,500,10,2,200,0",
        "1700003600000,102,102.5,100.5,101,5,1700007199999,500,10,2,200,0",
      );
      expectTwoHours(history);
      expect(history.format).to.equal("binance");
    });

    it("reads Binance's lines of later years, with a header, in microseconds", () => {
      const history = read(
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore",
        "1700000000000000,100,103,99,102,5,1700003599999999,500,10,2,200,0",
        "1700003600000000,102,102.5,100.5,101,5,1700007199999999,500,10,2,200,0",
      );
      expectTwoHours(history);
      expect(history.format).to.equal("binance");
    });

    it("reads Coinbase's lines, newest first, low before high", () => {
      const history = read(
        "time,low,high,open,close,volume",
        "1700003600,100.5,102.5,102,101,5",
        "1700000000,99,103,100,102,5",
      );
      expectTwoHours(history);
      expect(history.format).to.equal("coinbase");
    });

    it("reads Coinbase's lines as they are passed on, under a line of credits", () => {
      const history = read(
        "https://example.org",
        "unix,date,symbol,open,high,low,close,Volume ETH,Volume USD",
        "1700003600,2023-11-14 23:13,ETH/USD,102,102.5,100.5,101,5,500",
        "1700000000,2023-11-14 22:13,ETH/USD,100,103,99,102,5,500",
      );
      expectTwoHours(history);
    });

    it("reads Kraken's lines and tells the bars without a trade that it leaves out", () => {
      const history = read(
        "1700000000,100,103,99,102,5,9",
        "1700003600,102,102.5,100.5,101,5,9",
        "1700014400,101,101,101,101,1,1",
      );
      expect(history.format).to.equal("kraken");
      expect(history.period).to.equal(3_600);
      expect(history.gaps).to.deep.equal([{ line: 3, problem: "2 bars are missing before it" }]);
    });

    it("reads Chainlink rounds, their answers with 8 decimals, by time where phases overlap", () => {
      const history = read(
        "roundId,phaseId,aggregatorRoundId,answer,startedAt,updatedAt,answeredInRound",
        "1,1,0,0,0,0,1",
        "2,1,1,200000000000,1700000000,1700000000,2",
        "3,1,2,200100000000,1700000900,1700000900,3",
        "4,2,1,200050000000,1700000300,1700000300,4",
      );
      expect([...history.times]).to.deep.equal([1_700_000_000, 1_700_000_300, 1_700_000_900]);
      expect([...history.close]).to.deep.equal([2_000, 2_000.5, 2_001]);
      expect(history.period).to.equal(0);
    });

    it("tells where rounds stay away longer than any heartbeat", () => {
      const history = read(
        "roundId,phaseId,aggregatorRoundId,answer,startedAt,updatedAt,answeredInRound",
        "2,1,1,200000000000,1700000000,1700000000,2",
        "3,1,2,200100000000,1700100000,1700100000,3",
      );
      expect(history.gaps).to.deep.equal([{ line: 3, problem: "no round for 100000 s before it" }]);
    });
  });

  describe("given bad lines", () => {
    const header = "timestamp,open,high,low,close";

    it("names every one of them, with what is wrong", () => {
      const defects = defectsOf(
        header,
        "1700000000,100,103,99,102",
        "1700003600,102,102.5,100.5",
        "1700007200,101,x,100,101",
        "1700010800,101,102,-1,101",
        "1700014400,101,100,99,101",
        "1700018000,101,102,101.5,101",
        "soon,101,102,100,101",
      );
      expect(defects).to.deep.equal([
        { line: 3, problem: "4 fields where 5 are needed" },
        { line: 4, problem: 'high "x" is not a number' },
        { line: 5, problem: 'price "-1" is not above zero' },
        { line: 6, problem: 'high "100" is below open or close' },
        { line: 7, problem: 'low "101.5" is above open or close' },
        { line: 8, problem: 'time "soon" is not a number' },
      ]);
    });

    it("names bars that are there twice or out of order", () => {
      const defects = defectsOf(
        header,
        "1700000000,100,103,99,102",
        "1700003600,100,103,99,102",
        "1700003600,100,103,99,102",
        "1700000000,100,103,99,102",
        "1700007200,100,103,99,102",
      );
      expect(defects).to.deep.equal([
        { line: 4, problem: "the bar at 1700003600 is there twice" },
        { line: 5, problem: "the bar at 1700000000 is out of order" },
      ]);
    });

    it("says which file, and no more than twenty lines of it", () => {
      const bad = Array.from({ length: 30 }, () => "1,2");
      try {
        read(header, ...bad);
      } catch (error) {
        expect(String(error))
          .to.include('"prices.csv" has "30" bad lines')
          .and.include("and 10 more");
      }
      expect(defectsOf(header, ...bad).length).to.equal(30);
    });
  });

  describe("given no history", () => {
    it("refuses an unknown header", () => {
      expect(() => read("timestamp,funding_rate", "1,2")).to.throw(HistoryFormatError);
      expect(() => read("")).to.throw(HistoryFormatError);
    });

    it("refuses one price", () => {
      expect(() => read("timestamp,open,high,low,close", "1700000000,1,1,1,1")).to.throw(
        HistoryTooShortError,
      );
    });

    it("refuses an open quote", () => {
      expect(() => read("timestamp,open,high,low,close", '1,"2,3,4,5')).to.throw(
        HistoryFormatError,
      );
    });
  });
});

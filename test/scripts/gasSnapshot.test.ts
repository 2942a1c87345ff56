import { expect } from "chai";

import type { GasRow } from "../../bench/gas.ts";
import { complaints, snapshotOf } from "../../bench/gasSnapshot.ts";

const row = (operation: string, gas: number): GasRow => ({ operation, gas, ceiling: null });

describe("gas snapshot", () => {
  it("holds the gas of each operation", () => {
    expect(snapshotOf([row("open", 200_000), row("close", 150_000)])).to.deep.equal({
      open: 200_000,
      close: 150_000,
    });
  });

  it("leaves out what differs from run to run", () => {
    const rows = [row("open", 200_000), row("verify (stream, f = 1)", 100_798)];
    expect(snapshotOf(rows)).to.deep.equal({ open: 200_000 });
    expect(complaints({ open: 200_000 }, rows)).to.deep.equal([]);
  });

  it("passes what fell, what stayed, and what grew by 0.5%", () => {
    const before = { open: 200_000, close: 150_000, rescue: 180_000 };
    const now = [row("open", 201_000), row("close", 150_000), row("rescue", 100_000)];
    expect(complaints(before, now)).to.deep.equal([]);
  });

  it("names what grew by more, with both figures", () => {
    const now = [row("open", 201_001), row("close", 165_000)];
    expect(complaints({ open: 200_000, close: 150_000 }, now)).to.deep.equal([
      '"open" grew by 0.50%, from 200000 to 201001',
      '"close" grew by 10.00%, from 150000 to 165000',
    ]);
  });

  it("names what is measured no more, and what was not measured before", () => {
    expect(complaints({ open: 200_000 }, [row("close", 1)])).to.deep.equal([
      '"open" is no longer measured',
      '"close" is not in the snapshot',
    ]);
  });
});

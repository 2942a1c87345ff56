import { expect } from "chai";
import { network } from "hardhat";
import { health } from "../../../scripts/core/quote.ts";
import { RiskInputError } from "../../../scripts/risk/errors.ts";
import { readOpenPosition } from "../../../scripts/risk/onchain.ts";
import { deployMarket, type MarketFixture } from "../../fixtures/market.ts";
import { expectNear } from "../../fixtures/near.ts";
import { type RpcServer, serveRpc } from "../../fixtures/rpcServer.ts";
import { plain } from "../../fixtures/structs.ts";
import { openPosition } from "../../fixtures/trading.ts";

const WAD = 10n ** 18n;

describe("readOpenPosition", () => {
  let market: MarketFixture;
  let server: RpcServer | undefined;
  let id = 0n;

  before(async () => {
    market = await deployMarket(await network.create());
    id = await openPosition(market, {
      account: market.accounts.alice,
      size: 10n * WAD,
      margin: 1_500n * WAD,
      reserve: 5_000n * WAD,
    });
    server = await serveRpc(market.connection);
  });

  after(async () => {
    await server?.stop();
  });

  const read = (positionId: bigint) =>
    readOpenPosition({
      rpcUrl: server?.url ?? "",
      vault: String(market.marginVault.target),
      id: positionId,
    });

  it("reads the position, its terms and its market as they are on chain", async () => {
    const { position, scene } = await read(id);
    expect(position).to.deep.equal({ ...plain(await market.marginVault.position(id)) });
    expect(scene.terms).to.deep.equal({ ...plain(await market.charter.terms(1n)) });
    expect(scene.price).to.equal(2_000n * WAD);
    // 1,500 less the fee of 0.05% of 20,000, less the impact of 5 in 20,000,000 of it.
    expectNear(Number(health(position, scene).equity) / 1e18, 1_489.99, 0.01);
  });

  it("refuses a position that is not open", async () => {
    const failure = await read(id + 1n).catch((cause: unknown) => cause);
    expect(failure).to.be.instanceOf(RiskInputError);
  });
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

import { detectDataFee, readDataFee, readDataGas } from "../../scripts/chain/l1Fee.ts";
import { readNativePrice } from "../../scripts/chain/nativePrice.ts";
import { provingSource } from "../../scripts/chain/priceSource.ts";
import { ask } from "../../scripts/chain/provider.ts";
import { keeperConfig } from "../../scripts/config/keeper.ts";
import { doctor } from "../../scripts/keeper/commands/doctor.ts";
import { explain } from "../../scripts/keeper/commands/explain.ts";
import { status } from "../../scripts/keeper/commands/status.ts";
import { on, startFaultProxy } from "../fixtures/faultProxy.ts";
import { openKeeper } from "../fixtures/keeperRig.ts";
import {
  type KeeperWorld,
  longTo,
  openPositions,
  setPrice,
  startKeeperWorld,
} from "../fixtures/keeperWorld.ts";

const LIFETIME_MS = 60_000;
const GAS_PRICE_ORACLE = "0x420000000000000000000000000000000000000F";
const ARB_GAS_INFO = "0x000000000000000000000000000000000000006C";
const NODE_INTERFACE = "0x00000000000000000000000000000000000000C8";

/** Code that answers anything with the same words: PUSH32, PUSH1, MSTORE for each, then RETURN. */
function answering(...words: readonly bigint[]): string {
  const stores = words.map((word, index) => {
    const at = (index * 32).toString(16).padStart(2, "0");
    return `7f${word.toString(16).padStart(64, "0")}60${at}52`;
  });
  const length = (words.length * 32).toString(16).padStart(2, "0");
  return `0x${stores.join("")}60${length}6000f3`;
}

describe("the keeper's commands", () => {
  let world: KeeperWorld;
  let folder: string;
  let positions: readonly bigint[];
  let printed: string[];

  const print = (text: string) => printed.push(text);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "bulkhead-commands-"));
    world = await startKeeperWorld(LIFETIME_MS);
    positions = await openPositions(world, [longTo(1900n), longTo(1700n)]);
  }).timeout(30_000);

  after(async () => {
    await world.node.stop();
    await rm(folder, { recursive: true });
  });

  beforeEach(() => {
    printed = [];
  });

  function config(settings: Readonly<Record<string, string>> = {}) {
    return keeperConfig({
      BULKHEAD_RPC_URL: world.node.rpcUrl,
      BULKHEAD_MARKETS: world.contracts.addresses.marginVault,
      BULKHEAD_UNLOCKED_ACCOUNT: world.cast.keeper,
      BULKHEAD_STORE: join(folder, "keeper.sqlite"),
      ...settings,
    });
  }

  describe("doctor", () => {
    it("finds nothing wrong with what is right", async () => {
      expect(await doctor(config(), print)).to.equal(0);
      expect(printed.filter((line) => line.startsWith("FAIL"))).to.deep.equal([]);
      expect(printed.at(-1)).to.equal("All is well.");
    });

    it("names everything that is wrong, and what to do", async () => {
      const wrong = config({
        BULKHEAD_RPC_URL: `${world.node.rpcUrl},http://127.0.0.1:1`,
        BULKHEAD_MARKETS: world.token,
        BULKHEAD_MIN_BALANCE: "1000000",
        BULKHEAD_STORE: join(folder, "missing", "keeper.sqlite"),
      });
      expect(await doctor(wrong, print)).to.equal(1);
      const failed = printed.filter((line) => line.startsWith("FAIL"));
      for (const what of ["127.0.0.1:1", "MarginVault", "Send it more", "store"]) {
        expect(
          failed.some((line) => line.includes(what)),
          what,
        ).to.equal(true);
      }
    });

    it("names a node of a public chain whose newest block is old", async () => {
      const proxy = await startFaultProxy(world.node.rpcUrl);
      // The block is of 2023; 42,161 is Arbitrum One.
      for (const method of ["eth_chainId", "net_version"]) {
        proxy.fault(on(method, { kind: "answer", result: "0xa4b1" }));
      }
      await doctor(config({ BULKHEAD_RPC_URL: proxy.url }), print);
      await proxy.close();
      const [node = ""] = printed;
      expect(node).to.match(
        /^FAIL {2}node .* Wait until it follows the chain, or use another node/,
      );
    });
  });

  describe("explain", () => {
    it("tells why a healthy position is left alone", async () => {
      await setPrice(world, 2000n);
      expect(await explain(config(), String(positions[1]), print)).to.equal(0);
      expect(printed[0]).to.include("leave it: equity covers the maintenance margin");
    });

    it("tells what a liquidation would do", async () => {
      await setPrice(world, 1895n);
      await explain(config(), String(positions[0]), print);
      expect(printed[0]).to.include("decision: liquidate");
    });

    it("tells that a position is not open", async () => {
      await explain(config(), "999999", print);
      expect(printed[0]).to.include("is not open");
    });
  });

  describe("dry-run", () => {
    it("decides without a key, and sends nothing", async () => {
      await setPrice(world, 1895n);
      const keeper = await openKeeper(world, {
        BULKHEAD_RPC_URL: world.node.rpcUrl,
        BULKHEAD_STORE: join(folder, "keeper.sqlite"),
      });
      const keyless = await openKeeper(
        world,
        { BULKHEAD_RPC_URL: world.node.rpcUrl, BULKHEAD_UNLOCKED_ACCOUNT: "" },
        true,
      );
      await keyless.turn();
      expect(keyless.lines.filter(({ msg }) => msg === "decided")).to.have.length(1);
      expect(keyless.lines.find(({ msg }) => msg === "decided")).to.deep.include({
        outcome: "would send",
        action: "liquidate",
        subject: String(positions[0]),
      });
      expect((await world.contracts.marginVault.position(positions[0] ?? 0n)).size).to.equal(
        10n ** 18n,
      );
      await keeper.turn();
      await Promise.all([keeper.close(), keyless.close()]);
    });
  });

  describe("status", () => {
    it("tells what the store knows without a node", async () => {
      const offline = config({ BULKHEAD_RPC_URL: "http://127.0.0.1:1" });
      expect(await status(offline, print)).to.equal(0);
      const all = printed.join("\n");
      expect(all).to.match(/keeper\/31337\/0x[0-9a-f]{40}: block \d+/);
      expect(all).to.include("1 open");
    });
  });

  describe("the fee for data", () => {
    const call = { to: GAS_PRICE_ORACLE, data: "0x1234", gasLimit: 100_000n };

    it("is none on a chain of its own", async () => {
      expect(await detectDataFee(world.provider)).to.equal("none");
      expect(await readDataFee(world.provider, "none", call)).to.equal(0n);
    });

    it("is what the OP stack's oracle says", async () => {
      await ask(world.provider, "anvil_setCode", [GAS_PRICE_ORACLE, answering(12_345n)]);
      expect(await detectDataFee(world.provider)).to.equal("op");
      expect(await readDataFee(world.provider, "op", call)).to.equal(12_345n);
      await ask(world.provider, "anvil_setCode", [GAS_PRICE_ORACLE, "0x"]);
    });

    it("is part of the gas on Arbitrum, and nothing besides", async () => {
      await ask(world.provider, "anvil_setCode", [ARB_GAS_INFO, answering(1n)]);
      await ask(world.provider, "anvil_setCode", [NODE_INTERFACE, answering(777n, 1n, 1n)]);
      expect(await detectDataFee(world.provider)).to.equal("arbitrum");
      expect(await readDataFee(world.provider, "arbitrum", call)).to.equal(0n);
      expect(await readDataGas(world.provider, "arbitrum", call)).to.equal(777n);
      await ask(world.provider, "anvil_setCode", [ARB_GAS_INFO, "0x"]);
    });

    it("29: keeps a small position waiting when it rises twentyfold", async () => {
      // 0.0001 of the gas token: 0.2, and 1.1 for the gas; twenty times the fee is 4. The two positions pay 4.27.
      const fee = 10n ** 14n;
      const openWith = async (wei: bigint) => {
        await ask(world.provider, "anvil_setCode", [GAS_PRICE_ORACLE, answering(wei)]);
        const keeper = await openKeeper(world, {
          BULKHEAD_RPC_URL: world.node.rpcUrl,
          BULKHEAD_NATIVE_PRICE: "2000",
        });
        await ask(world.provider, "anvil_setNextBlockBaseFeePerGas", ["0x1"]);
        await setPrice(world, 1700n);
        await setPrice(world, 1695n);
        await keeper.turn();
        const { outcome } = keeper.lines.find(({ msg }) => msg === "decided") ?? {};
        await keeper.close();
        return outcome;
      };
      expect(await openWith(20n * fee)).to.equal("held");
      expect(await openWith(fee)).to.equal("sent");
      await ask(world.provider, "anvil_setCode", [GAS_PRICE_ORACLE, "0x"]);
    });
  });

  describe("the price of the gas token", () => {
    it("is what a proxy says, in eighteen decimals", async () => {
      // The feed of the index: 1,695 in eight decimals.
      const source = provingSource(world.contracts.source);
      if (source.kind !== "push") throw new Error("The market has no feed.");
      const price = await readNativePrice(world.provider, source.indexFeed);
      expect(price).to.equal(1695n * 10n ** 18n);
    });
  });
});

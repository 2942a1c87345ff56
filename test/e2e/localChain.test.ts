import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { encryptKeystoreJson, Wallet } from "ethers";
import { readHead } from "../../scripts/chain/blocks.ts";
import { openPool } from "../../scripts/chain/contracts.ts";
import { KeyError, LogGapError, ReorgError, RpcError } from "../../scripts/chain/failures.ts";
import { MarketReader } from "../../scripts/chain/marketReader.ts";
import { ask, connectNode, type Node } from "../../scripts/chain/provider.ts";
import { openSender } from "../../scripts/chain/signer.ts";
import { encodeMint } from "../../scripts/chain/token.ts";
import { type Patience, sendAndConfirm } from "../../scripts/chain/transactions.ts";
import { deployMarket } from "../../scripts/localnet/deployMarket.ts";
import { type LocalNode, startNode } from "../../scripts/localnet/node.ts";
import {
  approve,
  mineAt,
  tickBySeconds,
  transact,
  type World,
} from "../../scripts/localnet/world.ts";
import { onDeployableCode } from "../fixtures/deployable.ts";

const DEPOSIT = 1_000_000_000n;
const PATIENCE_MS = 60_000;

const patience: Patience = {
  deadlineMs: 10_000,
  pollMs: 20,
  bumpMs: 5_000,
  now: () => performance.now(),
  sleep: async (ms) => {
    await sleep(ms);
  },
};

/** The failure of a promise. */
async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (cause) {
    return cause;
  }
  throw new Error("It did not fail.");
}

describe("on a local chain", () => {
  onDeployableCode("a market on another node", define);
});

function define() {
  let node: LocalNode;
  let provider: Node;
  let world: World;

  before(async () => {
    node = await startNode({ timestamp: 1_700_000_000, accounts: 6, lifetimeMs: PATIENCE_MS });
    provider = await connectNode({ rpcUrl: node.rpcUrl, timeoutMs: 5_000 });
    await tickBySeconds(provider);
    world = await deployMarket(provider, { providers: 2 });
  }).timeout(PATIENCE_MS);

  after(async () => {
    await node.stop();
  });

  /** Asks for shares, which writes one numbered log. */
  async function requestDeposit(): Promise<void> {
    const [owner = ""] = world.cast.providers;
    const { liquidityVault } = world.contracts.addresses;
    await transact(provider, world.cast.deployer, {
      to: world.token,
      data: encodeMint(owner, DEPOSIT),
    });
    await approve(world, owner, liquidityVault);
    const pool = openPool(provider, liquidityVault);
    const data = pool.interface.encodeFunctionData("requestDeposit", [DEPOSIT, owner, owner]);
    await transact(provider, owner, { to: liquidityVault, data });
  }

  describe("MarketReader", () => {
    it("notices logs that a node leaves out, keeps nothing of them, and reads them again", async () => {
      let dropping = false;
      const lossy = new Proxy(provider, {
        get: (target, key) => {
          if (key === "getLogs" && dropping) return async () => [];
          const value: unknown = Reflect.get(target, key);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      const { contracts } = world;
      const reader = new MarketReader({ provider: lossy, contracts, fromBlock: 0, logRange: 7 });
      await reader.advance(await readHead(provider));
      await requestDeposit();
      dropping = true;
      const head = await readHead(provider);
      expect(await failureOf(reader.advance(head))).to.be.instanceOf(LogGapError);
      expect(reader.state.deposits.size).to.equal(0);
      dropping = false;
      await reader.advance(head);
      expect([...reader.state.deposits]).to.deep.equal([1n]);
    });

    it("does not believe a head that moves back", async () => {
      const { contracts } = world;
      const reader = new MarketReader({ provider, contracts, fromBlock: 0, logRange: 2000 });
      const head = await readHead(provider);
      await mineAt(provider);
      await reader.advance(await readHead(provider));
      expect(await failureOf(reader.advance(head))).to.be.instanceOf(RpcError);
    });

    it("builds its state anew when the chain was reorganised", async () => {
      const { contracts } = world;
      const reader = new MarketReader({ provider, contracts, fromBlock: 0, logRange: 2000 });
      const before = await ask<string>(provider, "evm_snapshot", []);
      await requestDeposit();
      await reader.advance(await readHead(provider));
      const known = reader.state.deposits.size;
      await ask(provider, "evm_revert", [before]);
      // Another history of the same length and one more.
      for (let blocks = 0; blocks < 4; blocks += 1) await mineAt(provider);
      const head = await readHead(provider);
      expect(await failureOf(reader.advance(head))).to.be.instanceOf(ReorgError);
      await reader.advance(head);
      expect(reader.state.deposits.size).to.equal(known - 1);
    });
  });

  describe("openSender", () => {
    let folder: string;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "bulkhead-"));
    });

    after(async () => {
      await rm(folder, { recursive: true });
    });

    it("opens a keystore with the password of a file, and sends with it", async () => {
      const wallet = Wallet.createRandom();
      const keystoreFile = join(folder, "keeper.json");
      const passwordFile = join(folder, "password.txt");
      // Cheap to open: this key is worth nothing.
      const keystore = await encryptKeystoreJson(
        { address: wallet.address, privateKey: wallet.privateKey },
        "open sesame",
        { scrypt: { N: 1024 } },
      );
      await writeFile(keystoreFile, keystore);
      await writeFile(passwordFile, "open sesame\n");
      await ask(provider, "anvil_setBalance", [wallet.address, "0xde0b6b3a7640000"]);
      const sender = await openSender(provider, { kind: "keystore", keystoreFile, passwordFile });
      const call = { to: wallet.address, data: "0x", gasLimit: 21_000n };
      const outcome = await sendAndConfirm(sender, call, patience);
      expect(outcome.kind).to.equal("mined");

      await writeFile(passwordFile, "close sesame");
      const failure = await failureOf(
        openSender(provider, { kind: "keystore", keystoreFile, passwordFile }),
      );
      expect(failure).to.be.instanceOf(KeyError);
      expect(String(failure)).to.not.include("sesame");
    });

    it("refuses an account that the node does not hold", async () => {
      const { address: account } = Wallet.createRandom();
      const failure = await failureOf(openSender(provider, { kind: "unlocked", account }));
      expect(failure).to.be.instanceOf(KeyError);
    });
  });
}

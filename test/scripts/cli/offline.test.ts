import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { Transaction, Wallet } from "ethers";
import { network } from "hardhat";
import { KeyError } from "../../../scripts/chain/failures.ts";
import { openPersonSigner, readSigned, toRequest } from "../../../scripts/chain/personSigner.ts";
import { deployMarket, type MarketFixture } from "../../fixtures/market.ts";
import { type RpcServer, serveRpc } from "../../fixtures/rpcServer.ts";
import { newFolder, runAs } from "./fakeIo.ts";

describe("signing without a network", () => {
  let market: MarketFixture;
  let server: RpcServer;
  let other: RpcServer;
  let folder: string;
  let env: Record<string, string>;
  const path = (name: string) => join(folder, name);
  const run = (...args: readonly string[]) => runAs({ env }, ...args);

  before(async () => {
    market = await deployMarket(await network.create());
    server = await serveRpc(market.connection);
    other = await serveRpc(await network.create({ override: { chainId: 7 } }));
    folder = await newFolder();
    await writeFile(path("password"), "only for tests\n");
    await writeFile(path("wrong"), "something else\n");
    const keystore = "carol.json";
    const settings = {
      network: "test",
      key: "carol",
      networks: {
        test: { rpcUrl: server.url, markets: { eth: String(market.marginVault.target) } },
        other: { rpcUrl: other.url },
      },
      keys: {
        carol: { keystore, passwordFile: "password" },
        forgetful: { keystore, passwordFile: "wrong" },
      },
    };
    await writeFile(path("config.json"), JSON.stringify(settings));
    env = { BULKHEAD_CONFIG: path("config.json") };
  });

  after(async () => {
    await Promise.all([server.stop(), other.stop()]);
    await rm(folder, { recursive: true });
  });

  it("makes a key that nobody sees, and overwrites none", async () => {
    const args = [
      "key",
      "new",
      "--keystore",
      path("carol.json"),
      "--password-file",
      path("password"),
    ];
    const { code, printed } = await run(...args);
    expect(code).to.equal(0);
    const stored = await readFile(path("carol.json"), "utf8");
    const wallet = await Wallet.fromEncryptedJson(stored, "only for tests");
    expect(printed).to.include(wallet.address);
    expect(printed + stored).not.to.include(wallet.privateKey.slice(2));
    expect((await run(...args)).code).to.equal(7);
    await market.connection.networkHelpers.setBalance(wallet.address, 10n ** 18n);
    await market.token.mint(wallet.address, 10_000n * 10n ** 6n);
  });

  it("builds, signs and sends, and each checks the one before", async () => {
    const open = ["open", "--side", "short", "--size", "1", "--margin", "200", "--reserve", "500"];
    expect((await run("build-tx", path("u.json"), ...open)).code).to.equal(0);
    expect(await market.orderBook.orderCount()).to.equal(0n);

    const built = await readFile(path("u.json"), "utf8");
    // Somebody else's spender in the call data.
    await writeFile(
      path("changed.json"),
      built.replace(/("data": "0x095ea7b3.{24}).{8}/, "$1deadbeef"),
    );
    const sign = ["--output", path("s.json"), "--yes"];
    const changed = await run("sign", path("changed.json"), ...sign);
    expect(changed.code).to.equal(2);
    expect(changed.noted).to.include("is not what its hash says");
    expect((await run("sign", path("u.json"), ...sign, "--key", "forgetful")).code).to.equal(7);
    expect((await run("sign", path("u.json"), "--output", path("s.json"))).code).to.equal(5);

    // No network: nothing answers where the settings point.
    await writeFile(
      path("air.json"),
      JSON.stringify({ keys: { carol: { keystore: "carol.json", passwordFile: "password" } } }),
    );
    const signed = await runAs(
      { env: {} },
      "sign",
      path("u.json"),
      ...sign,
      "--config",
      path("air.json"),
    );
    expect(signed.code).to.equal(0);
    expect(signed.printed).to.include("let the MarginVault take 200.5 USDC");

    const elsewhere = await run("broadcast", path("s.json"), "--network", "other");
    expect(elsewhere.code).to.equal(2);
    expect(elsewhere.noted).to.include('signed for chain "31337", the node is on "7"');

    const {
      transactions,
      signed: raws,
      ...rest
    } = JSON.parse(await readFile(path("s.json"), "utf8"));
    const swapped = { ...rest, transactions, signed: [...raws].reverse() };
    await writeFile(path("swapped.json"), JSON.stringify(swapped));
    const mixed = await run("broadcast", path("swapped.json"));
    expect(mixed.code).to.equal(2);
    expect(mixed.noted).to.include("is not what is written there");

    expect((await run("broadcast", path("s.json"))).code).to.equal(0);
    expect(await market.orderBook.orderCount()).to.equal(1n);
    const again = await run("broadcast", path("s.json"));
    expect(again.code).to.equal(2);
    expect(again.noted).to.include(`signed with nonce "0", the account's next is "2"`);
  });
});

describe("a remote signer", () => {
  const wallet = Wallet.createRandom();
  const asked = {
    chainId: 31_337n,
    from: wallet.address,
    nonce: 3,
    to: `0x${"12".repeat(20)}`,
    data: "0x12345678",
    value: 0n,
    gasLimit: 100_000n,
    maxFeePerGas: 10n,
    maxPriorityFeePerGas: 1n,
  };
  let remote: Server;
  let url = "";
  let change: object = {};

  /** Stands in for Clef or web3signer: signs what it is asked, with or without a change of its own. */
  before(async () => {
    remote = createServer((request, response) => {
      void text(request).then(async (body) => {
        const { id, params } = JSON.parse(body);
        const { gas, from: _, ...fields } = params[0];
        const transaction = Transaction.from({
          ...fields,
          type: 2,
          gasLimit: gas,
          nonce: Number(fields.nonce),
          ...change,
        });
        const result = { raw: await wallet.signTransaction(transaction) };
        response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
      });
    });
    await new Promise<void>((resolve) => remote.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(remote.address() as AddressInfo).port}`;
  });

  after(() => {
    remote.closeAllConnections();
    remote.close();
  });

  const sign = async () => {
    const key = { kind: "remote", url, account: wallet.address } as const;
    const signer = await openPersonSigner(key, async () => "");
    return signer.sign(toRequest(asked));
  };

  it("is refused when it signs something else", async () => {
    change = { data: "0x87654321" };
    const failure = await sign().catch((cause: unknown) => cause);
    expect(failure).to.be.instanceOf(KeyError);
  });

  it("signs what it is asked to", async () => {
    change = {};
    const signed = readSigned(await sign());
    expect(signed.from).to.equal(wallet.address);
    expect(signed.data).to.equal(asked.data);
    expect(signed.nonce).to.equal(3);
  });
});

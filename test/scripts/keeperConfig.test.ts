import { expect } from "chai";

import { ConfigError, keeperConfig, printableConfig } from "../../scripts/config/keeper.ts";

const MARKET = `0x${"ab".repeat(20)}`;
const ACCOUNT = `0x${"cd".repeat(20)}`;

const KEYSTORE = {
  BULKHEAD_RPC_URL: "https://node.example/v2/secret-key",
  BULKHEAD_MARKETS: MARKET,
  BULKHEAD_KEYSTORE: "keeper.json",
  BULKHEAD_PASSWORD_FILE: "password.txt",
};

const UNLOCKED = {
  BULKHEAD_RPC_URL: "http://127.0.0.1:8545",
  BULKHEAD_MARKETS: MARKET,
  BULKHEAD_UNLOCKED_ACCOUNT: ACCOUNT,
};

function problemsOf(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  try {
    keeperConfig(env);
  } catch (cause) {
    if (cause instanceof ConfigError) return cause.problems;
    throw cause;
  }
  throw new Error("The settings were accepted.");
}

describe("keeperConfig", () => {
  describe("given nothing", () => {
    it("tells every missing setting at once, and what to set", () => {
      const problems = problemsOf({});
      expect(problems).to.have.length(3);
      expect(problems[0]).to.match(/BULKHEAD_RPC_URL is missing/);
      expect(problems[1]).to.match(/BULKHEAD_MARKETS is missing/);
      expect(problems[2]).to.match(/BULKHEAD_KEYSTORE/);
    });
  });

  for (const name of [
    "BULKHEAD_PRIVATE_KEY",
    "BULKHEAD_MNEMONIC",
    "BULKHEAD_PASSWORD",
    "BULKHEAD_STREAMS_API_KEY",
    "BULKHEAD_STREAMS_USER_SECRET",
  ]) {
    it(`refuses ${name}, and does not repeat its value`, () => {
      const problems = problemsOf({ ...KEYSTORE, [name]: "hush" });
      expect(problems).to.have.length(1);
      expect(problems[0]).to.include(name).and.not.include("hush");
    });
  }

  it("refuses an unlocked account of a node that is not on this machine", () => {
    const problems = problemsOf({ ...UNLOCKED, BULKHEAD_RPC_URL: "https://node.example" });
    expect(problems).to.deep.equal([
      "BULKHEAD_UNLOCKED_ACCOUNT is for a node on this machine. Use BULKHEAD_KEYSTORE elsewhere.",
    ]);
  });

  it("refuses two keys", () => {
    expect(problemsOf({ ...UNLOCKED, BULKHEAD_KEYSTORE: "keeper.json" })).to.have.length(1);
  });

  it("refuses a keystore without the file of its password", () => {
    const problems = problemsOf({ ...KEYSTORE, BULKHEAD_PASSWORD_FILE: undefined });
    expect(problems[0]).to.match(/BULKHEAD_PASSWORD_FILE is missing/);
  });

  for (const url of ["node.example", "ws://127.0.0.1:8545", "file:///etc/passwd"]) {
    it(`refuses the node address "${url}"`, () => {
      expect(problemsOf({ ...KEYSTORE, BULKHEAD_RPC_URL: url })).to.have.length(1);
    });
  }

  it("refuses a market that is no address", () => {
    const problems = problemsOf({ ...KEYSTORE, BULKHEAD_MARKETS: `${MARKET},0x12` });
    expect(problems[0]).to.match(/BULKHEAD_MARKETS must be an address/);
  });

  for (const text of ["", "-1", "1e3", "0x10", "ten", "9"]) {
    const expected = text === "" ? "falls back where" : "refuses";
    it(`${expected} the polling interval is "${text}"`, () => {
      const env = { ...UNLOCKED, BULKHEAD_POLL_MS: text };
      if (text === "") expect(keeperConfig(env).pollMs).to.equal(500);
      else expect(problemsOf(env)).to.have.length(1);
    });
  }

  describe("given a keystore", () => {
    it("reads everything, with usual values for the rest", () => {
      expect(keeperConfig({ ...KEYSTORE, PATH: "/bin" })).to.deep.include({
        rpcUrl: ["https://node.example/v2/secret-key"],
        markets: [MARKET],
        fromBlock: 0,
        key: { kind: "keystore", keystoreFile: "keeper.json", passwordFile: "password.txt" },
        housekeepingKey: undefined,
        feeReceiver: undefined,
        store: "bulkhead-keeper.sqlite",
        pollMs: 500,
        rpcTimeoutMs: 5000,
        confirmTimeoutMs: 60_000,
        // 500 gwei and a twentieth of the gas token, both in 18 decimals.
        maxFeeGwei: 500n * 10n ** 18n,
        minBalance: 5n * 10n ** 16n,
        logRange: 2000,
        maxBatch: 20,
        streams: undefined,
        logLevel: "info",
      });
    });
  });

  describe("given several sources", () => {
    const yaml = `pollMs: 100\nmaxBatch: 30\nmarkets:\n  - '${MARKET}'\nlogRange: 5\n`;
    const { BULKHEAD_MARKETS: _, ...rest } = KEYSTORE;

    it("lets flags win over the environment, and that over the file", () => {
      const env = { ...rest, BULKHEAD_POLL_MS: "200", BULKHEAD_MAX_BATCH: "40" };
      const config = keeperConfig(env, { yaml, flags: { pollMs: "300" } });
      expect(config).to.deep.include({ pollMs: 300, maxBatch: 40, logRange: 5 });
      expect(config.markets).to.deep.equal([MARKET]);
    });

    const refused: readonly (readonly [title: string, yaml: string, says: string])[] = [
      ["a line of the file that sets nothing", "pollMS: 100", '"pollMS" is not a setting'],
      ["a file that is no YAML", "pollMs: 5\nmarkets: [1,2", "The file is no YAML: Flow sequence"],
      ["a file that holds a list", "- 1", "The file must hold settings"],
    ];
    for (const [title, yaml, says] of refused) {
      it(`refuses ${title}`, () => {
        let failure: unknown;
        try {
          keeperConfig(KEYSTORE, { yaml });
        } catch (cause) {
          failure = cause;
        }
        expect(failure).to.be.instanceOf(ConfigError);
        expect(String(failure)).to.include(says);
      });
    }

    it('takes "0" and "false" for what they are', () => {
      expect(keeperConfig({ ...KEYSTORE, BULKHEAD_HTTP_PORT: "0" }).httpPort).to.equal(0);
      expect(problemsOf({ ...KEYSTORE, BULKHEAD_LEASE: "false" })).to.deep.equal([
        "BULKHEAD_LEASE must be one of off, on.",
      ]);
    });
  });

  describe("given no key", () => {
    const { BULKHEAD_KEYSTORE: _, BULKHEAD_PASSWORD_FILE: __, ...keyless } = KEYSTORE;

    it("is enough for what sends nothing", () => {
      expect(keeperConfig(keyless, { keyless: true }).key).to.equal(undefined);
      expect(problemsOf(keyless)).to.have.length(1);
    });
  });

  it("refuses a lease that nobody else can see", () => {
    expect(problemsOf({ ...KEYSTORE, BULKHEAD_LEASE: "on" })[0]).to.match(/BULKHEAD_STORE/);
    const server = { BULKHEAD_LEASE: "on", BULKHEAD_STORE: "postgres://me:hush@db/keeper" };
    expect(keeperConfig({ ...KEYSTORE, ...server }).lease).to.equal("on");
  });

  describe("printableConfig", () => {
    it("shows what is in force, without secrets", () => {
      const store = { BULKHEAD_STORE: "postgres://me:hush@db/keeper" };
      const shown = printableConfig(keeperConfig({ ...KEYSTORE, ...store }));
      expect(shown).to.include("pollMs: 500").and.include("store: postgres://me:(not shown)@db");
      expect(shown).to.not.include("hush");
      expect(shown).to.not.include("secret-key");
    });
  });

  describe("given a local node", () => {
    it("takes an account of the node, and several markets", () => {
      const config = keeperConfig({ ...UNLOCKED, BULKHEAD_MARKETS: `${MARKET}, ${ACCOUNT}` });
      expect(config.key).to.deep.equal({ kind: "unlocked", account: ACCOUNT });
      expect(config.markets).to.deep.equal([MARKET, ACCOUNT]);
    });
  });

  describe("given a service of reports", () => {
    const STREAMS = {
      ...KEYSTORE,
      BULKHEAD_STREAMS_REST_URL: "https://api.example",
      BULKHEAD_STREAMS_WS_URLS: "wss://one.example, wss://two.example",
      BULKHEAD_STREAMS_CREDENTIALS: "streams.json",
    };

    it("reads it, with usual values for the rest", () => {
      expect(keeperConfig(STREAMS).streams).to.deep.equal({
        restUrl: "https://api.example",
        wsUrls: ["wss://one.example", "wss://two.example"],
        credentialsFile: "streams.json",
        timeoutMs: 5000,
        staleMs: 3000,
      });
    });

    for (const name of [
      "BULKHEAD_STREAMS_REST_URL",
      "BULKHEAD_STREAMS_WS_URLS",
      "BULKHEAD_STREAMS_CREDENTIALS",
    ]) {
      it(`refuses it without ${name}`, () => {
        const problems = problemsOf({ ...STREAMS, [name]: undefined });
        expect(problems).to.have.length(1);
        expect(problems[0]).to.match(/belong together/);
      });
    }

    it("refuses addresses of another kind", () => {
      expect(
        problemsOf({ ...STREAMS, BULKHEAD_STREAMS_WS_URLS: "https://one.example" }),
      ).to.have.length(1);
      expect(
        problemsOf({ ...STREAMS, BULKHEAD_STREAMS_REST_URL: "wss://one.example" }),
      ).to.have.length(1);
    });
  });
});

/** What a market is about to be deployed on, as its parameters have it. */
export interface NetworkPlan {
  /** Absent where the name of the network says nothing about it. */
  readonly chainId: bigint | undefined;
  /** What the market prices and in what, such as ETH and USDC. */
  readonly base: string;
  readonly quote: string;
  readonly collateralToken: string;
  readonly indexFeed: FeedPlan;
  readonly quoteFeed: FeedPlan | undefined;
  /** Absent on chains without a sequencer. */
  readonly sequencerFeed: string | undefined;
  /** Absent where reports are not planned. */
  readonly verifierProxy: string | undefined;
}

/** One push feed as planned. */
export interface FeedPlan {
  readonly proxy: string;
  /** [s] */
  readonly maxAge: bigint;
  /** In the feed's own units. */
  readonly minAnswer: bigint;
  readonly maxAnswer: bigint;
}

/** What a chain answers; `undefined` for what cannot be read. */
export interface NetworkSeen {
  readonly chainId: bigint;
  /** Time of the block that was read [s]. */
  readonly now: bigint;
  readonly token: TokenSeen;
  readonly indexFeed: FeedSeen;
  readonly quoteFeed: FeedSeen | undefined;
  readonly sequencerFeed: FeedSeen | undefined;
  readonly verifier: VerifierSeen | undefined;
}

/** A contract that may be none. */
interface ContractSeen {
  readonly hasCode: boolean;
}

/** The settlement token as it is. */
export interface TokenSeen extends ContractSeen {
  readonly symbol: string | undefined;
  readonly decimals: bigint | undefined;
}

/** A feed as it is. */
export interface FeedSeen extends ContractSeen {
  readonly description: string | undefined;
  readonly decimals: bigint | undefined;
  readonly latest:
    | { readonly answer: bigint; readonly startedAt: bigint; readonly updatedAt: bigint }
    | undefined;
  /** What the aggregator behind the proxy clamps answers to. */
  readonly bounds: { readonly min: bigint; readonly max: bigint } | undefined;
}

/** A verifier of signed reports as it is. */
export interface VerifierSeen extends ContractSeen {
  readonly typeAndVersion: string | undefined;
  /** The zero address where verifying is free. */
  readonly feeManager: string | undefined;
  /** The zero address where anybody may verify. */
  readonly accessController: string | undefined;
}

/** One thing that was looked at. */
export interface Finding {
  readonly subject: string;
  readonly check: string;
  readonly expected: string;
  readonly found: string;
  /** `note` is for a person to judge. */
  readonly verdict: "ok" | "off" | "note";
}

const UNREADABLE = "cannot be read";
const MOST_DECIMALS = 18n;
const NO_ADDRESS = /^0x0{40}$/;

/** Compare what is planned with what is there: one finding for each thing that was looked at. */
export function judgeNetwork(plan: NetworkPlan, seen: NetworkSeen): readonly Finding[] {
  const { now } = seen;
  return [
    ...judgeChain(plan, seen),
    ...judgeToken(plan, seen.token),
    ...judgeFeed("index feed", plan.indexFeed, { seen: seen.indexFeed, unit: plan.base, now }),
    ...(plan.quoteFeed === undefined
      ? []
      : judgeFeed("quote feed", plan.quoteFeed, { seen: seen.quoteFeed, unit: plan.quote, now })),
    ...(plan.sequencerFeed === undefined ? [] : judgeSequencer(seen.sequencerFeed)),
    ...(plan.verifierProxy === undefined ? [] : judgeVerifier(seen.verifier)),
  ];
}

function judgeChain({ chainId }: NetworkPlan, seen: NetworkSeen): readonly Finding[] {
  const about = { subject: "chain", check: "id", found: String(seen.chainId) };
  if (chainId === undefined) return [{ ...about, expected: "any", verdict: "note" }];
  return [{ ...about, expected: String(chainId), verdict: verdictOf(seen.chainId === chainId) }];
}

function judgeToken(plan: NetworkPlan, seen: TokenSeen): readonly Finding[] {
  const look = looker("token", seen);
  return [
    look("code", "present", seen.hasCode ? "present" : "none", seen.hasCode),
    look("symbol", plan.quote, seen.symbol, seen.symbol === plan.quote),
    look("decimals", "at most 18", seen.decimals, isUpTo(seen.decimals, MOST_DECIMALS)),
  ].flat();
}

interface FeedView {
  readonly seen: FeedSeen | undefined;
  readonly unit: string;
  /** [s] */
  readonly now: bigint;
}

function judgeFeed(
  subject: string,
  plan: FeedPlan,
  { seen = NOTHING, unit, now }: FeedView,
): readonly Finding[] {
  const { latest, bounds, description, decimals } = seen;
  const look = looker(subject, seen);
  const named = `${unit} / USD`;
  const age = latest === undefined ? undefined : now - latest.updatedAt;
  return [
    look("code", "present", seen.hasCode ? "present" : "none", seen.hasCode),
    look("description", named, description, description === named),
    look("decimals", "at most 18", decimals, isUpTo(decimals, MOST_DECIMALS)),
    look("newest answer", "above 0", latest?.answer, (latest?.answer ?? 0n) > 0n),
    look("age of it [s]", `at most ${plan.maxAge}`, age, isUpTo(age, plan.maxAge)),
    look(
      "least answer",
      `at most ${plan.minAnswer}`,
      bounds?.min,
      isUpTo(bounds?.min, plan.minAnswer),
    ),
    look(
      "largest answer",
      `at least ${plan.maxAnswer}`,
      bounds?.max,
      bounds !== undefined && bounds.max >= plan.maxAnswer,
    ),
  ].flat();
}

function judgeSequencer(seen: FeedSeen = NOTHING): readonly Finding[] {
  const { latest, description } = seen;
  const look = looker("sequencer feed", seen);
  const named = description !== undefined && /sequencer/i.test(description);
  const state = latest === undefined ? undefined : latest.answer === 0n ? "up" : "down";
  return [
    look("code", "present", seen.hasCode ? "present" : "none", seen.hasCode),
    look("description", "names a sequencer", description, named),
    look("state", "up", state, state === "up"),
    look("up since [s]", "known", latest?.startedAt, (latest?.startedAt ?? 0n) > 0n),
  ].flat();
}

function judgeVerifier(seen: VerifierSeen = NO_VERIFIER): readonly Finding[] {
  const { typeAndVersion, feeManager, accessController } = seen;
  const look = looker("streams verifier", seen);
  const known = typeAndVersion?.startsWith("VerifierProxy ") === true;
  const open = accessController !== undefined && NO_ADDRESS.test(accessController);
  const [access] = look("access controller", "none", accessController, open);
  return [
    look("code", "present", seen.hasCode ? "present" : "none", seen.hasCode),
    look("type and version", "VerifierProxy …", typeAndVersion, known),
    look("fee manager", "readable", feeManager, feeManager !== undefined),
    // Whether a controller lets a contract in that is not there yet, nobody can tell.
    access === undefined || accessController === undefined || open
      ? (access ?? [])
      : { ...access, verdict: "note" as const },
  ].flat();
}

type Look = (check: string, expected: string, found: unknown, right: boolean) => readonly Finding[];

/** Where there is no contract, nothing but that is said of it. */
function looker(subject: string, { hasCode }: ContractSeen): Look {
  return (check, expected, found, right) =>
    hasCode || check === "code"
      ? [
          {
            subject,
            check,
            expected,
            found: found === undefined ? UNREADABLE : String(found),
            verdict: verdictOf(right),
          },
        ]
      : [];
}

function isUpTo(value: bigint | undefined, most: bigint): boolean {
  return value !== undefined && value <= most;
}

function verdictOf(right: boolean): "ok" | "off" {
  return right ? "ok" : "off";
}

const NOTHING: FeedSeen = {
  hasCode: false,
  description: undefined,
  decimals: undefined,
  latest: undefined,
  bounds: undefined,
};

const NO_VERIFIER: VerifierSeen = {
  hasCode: false,
  typeAndVersion: undefined,
  feeManager: undefined,
  accessController: undefined,
};

import { AbiCoder, type ErrorFragment, Interface, isError, type Result } from "ethers";

import { interfaces, libraries } from "../../types/ethers-contracts/factories/contracts/index.ts";
import { BulkheadError } from "../core/errors.ts";
import { errorValueText } from "./errorValues.ts";
import { ContractError, NonceError, RpcError } from "./failures.ts";

/** A custom error as the contracts threw it. */
export interface DecodedError {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** What happened and what to do, for a person. */
  readonly sentence: string;
}

/** What to do about the errors that people meet; others are told by name and values. */
const ADVICE: Readonly<Record<string, string>> = {
  CancelTooEarly: "A market order can only be cancelled once its window has passed.",
  CancelTooLate: "The request is already due: it will be fulfilled.",
  CapNotReached: "The gain at the fill price is still below the reserve.",
  CoolingOff: "It was liquidated in part a moment ago. Try again after the pause.",
  ExecutionWindowPassed: "It can only be cancelled now.",
  ExpiryInPast: "Choose a later expiry.",
  IncreasesStopped:
    "Opening and increasing is stopped for a while. Closing and adding margin work.",
  InitialMarginNotMet: "Add margin, or make the position smaller.",
  InsufficientGas: "Send the transaction with more gas, or with fewer items.",
  KeeperFeeTooSmall: "Offer the keeper more.",
  MandateOutOfBounds: "Choose a value between lower and upper.",
  MarginBelowFees: "Add margin.",
  MarginExceeded: "Take out less.",
  MarginRatioFalls: "Add margin, or close more of it.",
  MarketLocked: "Another call into the market is under way.",
  MarketOrderPending: "Wait until the order is executed or cancelled.",
  NotAuthorized: "Use the key of the owner or of an operator.",
  NothingExecuted: "No order of the batch was due at this price.",
  NothingLiquidated: "No position of the batch could be liquidated at this price.",
  NothingToClaim: "There is nothing to claim.",
  NotionalTooSmall: "Trade a larger size.",
  OpenInterestExceeded: "Trade less, or wait until others close.",
  OrderNotFound: "It was executed or cancelled already.",
  PositionAtCap: "It has won its whole reserve: close it, or let it be settled.",
  PositionCapped: "It reached its cap: settle it instead.",
  PositionHealthy: "Its equity covers the maintenance margin.",
  PositionNotFound: "It is not open.",
  PriceDoesNotCover: "Another round serves this order.",
  PriceNotAcceptable: "The fill price is worse than the order accepts.",
  PriceNotNewEnough: "The market has already used a newer price.",
  RequestTooSmall: "Ask for at least the smallest request.",
  ReserveOutOfBounds: "Choose a reserve between lower and upper.",
  SequencerGracePeriod: "Wait until the grace period has passed.",
  SignFlips: "Close at most what is open, and open the other side by an order of its own.",
  TermsNotOffered: "The terms have changed. Look at them, and ask again.",
  TriggerNotReached: "The price has not reached the trigger.",
  UtilizationExceeded: "The pool has too little free liquidity. Ask for less reserve.",
};

/** How nodes say that a call itself failed. */
const REFUSALS = /revert|out of gas|invalid opcode|invalid jump|stack (over|under)flow/i;

/** Errors that the compiler and plain `revert` use. */
const BUILT_IN = ["error Error(string message)", "error Panic(uint256 code)"];

/** Every custom error of every interface and library, by selector. */
const TABLE: ReadonlyMap<string, ErrorFragment> = errorTable();

/** Return the names of all errors that can be decoded. */
export function knownErrors(): readonly string[] {
  return [...TABLE.values()].map((fragment) => fragment.name);
}

/** Decode revert data; `undefined` when it is empty or of an unknown kind. */
export function decodeRevert(data: string): DecodedError | undefined {
  const fragment = TABLE.get(data.slice(0, 10));
  if (fragment === undefined) return undefined;
  const values = AbiCoder.defaultAbiCoder().decode(fragment.inputs, `0x${data.slice(10)}`);
  const args = namedArguments(fragment, values);
  return { name: fragment.name, args, sentence: sentenceOf(fragment.name, args) };
}

/**
 * Turn whatever a call threw into a failure with a class.
 *
 * A failure of the account's state or of a contract never looks like a failure of the node.
 */
export function toBulkheadError(what: string, cause: unknown): BulkheadError {
  if (cause instanceof BulkheadError) return cause;
  if (isError(cause, "CALL_EXCEPTION")) {
    // A node that fails is no contract that refuses: without data, its words decide.
    const refused = cause.data !== null || REFUSALS.test(sayingOf(cause));
    return refused ? refusal(what, cause.data, cause) : new RpcError(what, cause);
  }
  if (isError(cause, "NONCE_EXPIRED") || isError(cause, "REPLACEMENT_UNDERPRICED")) {
    return new NonceError(cause.shortMessage, cause);
  }
  const text = nodeMessage(cause);
  if (/nonce too low|nonce too high|replacement transaction underpriced/i.test(text)) {
    return new NonceError(text, cause);
  }
  return new RpcError(what, cause);
}

/**
 * Call the node or a contract, so that whatever goes wrong has a class.
 *
 * @throws RpcError, NonceError or ContractError.
 */
export async function calling<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw toBulkheadError(what, cause);
  }
}

function refusal(what: string, data: string | null, cause: Error): ContractError {
  const decoded = data === null ? undefined : decodeRevert(data);
  if (decoded !== undefined) {
    return new ContractError({
      errorName: decoded.name,
      args: decoded.args,
      message: `"${what}" was refused. ${decoded.sentence}`,
      cause,
    });
  }
  return new ContractError({
    errorName: "Unknown",
    args: { data },
    message: `"${what}" was refused without a reason that is known. Check gas and addresses.`,
    cause,
  });
}

function errorTable(): ReadonlyMap<string, ErrorFragment> {
  const table = new Map<string, ErrorFragment>();
  const factories = [...Object.values(interfaces), ...Object.values(libraries)];
  for (const abi of [BUILT_IN, ...factories.map((factory) => factory.abi)]) {
    new Interface(abi).forEachError((fragment) => {
      table.set(fragment.selector, fragment);
    });
  }
  return table;
}

function namedArguments(fragment: ErrorFragment, values: Result): Record<string, unknown> {
  return Object.fromEntries(
    fragment.inputs.map((input, index) => [
      input.name === "" ? String(index) : input.name,
      nested(values[index]),
    ]),
  );
}

/** An error inside an error, as batches wrap them, is told as itself. */
function nested(value: unknown): unknown {
  if (typeof value !== "string" || value.length < 10 || (value.length - 10) % 64 !== 0) {
    return value;
  }
  return decodeRevert(value) ?? value;
}

function sentenceOf(name: string, args: Readonly<Record<string, unknown>>): string {
  const values = Object.entries(args).map(([key, value]) => {
    const text = isDecoded(value) ? value.sentence : errorValueText(name, key, value);
    return `${key} "${text}"`;
  });
  const facts = values.length === 0 ? name : `${name}: ${values.join(", ")}`;
  const advice = ADVICE[name];
  return advice === undefined ? `${facts}.` : `${facts}. ${advice}`;
}

function isDecoded(value: unknown): value is DecodedError {
  return typeof value === "object" && value !== null && "sentence" in value;
}

/** What the node said, without the words that ethers adds. */
function sayingOf(cause: Error & { readonly info?: unknown }): string {
  const { error } = (cause.info ?? {}) as { readonly error?: { readonly message?: string } };
  return error?.message ?? cause.message;
}

function nodeMessage(cause: unknown): string {
  if (isError(cause, "UNKNOWN_ERROR")) return `${cause.shortMessage} ${JSON.stringify(cause.info)}`;
  return cause instanceof Error ? cause.message : String(cause);
}

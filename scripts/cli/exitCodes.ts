import { ContractError, KeyError } from "../chain/failures.ts";
import { CliConfigError } from "../config/cli.ts";
import { RetryableError } from "../core/errors.ts";
import {
  DeclinedError,
  InputError,
  OrderNotFilledError,
  TransactionRevertedError,
  WouldBeRefusedError,
} from "./errors.ts";

/** What an exit code means. */
export interface ExitCode {
  readonly code: number;
  readonly meaning: string;
}

/** Exit codes by class of failure. */
export const EXIT_CODES = {
  done: { code: 0, meaning: "done" },
  failed: {
    code: 1,
    meaning: "it failed in a way that no other code names; `doctor` found something",
  },
  settings: { code: 2, meaning: "an argument, option or setting is wrong: nothing was sent" },
  retry: { code: 3, meaning: "the node did not answer, or the nonce was taken: try again" },
  refused: { code: 4, meaning: "a contract refuses, or would: see the sentence and its remedy" },
  declined: { code: 5, meaning: "you said no, or could not be asked: nothing was sent" },
  notFilled: { code: 6, meaning: "the order was cancelled, or still waits: see `bulkhead orders`" },
  key: { code: 7, meaning: "the key does not open, or the signer refuses" },
  interrupted: { code: 130, meaning: "interrupted by Ctrl-C: what was sent stays sent" },
} as const satisfies Readonly<Record<string, ExitCode>>;

/** Return the exit code of a failure. */
export function exitCodeOf(cause: unknown): number {
  return classOf(cause).code;
}

function classOf(cause: unknown): ExitCode {
  if (cause instanceof CliConfigError || cause instanceof InputError) return EXIT_CODES.settings;
  if (cause instanceof DeclinedError) return EXIT_CODES.declined;
  if (cause instanceof OrderNotFilledError) return EXIT_CODES.notFilled;
  if (cause instanceof KeyError) return EXIT_CODES.key;
  if (isRefusal(cause)) return EXIT_CODES.refused;
  return cause instanceof RetryableError ? EXIT_CODES.retry : EXIT_CODES.failed;
}

function isRefusal(cause: unknown): boolean {
  return (
    cause instanceof ContractError ||
    cause instanceof WouldBeRefusedError ||
    cause instanceof TransactionRevertedError
  );
}

import { BulkheadError, FatalError, RetryableError } from "../core/errors.ts";

/** Thrown when the node does not answer, or answers nonsense. Says nothing about the chain's state. */
export class RpcError extends RetryableError {
  constructor(what: string, cause?: unknown) {
    super(`The node did not answer "${what}". Check that it runs; who is running asks again.`, {
      cause,
    });
  }
}

/** Thrown when the account's next nonce is not what was assumed. The node is fine. */
export class NonceError extends RetryableError {
  constructor(what: string, cause?: unknown) {
    super(`The nonce was taken: ${what}. It is read again.`, { cause });
  }
}

/** Thrown when logs are missing: the node answered, but not with everything. */
export class LogGapError extends RetryableError {
  readonly address: string;
  readonly expected: bigint;
  readonly actual: bigint;

  constructor(gap: {
    readonly address: string;
    readonly expected: bigint;
    readonly actual: bigint;
  }) {
    super(
      `A log of "${gap.address}" is missing: sequence "${gap.expected}" was expected, "${gap.actual}" came. The range is read again.`,
    );
    this.address = gap.address;
    this.expected = gap.expected;
    this.actual = gap.actual;
  }
}

/** Thrown when a block that was read is no longer part of the chain. */
export class ReorgError extends RetryableError {
  constructor(blockNumber: number) {
    super(`Block "${blockNumber}" was replaced. The state is built anew.`);
  }
}

/** Thrown when a node stands further back than what was read already: it lags, and says nothing new. */
export class LaggingNodeError extends RetryableError {
  constructor(answered: number, known: number) {
    super(
      `The node stands at block "${answered}", but "${known}" was read already. Nothing is taken back; it is asked again.`,
    );
  }
}

/** Thrown when more of the chain was replaced than can be taken back exactly. */
export class DeepReorgError extends RetryableError {
  constructor(depth: number) {
    super(
      `More than "${depth}" steps of the chain were replaced, and not enough nodes agree yet. Nothing is sent until they do; check the nodes.`,
    );
  }
}

/** Thrown when a contract refuses a call: which error, with its arguments by name. */
export class ContractError extends BulkheadError {
  readonly errorName: string;
  readonly args: Readonly<Record<string, unknown>>;

  constructor(refusal: {
    readonly errorName: string;
    readonly args: Readonly<Record<string, unknown>>;
    readonly message: string;
    readonly cause?: unknown;
  }) {
    super(refusal.message, { cause: refusal.cause });
    this.errorName = refusal.errorName;
    this.args = refusal.args;
  }
}

/** Thrown when an address holds no contract, or one of another kind. */
export class WrongContractError extends FatalError {
  constructor(address: string, what: string) {
    super(`"${address}" is not a ${what} on this chain. Check address and node.`);
  }
}

/** Thrown when the key cannot be opened. */
export class KeyError extends FatalError {}

/** Root of every failure this project names. */
export class BulkheadError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A failure that may pass by itself: the node, a nonce, a stale price. */
export class RetryableError extends BulkheadError {}

/** A failure that stays until somebody changes something. */
export class FatalError extends BulkheadError {}

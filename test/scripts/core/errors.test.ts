import { expect } from "chai";
import {
  ArithmeticOverflowError,
  BulkheadError,
  FatalError,
  MalformedAmountError,
  RetryableError,
} from "../../../scripts/core/errors.ts";

describe("errors", () => {
  it("carry their own name and keep the cause", () => {
    const cause = new Error("socket closed");
    const error = new RetryableError("The node did not answer. Try again.", { cause });
    expect(error).to.be.instanceOf(BulkheadError);
    expect(error.name).to.equal("RetryableError");
    expect(error.cause).to.equal(cause);
  });

  it("part what may pass from what stays", () => {
    const error = new ArithmeticOverflowError(256n, "uint8");
    expect(error).to.be.instanceOf(FatalError);
    expect(error).not.to.be.instanceOf(RetryableError);
    expect(error).to.include({ name: "ArithmeticOverflowError", value: 256n, type: "uint8" });
  });

  it("say what happened, with the value in quotes", () => {
    expect(new MalformedAmountError("1e5").message).to.include('"1e5"');
  });
});

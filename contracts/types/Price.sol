// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ProofKind} from "./ProofKind.sol";

/// @dev A verified price and the time it speaks for.
struct Price {
    /// @dev Index price [WAD quote per base]; never zero.
    uint256 value;
    /// @dev First second that this price covers [s]. After `observedAt` where it only came into force then, with a later
    /// round of its quote side: such a price covers no second.
    uint64 validFrom;
    /// @dev Second at which the price was observed [s]; the last second it covers.
    uint64 observedAt;
    /// @dev Last second in which no newer price was known: a push round stays in force until its successor, a signed
    /// report speaks for `observedAt` alone [s].
    uint64 validUntil;
    /// @dev Since when the chain's sequencer has been up [s]; 0 where there is none.
    uint64 upSince;
    /// @dev True where the price could not be held against its reference: it may only close positions.
    bool closingOnly;
    /// @dev What the price was proven by.
    ProofKind kind;
}

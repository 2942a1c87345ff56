// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FeedParameters} from "./FeedParameters.sol";

/// @dev Everything that defines a `ChainlinkStreamOracle`.
struct StreamOracleParameters {
    /// @dev Chainlink's VerifierProxy.
    address verifierProxy;
    /// @dev Feed of schema v3 that prices the base unit; begins with 0x0003.
    bytes32 feedId;
    /// @dev Largest (ask − bid) ÷ price of a report that is believed [WAD].
    uint256 maxSpread;
    /// @dev Oldest that a report may be to be the price of now [s].
    uint64 spotMaxAge;
    /// @dev Oldest that the newest verified price may be to be shown without a report [s].
    uint64 latestMaxAge;
    /// @dev Push feed that prices the settlement token in the same unit; a zero proxy leaves it out.
    FeedParameters quote;
    /// @dev Proxy of the chain's sequencer uptime feed; zero on chains without a sequencer.
    address sequencerFeed;
    /// @dev How far the price may stray before a new one is published: nothing for reports, the threshold of the quote
    /// feed [WAD].
    uint256 deviationThreshold;
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev One Chainlink push feed and when its answers are believed.
struct FeedParameters {
    /// @dev The aggregator proxy; zero where a composite has no quote side.
    address proxy;
    /// @dev Oldest a round may be: the heartbeat and a margin for its late arrival [s].
    uint64 maxAge;
    /// @dev Least answer that the current aggregator can report [feed units]. An answer at it is a bound, not a price.
    int256 minAnswer;
    /// @dev Largest answer that the current aggregator can report [feed units].
    int256 maxAnswer;
}

/// @dev Everything that defines a `ChainlinkFeedOracle`.
struct FeedOracleParameters {
    /// @dev Price of the base unit.
    FeedParameters index;
    /// @dev Price of the settlement token in the same unit as `index`; a zero proxy leaves it out.
    FeedParameters quote;
    /// @dev Proxy of the chain's sequencer uptime feed; zero on chains without a sequencer.
    address sequencerFeed;
    /// @dev How far the price may stray before a new round is published: the thresholds of both feeds together [WAD].
    uint256 deviationThreshold;
}

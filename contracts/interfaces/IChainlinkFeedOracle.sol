// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FeedParameters} from "../types/FeedParameters.sol";
import {ICommonErrors} from "./ICommonErrors.sol";
import {IFeedErrors} from "./IFeedErrors.sol";
import {IOracle} from "./IOracle.sol";
import {ISequencerFeed} from "./ISequencerFeed.sol";

/// @title IChainlinkFeedOracle
/// @notice An index price from Chainlink push feeds: one feed, or an index feed divided by a quote feed.
///
/// Notes:
/// - A proof is `abi.encode(uint80 indexRoundId, uint80 quoteRoundId)` of the proxies' current phases; without a quote
///   feed `quoteRoundId` is zero. {IOracle-spot} takes an empty proof.
/// - The index round decides which seconds a price covers. The quote is the round in force when the index round was
///   written.
/// - An index round also makes a price with each quote round that came while it was in force. Such a price covers no
///   second: its `validFrom`, when it came into force, is later than its `observedAt`, the time of the index round.
/// - A price stays in force while both its rounds do: it ends before the next round of either feed, with the first of
///   the two that grows older than its `maxAge`, and in any case before the second that is not over.
/// - The price is `index × 10^(18 + quoteDecimals − indexDecimals) ÷ quote`, rounded down to WAD; without a quote feed
///   it is exact.
/// - A round that only carries an older answer on, as a round that timed out does, is neither a price nor the end of
///   one.
/// - The grace period after a restart of the sequencer is the market's to keep: it is told `upSince`.
/// - Bounds belong to the aggregator behind the proxy at deployment. A deployer reads `aggregator()` of the proxy and
///   there `minAnswer()` and `maxAnswer()` (OCR) or `minSubmissionValue()` and `maxSubmissionValue()` (FluxAggregator).
///
/// Warning: Rounds must not change once written. OCR aggregators hold that; a FluxAggregator only where one submission
/// completes a round.
interface IChainlinkFeedOracle is IOracle, IFeedErrors, ISequencerFeed, ICommonErrors {
    /// @notice The feed that prices the base unit.
    /// @return feed The feed.
    function indexFeed() external view returns (FeedParameters memory feed);

    /// @notice The feed that prices the settlement token; its proxy is zero without one.
    /// @return feed The feed.
    function quoteFeed() external view returns (FeedParameters memory feed);
}

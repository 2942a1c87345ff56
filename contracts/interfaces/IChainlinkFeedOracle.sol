// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FeedParameters} from "../types/FeedParameters.sol";
import {ICommonErrors} from "./ICommonErrors.sol";
import {IOracle} from "./IOracle.sol";

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
interface IChainlinkFeedOracle is IOracle, ICommonErrors {
    /// @notice Thrown when bounds are negative or empty.
    error AnswerBoundsMalformed(address feed, int256 minAnswer, int256 maxAnswer);

    /// @notice Thrown when a proof is not of the form that the function takes.
    error ProofMalformed(bytes proof);

    /// @notice Thrown when a feed has no newest round to read, as an empty aggregator of a new phase.
    error FeedUnavailable(address feed);

    /// @notice Thrown when a round belongs to another phase than the current one.
    error PhaseNotCurrent(address feed, uint80 roundId, uint16 currentPhase);

    /// @notice Thrown when a feed does not have a round.
    error RoundNotFound(address feed, uint80 roundId);

    /// @notice Thrown when a round has no answer of its own.
    error RoundIncomplete(address feed, uint80 roundId, uint80 answeredInRound, uint256 updatedAt);

    /// @notice Thrown when a round claims to be written later than now.
    error RoundInFuture(address feed, uint80 roundId, uint256 updatedAt, uint256 timestamp);

    /// @notice Thrown when the second of a round is not over: another may follow in it.
    error RoundSecondNotOver(address feed, uint80 roundId, uint256 updatedAt);

    /// @notice Thrown when the next round was not written later: the later of one second counts.
    error RoundSuperseded(address feed, uint80 roundId, uint256 updatedAt, uint256 nextUpdatedAt);

    /// @notice Thrown when more rounds than are looked at lie between a round and the neighbour that bounds it.
    error NeighbourOutOfReach(address feed, uint80 roundId, uint256 reach);

    /// @notice Thrown when a round was older than `maxAge` at `time`.
    error RoundStale(address feed, uint80 roundId, uint256 updatedAt, uint256 time, uint256 maxAge);

    /// @notice Thrown when an answer is zero or negative.
    error AnswerNotPositive(address feed, uint80 roundId, int256 answer);

    /// @notice Thrown when an answer is at or beyond a bound of its aggregator.
    error AnswerAtBound(address feed, uint80 roundId, int256 answer, int256 minAnswer, int256 maxAnswer);

    /// @notice Thrown when the two rounds of a composite were never in force together.
    error QuoteNotInForce(
        uint80 quoteRoundId,
        uint256 updatedAt,
        uint256 nextUpdatedAt,
        uint256 indexUpdatedAt,
        uint256 indexNextUpdatedAt
    );

    /// @notice Thrown when the price rounds to zero.
    error PriceRoundsToZero(int256 indexAnswer, int256 quoteAnswer);

    /// @notice Thrown when the sequencer is down since `since`.
    error SequencerDown(uint256 since);

    /// @notice Thrown when the sequencer feed has not been told the sequencer's state yet.
    error SequencerStateUnknown();

    /// @notice The feed that prices the base unit.
    /// @return feed The feed.
    function indexFeed() external view returns (FeedParameters memory feed);

    /// @notice The feed that prices the settlement token; its proxy is zero without one.
    /// @return feed The feed.
    function quoteFeed() external view returns (FeedParameters memory feed);

    /// @notice The proxy of the sequencer uptime feed; zero without one.
    /// @return proxy The proxy.
    function sequencerFeed() external view returns (address proxy);
}

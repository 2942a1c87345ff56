// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IFeedErrors
/// @notice Why a Chainlink push feed gives no price.
interface IFeedErrors {
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
}

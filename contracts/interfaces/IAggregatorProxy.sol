// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IAggregatorProxy
/// @notice What is read of a Chainlink aggregator proxy.
///
/// Notes:
/// - A round id holds the proxy's phase in its upper 16 bits and the aggregator's own round in the lower 64.
interface IAggregatorProxy {
    /// @notice The newest round of the current phase.
    /// @return roundId Its id.
    /// @return answer Its answer [feed units].
    /// @return startedAt When it began [s].
    /// @return updatedAt When it was answered [s].
    /// @return answeredInRound The round that the answer comes from.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    /// @notice Any round of any phase. An aggregator may revert or answer zeros for a round it does not have.
    /// @param roundId_ The round.
    /// @return roundId Its id.
    /// @return answer Its answer [feed units].
    /// @return startedAt When it began [s].
    /// @return updatedAt When it was answered [s].
    /// @return answeredInRound The round that the answer comes from.
    function getRoundData(
        uint80 roundId_
    )
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    /// @notice Decimals of the answers.
    /// @return How many.
    function decimals() external view returns (uint8);
}

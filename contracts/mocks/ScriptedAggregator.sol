// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

/// @title ScriptedAggregator
/// @notice An aggregator that says whatever it is told: faults that a real one cannot be brought to produce.
contract ScriptedAggregator {
    struct Script {
        int256 answer;
        uint256 updatedAt;
        uint80 answeredInRound;
    }

    /// @notice Decimals of the answers.
    uint8 public immutable decimals;

    /// @notice The round that counts as the newest.
    uint80 public latestRound;

    /// @notice Whether a round that was never told reverts rather than answers zeros.
    bool public revertsWhenAbsent;

    mapping(uint80 roundId => Script script) private _scripts;

    /// @notice Thrown for a round that was never told.
    error NoDataPresent();

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }

    /// @notice Tells a round and makes it the newest.
    /// @param roundId The aggregator's own round.
    /// @param answer Its answer.
    /// @param updatedAt When it was written [s].
    /// @param answeredInRound The round that its answer comes from.
    function tell(uint80 roundId, int256 answer, uint256 updatedAt, uint80 answeredInRound) external {
        _scripts[roundId] = Script(answer, updatedAt, answeredInRound);
        latestRound = roundId;
    }

    /// @notice Chooses how absent rounds look.
    /// @param reverts Whether they revert.
    function setRevertsWhenAbsent(bool reverts) external {
        revertsWhenAbsent = reverts;
    }

    /// @notice The newest round as told.
    /// @return roundId The round.
    /// @return answer Its answer.
    /// @return startedAt When it was written [s].
    /// @return updatedAt When it was written [s].
    /// @return answeredInRound The round that its answer comes from.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        return getRoundData(latestRound);
    }

    /// @notice A round as told.
    /// @param roundId_ The aggregator's own round.
    /// @return roundId The round.
    /// @return answer Its answer.
    /// @return startedAt When it was written [s].
    /// @return updatedAt When it was written [s].
    /// @return answeredInRound The round that its answer comes from.
    function getRoundData(
        uint80 roundId_
    )
        public
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        Script memory script = _scripts[roundId_];
        require(script.updatedAt != 0 || script.answeredInRound != 0 || !revertsWhenAbsent, NoDataPresent());
        return (roundId_, script.answer, script.updatedAt, script.updatedAt, script.answeredInRound);
    }
}

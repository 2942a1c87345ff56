// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IAggregatorProxy} from "../interfaces/IAggregatorProxy.sol";
import {ICommonErrors} from "../interfaces/ICommonErrors.sol";
import {IFeedErrors} from "../interfaces/IFeedErrors.sol";
import {ParameterBounds} from "../libraries/ParameterBounds.sol";
import {FeedParameters} from "../types/FeedParameters.sol";

/// @dev A round as read: five words in the order in which a feed answers.
struct Round {
    uint80 id;
    int256 answer;
    /// @dev When the next round was written [s]; `FeedRounds.NEVER` without one, zero when it is out of reach. Lies where a
    /// feed answers when the round began, which nobody asks for.
    uint256 nextAt;
    /// @dev When it was written [s]; zero when the current phase does not have it.
    uint256 updatedAt;
    uint80 answeredInRound;
}

/// @title FeedRounds
/// @notice Reads rounds of a Chainlink proxy and their neighbours. What finds never reverts, what is obtained does.
library FeedRounds {
    uint256 internal constant NEVER = type(uint256).max;
    /// @dev Rounds looked at on either side of a round: two may share one second, and a timed-out one may lie between.
    uint256 internal constant REACH = 8;

    /// @dev 1 minute [s].
    uint256 private constant _MIN_MAX_AGE = 60;
    /// @dev 2 days, twice the slowest heartbeat of a price feed [s].
    uint256 private constant _MAX_MAX_AGE = 172_800;

    /// @notice Refuses a feed that no oracle can be built on.
    /// @param feed The feed.
    /// @return decimals Decimals of its answers.
    function checkedDecimals(FeedParameters memory feed) internal view returns (uint256 decimals) {
        require(feed.proxy != address(0), ICommonErrors.ZeroAddress());
        require(
            feed.minAnswer >= 0 && feed.minAnswer < feed.maxAnswer,
            IFeedErrors.AnswerBoundsMalformed(feed.proxy, feed.minAnswer, feed.maxAnswer)
        );
        ParameterBounds.check("maxAge", feed.maxAge, _MIN_MAX_AGE, _MAX_MAX_AGE);
        decimals = IAggregatorProxy(feed.proxy).decimals();
        ParameterBounds.check("decimals", decimals, 0, 18);
    }

    /// @notice The newest round, fit to be the price of now.
    /// @param feed The feed.
    /// @return round The round.
    function obtainNewest(FeedParameters memory feed) internal view returns (Round memory round) {
        _readNewest(feed, round);
        require(round.id != 0, IFeedErrors.FeedUnavailable(feed.proxy));
        _requireSound(feed, round);
        requireFresh(feed, round, block.timestamp);
    }

    /// @notice A round of the current phase, fit to be the price of its time, with its successor.
    /// @param feed The feed.
    /// @param roundId Its id at the proxy.
    /// @return round The round.
    function obtain(FeedParameters memory feed, uint80 roundId) internal view returns (Round memory round) {
        uint80 newestId = _find(feed, roundId, round);
        require(newestId != 0, IFeedErrors.FeedUnavailable(feed.proxy));
        require(
            _phaseOf(roundId) == _phaseOf(newestId),
            IFeedErrors.PhaseNotCurrent(feed.proxy, roundId, _phaseOf(newestId))
        );
        require(round.updatedAt != 0, IFeedErrors.RoundNotFound(feed.proxy, roundId));
        _requireSound(feed, round);
        require(
            round.updatedAt != block.timestamp,
            IFeedErrors.RoundSecondNotOver(feed.proxy, roundId, round.updatedAt)
        );
        require(round.nextAt != 0, IFeedErrors.NeighbourOutOfReach(feed.proxy, roundId, REACH));
        require(
            round.nextAt > round.updatedAt,
            IFeedErrors.RoundSuperseded(feed.proxy, roundId, round.updatedAt, round.nextAt)
        );
    }

    /// @notice A round of the current phase with its successor, whether fit or not.
    /// @param feed The feed.
    /// @param roundId Its id at the proxy.
    /// @return found Whether the current phase has it, with an answer of its own.
    /// @return round The round, all zero but for the id when it is not there.
    function find(FeedParameters memory feed, uint80 roundId) internal view returns (bool found, Round memory round) {
        _find(feed, roundId, round);
        found = _isComplete(round);
    }

    /// @notice Whether a round shows that a feed had no price at `time`. Never reverts: what shows nothing shows false.
    /// @param feed The feed.
    /// @param roundId The round in force then, or the first of a phase that began later.
    /// @param time The moment [s].
    /// @return absent Whether it shows that.
    function hadNone(FeedParameters memory feed, uint80 roundId, uint256 time) internal view returns (bool absent) {
        (bool found, Round memory round) = find(feed, roundId);
        if (!found) return false;
        if (round.updatedAt > time) return previousAt(feed, round) == 0;
        return round.nextAt > time && (!isSound(feed, round) || !isFresh(feed, round, time));
    }

    /// @notice When the last round of the phase that is strictly older than this one was written [s]: zero when it is
    /// the first, `NEVER` when that is out of reach.
    /// @param feed The feed.
    /// @param round A round of the current phase.
    /// @return updatedAt When that was [s].
    function previousAt(FeedParameters memory feed, Round memory round) internal view returns (uint256 updatedAt) {
        Round memory previous;
        for (uint80 back = 1; back <= REACH; ++back) {
            if (uint64(round.id) <= back) return 0;
            _read(feed, round.id - back, previous);
            if (previous.updatedAt == 0) return 0;
            if (_isComplete(previous) && previous.updatedAt < round.updatedAt) return previous.updatedAt;
        }
        return NEVER;
    }

    /// @notice The last second in which a round is in force, as far as is known: the present one is not over [s].
    /// @param feed The feed.
    /// @param round A round with its successor.
    /// @return time The second [s].
    function lastSecond(FeedParameters memory feed, Round memory round) internal view returns (uint256 time) {
        return Math.min(Math.min(round.nextAt, block.timestamp) - 1, round.updatedAt + feed.maxAge);
    }

    /// @notice Requires that a round was not older than its feed allows at `time`.
    /// @param feed The feed.
    /// @param round The round.
    /// @param time The moment [s].
    function requireFresh(FeedParameters memory feed, Round memory round, uint256 time) internal pure {
        require(
            isFresh(feed, round, time),
            IFeedErrors.RoundStale(feed.proxy, round.id, round.updatedAt, time, feed.maxAge)
        );
    }

    /// @notice Whether a round was not older than its feed allows at `time`.
    /// @param feed The feed.
    /// @param round The round.
    /// @param time The moment [s].
    /// @return fresh Whether it was not.
    function isFresh(FeedParameters memory feed, Round memory round, uint256 time) internal pure returns (bool fresh) {
        return time <= round.updatedAt + feed.maxAge;
    }

    /// @notice Whether an answer is a price: positive and within the bounds of its aggregator.
    /// @param feed The feed.
    /// @param round The round.
    /// @return sound Whether it is.
    function isSound(FeedParameters memory feed, Round memory round) internal pure returns (bool sound) {
        return round.answer > feed.minAnswer && round.answer < feed.maxAnswer;
    }

    /// @dev Reads the round, all zero but for its id when the current phase does not have it, and the id of the newest.
    function _find(
        FeedParameters memory feed,
        uint80 roundId,
        Round memory round
    ) private view returns (uint80 newestId) {
        _readNewest(feed, round);
        newestId = round.id;
        if (roundId == newestId) return newestId;

        uint256 newestAt = round.updatedAt;
        if (_phaseOf(roundId) == _phaseOf(newestId)) {
            _read(feed, roundId, round);
            if (_isComplete(round)) round.nextAt = _nextAt(feed, roundId, newestId, newestAt);
        } else {
            (round.id, round.answer, round.nextAt, round.updatedAt, round.answeredInRound) = (roundId, 0, 0, 0, 0);
        }
    }

    /// @dev When the round after this one was written; zero when it is out of reach. The newest is known already.
    function _nextAt(
        FeedParameters memory feed,
        uint80 roundId,
        uint80 newestId,
        uint256 newestAt
    ) private view returns (uint256 updatedAt) {
        Round memory next;
        for (uint80 id = roundId + 1; id <= roundId + REACH; ++id) {
            if (id >= newestId) return newestAt;
            _read(feed, id, next);
            if (_isComplete(next)) return next.updatedAt;
        }
    }

    /// @dev Reads the newest round; all zero when the feed has none to tell of.
    function _readNewest(FeedParameters memory feed, Round memory round) private view {
        if (_ask(feed.proxy, IAggregatorProxy.latestRoundData.selector, 0, 4, round)) round.nextAt = NEVER;
    }

    /// @dev Reads a past round; all zero but for the id when there is none: aggregators differ in how they say so.
    function _read(FeedParameters memory feed, uint80 roundId, Round memory round) private view {
        _ask(feed.proxy, IAggregatorProxy.getRoundData.selector, roundId, 36, round);
        (round.id, round.nextAt) = (roundId, 0);
    }

    /// @dev Lets a feed write its answer into `round`, which stays zero where it has none, or none that can be read: three
    /// questions and their decoding by the compiler take 2k of gas more for every price.
    function _ask(
        address proxy,
        bytes4 selector,
        uint256 roundId,
        uint256 length,
        Round memory round
    ) private view returns (bool answered) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(0, selector)
            mstore(4, roundId)
            answered := staticcall(gas(), proxy, 0, length, round, 0xa0)
            let ids := or(mload(round), mload(add(round, 0x80)))
            answered := and(and(answered, gt(returndatasize(), 0x9f)), iszero(shr(80, ids)))
            if iszero(answered) {
                calldatacopy(round, calldatasize(), 0xa0)
            }
        }
    }

    function _requireSound(FeedParameters memory feed, Round memory round) private view {
        require(
            _isComplete(round),
            IFeedErrors.RoundIncomplete(feed.proxy, round.id, round.answeredInRound, round.updatedAt)
        );
        require(
            round.updatedAt <= block.timestamp,
            IFeedErrors.RoundInFuture(feed.proxy, round.id, round.updatedAt, block.timestamp)
        );
        require(round.answer > 0, IFeedErrors.AnswerNotPositive(feed.proxy, round.id, round.answer));
        require(
            isSound(feed, round),
            IFeedErrors.AnswerAtBound(feed.proxy, round.id, round.answer, feed.minAnswer, feed.maxAnswer)
        );
    }

    /// @dev A round that timed out carries the answer of an older one on: it is no observation.
    function _isComplete(Round memory round) private pure returns (bool) {
        return round.updatedAt != 0 && round.answeredInRound >= round.id;
    }

    function _phaseOf(uint80 roundId) private pure returns (uint16) {
        return uint16(roundId >> 64);
    }
}

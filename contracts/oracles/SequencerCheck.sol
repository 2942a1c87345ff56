// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAggregatorProxy} from "../interfaces/IAggregatorProxy.sol";
import {ISequencerFeed} from "../interfaces/ISequencerFeed.sol";

/// @title SequencerCheck
/// @notice Refuses prices while the chain's sequencer is down.
abstract contract SequencerCheck is ISequencerFeed {
    /// @inheritdoc ISequencerFeed
    address public immutable sequencerFeed;

    constructor(address sequencerFeed_) {
        sequencerFeed = sequencerFeed_;
    }

    /// @dev Since when the sequencer has been up [s]; 0 on chains without one.
    function _upSince() internal view returns (uint64 time) {
        if (sequencerFeed == address(0)) return 0;
        (, int256 answer, uint256 startedAt, , ) = IAggregatorProxy(sequencerFeed).latestRoundData();
        require(startedAt != 0, SequencerStateUnknown());
        require(answer == 0, SequencerDown(startedAt));
        return uint64(startedAt);
    }
}

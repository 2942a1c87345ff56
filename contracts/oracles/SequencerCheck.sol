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
        (int256 answer, uint256 startedAt) = _ask(sequencerFeed);
        require(startedAt != 0, SequencerStateUnknown());
        require(answer == 0, SequencerDown(startedAt));
        return uint64(startedAt);
    }

    /// @dev As {IAggregatorProxy-latestRoundData}, whose decoding by the compiler takes 600 of gas more for every price.
    function _ask(address feed) private view returns (int256 answer, uint256 startedAt) {
        bytes4 selector = IAggregatorProxy.latestRoundData.selector;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let told := mload(0x40)
            mstore(told, selector)
            if iszero(and(gt(returndatasize(), 0x9f), staticcall(gas(), feed, told, 4, told, 0xa0))) {
                returndatacopy(told, 0, returndatasize())
                revert(told, returndatasize())
            }
            answer := mload(add(told, 0x20))
            startedAt := mload(add(told, 0x40))
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ISequencerFeed
/// @notice What an oracle says of the chain's sequencer.
interface ISequencerFeed {
    /// @notice Thrown when the sequencer is down since `since`.
    error SequencerDown(uint256 since);

    /// @notice Thrown when the sequencer feed has not been told the sequencer's state yet.
    error SequencerStateUnknown();

    /// @notice The proxy of the sequencer uptime feed; zero without one.
    /// @return proxy The proxy.
    function sequencerFeed() external view returns (address proxy);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

/// @title SequencerFlags
/// @notice What the real sequencer uptime feed needs of Chainlink's Flags contract, without its access lists.
contract SequencerFlags {
    /// @notice Whether the flag of a subject is up.
    mapping(address subject => bool raised) public getFlag;

    /// @notice Raises a flag.
    /// @param subject Whose.
    function raiseFlag(address subject) external {
        getFlag[subject] = true;
    }

    /// @notice Lowers a flag.
    /// @param subject Whose.
    function lowerFlag(address subject) external {
        getFlag[subject] = false;
    }
}

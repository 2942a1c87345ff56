// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev One compartment. Three slots; a size of zero means that the position is not open.
struct Position {
    // Slot 0.
    /// @dev Signed quantity, + long, − short [WAD base].
    int96 size;
    /// @dev Sum of size change × fill price, signed like `size`, with settled accruals folded in [WAD quote].
    int96 openNotional;
    /// @dev Observation time of the newest price that changed the position [s].
    uint32 priceTime;
    /// @dev Terms that the position is held to.
    uint8 termsId;
    /// @dev Bit 0: a rescue mandate stands; bits 1–7: how often the position was transferred.
    uint8 traits;
    /// @dev Cool-off after a partial liquidation, counted from `priceTime` [s].
    uint16 cooldown;
    // Slot 1.
    /// @dev Collateral credited to the position [WAD quote].
    uint96 margin;
    /// @dev Pool tokens locked for the position: the most it can gain [WAD quote].
    uint96 reserve;
    /// @dev Borrow index when accruals were last folded [WAD].
    uint64 borrowIndex;
    // Slot 2.
    /// @dev Who owns the position.
    address owner;
    /// @dev Funding index when accruals were last folded [WAD quote per base].
    int96 fundingIndex;
}

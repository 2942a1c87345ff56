// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev What a position is held to. A position keeps the terms it was opened under. Four slots: the first two and the
/// third serve a liquidation, the fourth only trades and partial closes.
struct Terms {
    // Slot 0.
    /// @dev Equity needed to open or increase, as a share of notional [WAD].
    uint64 initialMarginRatio;
    /// @dev Equity needed to stay, as a share of notional, before the liquidation fee [WAD].
    uint64 maintenanceMarginRatio;
    /// @dev Liquidation fee as a share of the notional closed [WAD].
    uint64 liquidationFeeRatio;
    /// @dev Fee on notional at fill, on open and on close [WAD].
    uint64 positionFeeRatio;
    // Slot 1.
    /// @dev Multiple of maintenance margin that a partial liquidation restores [WAD]; 1.1 to 2.
    uint64 liquidationTarget;
    /// @dev Least reserve as a share of the notional it is added for [WAD].
    uint64 minReserveRatio;
    /// @dev Pause between two partial liquidations of one position [s].
    uint32 liquidationCooldown;
    /// @dev What a keeper is paid at least for a liquidation [WAD quote].
    uint96 keeperFeeFloor;
    // Slot 2.
    /// @dev What a keeper is paid at most for a liquidation [WAD quote].
    uint96 keeperFeeCap;
    /// @dev Least maintenance margin of any position [WAD quote].
    uint96 minMaintenance;
    // Slot 3.
    /// @dev Least equity of an open position after its owner acts [WAD quote].
    uint128 minMargin;
    /// @dev Least notional of an open position after its owner acts [WAD quote].
    uint128 minNotional;
}
